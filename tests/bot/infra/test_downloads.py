"""Downloads are whole and checked, or absent. An unfinished one is continued, and each failure is a sentence."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import PersonError
from bot.infra import downloads
from models.engines import WeightFile

CONTENT = bytes(range(256)) * 2000
EQUIVALENT = b"another file with the same weights"


@dataclass
class Publisher:
    """A server on loopback. `answer`: its handler if not `honest`. `asked`: the Range header of each request."""

    port: int = 0
    asked: list[str | None] = field(default_factory=list[str | None])
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None

    def wanted(self) -> WeightFile:
        return WeightFile(
            path="eyes/eyes.onnx",
            url=f"http://127.0.0.1:{self.port}/eyes.onnx",
            size=len(CONTENT),
            sha256=sha256(CONTENT).hexdigest(),
            licence="MIT",
            equivalents=(sha256(EQUIVALENT).hexdigest(),),
            found_as=("elsewhere/old-eyes.onnx",),
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.headers.get("Range"))
        if self.answer is not None:
            return await self.answer(request)
        return honest(request)


def honest(request: web.Request, content: bytes = CONTENT) -> web.Response:
    """A response with ranges by RFC 9110."""
    found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    if found is None:
        return web.Response(body=content)
    start = int(found[1])
    if start >= len(content):
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
    return web.Response(status=206, body=content[start:], headers=headers)


@pytest.fixture
async def publisher() -> AsyncGenerator[Publisher]:
    publisher = Publisher()
    app = web.Application()
    app.router.add_get("/{path:.*}", publisher.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    publisher.port = runner.addresses[0][1]
    yield publisher
    await runner.cleanup()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "eyes" / "eyes.onnx"


@pytest.fixture
def part(tmp_path: Path) -> Path:
    (tmp_path / "eyes").mkdir()
    return tmp_path / "eyes" / "eyes.onnx.part"


def silent(what: str, done: int, total: int) -> None:
    pass


async def refusal(publisher: Publisher, weights: Path) -> str:
    """The sentence of a failed download. The file is not there then."""
    with pytest.raises(PersonError) as caught:
        await downloads.download("sight", publisher.wanted(), weights, silent)
    assert not (weights / "eyes" / "eyes.onnx").exists()
    assert not await downloads.is_present(publisher.wanted(), weights)
    return str(caught.value)


async def test_a_file_is_downloaded(publisher: Publisher, tmp_path: Path, target: Path) -> None:
    progress: list[tuple[str, int, int]] = []
    await downloads.download("sight", publisher.wanted(), tmp_path, lambda *step: progress.append(step))
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["eyes.onnx"]
    assert progress[-1] == ("eyes/eyes.onnx", len(CONTENT), len(CONTENT))
    assert await downloads.is_present(publisher.wanted(), tmp_path)


async def test_an_unfinished_download_is_continued(
    publisher: Publisher, tmp_path: Path, part: Path, target: Path
) -> None:
    part.write_bytes(CONTENT[:100_000])
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert publisher.asked == ["bytes=100000-"]
    assert target.read_bytes() == CONTENT


async def test_a_download_is_continued_after_a_broken_connection(
    publisher: Publisher, tmp_path: Path, target: Path
) -> None:
    async def breaks_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
        await response.prepare(request)
        await response.write(CONTENT[:200_000])
        assert request.transport is not None
        request.transport.close()
        return response

    publisher.answer = breaks_off
    assert await refusal(publisher, tmp_path) == "127.0.0.1 broke off. The same command goes on where it stopped."
    publisher.answer = None
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert publisher.asked == [None, "bytes=200000-"]
    assert target.read_bytes() == CONTENT


async def test_a_cancelled_download_is_continued(publisher: Publisher, tmp_path: Path, target: Path) -> None:
    async def hesitates(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
        await response.prepare(request)
        await response.write(CONTENT[:70_000])
        await asyncio.sleep(60)
        return response

    publisher.answer = hesitates
    begun = asyncio.Event()
    download = asyncio.create_task(downloads.download("sight", publisher.wanted(), tmp_path, lambda *_: begun.set()))
    await begun.wait()
    download.cancel()
    with pytest.raises(asyncio.CancelledError):
        await download
    publisher.answer = None
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert publisher.asked[1] is not None
    assert target.read_bytes() == CONTENT


async def test_a_server_without_ranges(publisher: Publisher, tmp_path: Path, part: Path, target: Path) -> None:
    async def whole(request: web.Request) -> web.StreamResponse:
        return web.Response(body=CONTENT)

    publisher.answer = whole
    part.write_bytes(CONTENT[:100_000])
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert publisher.asked == ["bytes=100000-"]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "content_range",
    [
        f"bytes 99-{len(CONTENT) - 1}/{len(CONTENT)}",
        f"bytes 100000-{len(CONTENT)}/{len(CONTENT) + 1}",
        "bytes 100000-100010/*",
        "nonsense",
        None,
    ],
)
async def test_a_range_that_was_not_requested(
    publisher: Publisher, tmp_path: Path, part: Path, target: Path, content_range: str | None
) -> None:
    async def other_range(request: web.Request) -> web.StreamResponse:
        if "Range" not in request.headers:
            return web.Response(body=CONTENT)
        headers = {"Content-Range": content_range} if content_range else {}
        return web.Response(status=206, body=b"something", headers=headers)

    publisher.answer = other_range
    part.write_bytes(CONTENT[:100_000])
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert publisher.asked == ["bytes=100000-", None]
    assert target.read_bytes() == CONTENT


async def test_a_range_that_the_server_does_not_have(
    publisher: Publisher, tmp_path: Path, part: Path, target: Path
) -> None:
    async def no_range(request: web.Request) -> web.StreamResponse:
        return web.Response(status=416) if "Range" in request.headers else web.Response(body=CONTENT)

    publisher.answer = no_range
    part.write_bytes(CONTENT[:100_000])
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"x" * 100_000, b"x" * len(CONTENT), b"x" * (len(CONTENT) + 1)])
async def test_a_part_of_another_file_is_dropped(
    publisher: Publisher, tmp_path: Path, part: Path, target: Path, left: bytes
) -> None:
    part.write_bytes(left)
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert target.read_bytes() == CONTENT


async def test_a_whole_part_needs_no_server(publisher: Publisher, tmp_path: Path, part: Path, target: Path) -> None:
    part.write_bytes(CONTENT)
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert target.read_bytes() == CONTENT
    assert publisher.asked == []


async def test_another_file_of_that_size_is_refused(publisher: Publisher, tmp_path: Path, part: Path) -> None:
    async def other(request: web.Request) -> web.StreamResponse:
        return honest(request, b"x" * len(CONTENT))

    publisher.answer = other
    assert "is another file than the one I know (its sha256 differs)" in await refusal(publisher, tmp_path)
    assert not part.exists()


async def test_an_equivalent_is_no_download(publisher: Publisher, tmp_path: Path) -> None:
    async def equivalent(request: web.Request) -> web.StreamResponse:
        return web.Response(body=EQUIVALENT)

    publisher.answer = equivalent
    with pytest.raises(PersonError, match="differs"):
        await downloads.download("sight", replace(publisher.wanted(), size=len(EQUIVALENT)), tmp_path, silent)


@pytest.mark.parametrize("size", [len(CONTENT) + 1, len(CONTENT) - 1, 0])
async def test_a_file_that_says_it_has_another_size_is_not_begun(
    publisher: Publisher, tmp_path: Path, part: Path, size: int
) -> None:
    async def other(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * size)

    publisher.answer = other
    assert f"has {size} bytes where the file that I know has {len(CONTENT)}" in await refusal(publisher, tmp_path)
    assert not part.exists()


async def test_a_file_without_end_is_stopped(publisher: Publisher, tmp_path: Path, part: Path) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(CONTENT)
        return response

    publisher.answer = endless
    assert "has more bytes where" in await refusal(publisher, tmp_path)
    assert part.stat().st_size == 0


async def test_a_file_that_ends_too_early(publisher: Publisher, tmp_path: Path) -> None:
    async def short(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(CONTENT[:1000])
        return response

    publisher.answer = short
    assert "has only 1000 bytes where" in await refusal(publisher, tmp_path)


async def test_a_file_that_is_gone(publisher: Publisher, tmp_path: Path) -> None:
    async def gone(request: web.Request) -> web.StreamResponse:
        return web.Response(status=404)

    publisher.answer = gone
    url = publisher.wanted().url
    assert await refusal(publisher, tmp_path) == f"127.0.0.1 answers 404 Not Found to {url}."


async def test_an_error_of_the_server_leaves_the_part(publisher: Publisher, tmp_path: Path, part: Path) -> None:
    async def trouble(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    publisher.answer = trouble
    part.write_bytes(CONTENT[:100_000])
    assert "answers 503" in await refusal(publisher, tmp_path)
    assert part.stat().st_size == 100_000


async def test_a_redirect_is_followed_and_the_range_goes_along(
    publisher: Publisher, tmp_path: Path, part: Path, target: Path
) -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        if request.path == "/eyes.onnx":
            raise web.HTTPFound("/there/eyes.onnx")
        return honest(request)

    publisher.answer = elsewhere
    part.write_bytes(CONTENT[:5])
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert publisher.asked == ["bytes=5-", "bytes=5-"]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("place", ["http://example.org/eyes.onnx", "ftp://127.0.0.1/eyes", "file:///etc/passwd"])
async def test_a_redirect_away_from_https_is_refused(publisher: Publisher, tmp_path: Path, place: str) -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(place)

    publisher.answer = elsewhere
    assert f"leads to {place}, which is not https" in await refusal(publisher, tmp_path)


async def test_a_publisher_without_https_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(PersonError, match="not https"):
        await downloads.download(
            "sight", replace(publisher.wanted(), url="http://example.org/eyes.onnx"), tmp_path, silent
        )


async def test_redirects_in_circles(publisher: Publisher, tmp_path: Path) -> None:
    async def round_and_round(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(request.path)

    publisher.answer = round_and_round
    assert "leads round in circles" in await refusal(publisher, tmp_path)


async def test_a_redirect_to_nowhere(publisher: Publisher, tmp_path: Path) -> None:
    async def nowhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "https://[broken"})

    publisher.answer = nowhere
    assert "leads to https://[broken, which is no address" in await refusal(publisher, tmp_path)


async def test_there_is_no_network(publisher: Publisher, tmp_path: Path) -> None:
    publisher.port = 9
    sentence = await refusal(publisher, tmp_path)
    assert sentence.startswith("127.0.0.1 can't be reached (")
    assert sentence.endswith("bring the files: nugu engine install sight --from FOLDER")


async def test_a_publisher_that_is_silent(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silence(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise web.HTTPNotFound

    publisher.answer = silence
    monkeypatch.setattr(downloads, "SILENT_SECONDS", 0.3)
    assert "can't be reached" in await refusal(publisher, tmp_path)


async def test_what_is_no_http(tmp_path: Path) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ready\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        assert await refusal(Publisher(server.sockets[0].getsockname()[1]), tmp_path)


async def test_the_disk_is_full(publisher: Publisher, tmp_path: Path, part: Path) -> None:
    part.symlink_to("/dev/full")
    assert (
        await refusal(publisher, tmp_path)
        == f"The disk is full: {part.parent} needs {len(CONTENT)} bytes for eyes/eyes.onnx."
    )


async def test_a_folder_in_the_way(publisher: Publisher, tmp_path: Path, part: Path) -> None:
    part.mkdir()
    assert "can't be used: Is a directory" in await refusal(publisher, tmp_path)


async def test_a_file_in_place_of_the_folder(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "eyes").write_text("in the way")
    with pytest.raises(PersonError, match="can't be used"):
        await downloads.download("sight", publisher.wanted(), tmp_path, silent)


async def test_two_downloads_do_not_write_one_file(publisher: Publisher, tmp_path: Path, part: Path) -> None:
    other = os.open(part.parent, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    try:
        assert "Another nugu engine install is filling" in await refusal(publisher, tmp_path)
    finally:
        os.close(other)
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)


async def test_a_file_from_a_folder(publisher: Publisher, tmp_path: Path, target: Path) -> None:
    (tmp_path / "from" / "elsewhere").mkdir(parents=True)
    (tmp_path / "from" / "elsewhere" / "old-eyes.onnx").write_bytes(EQUIVALENT)
    await downloads.copy_from_folder("sight", publisher.wanted(), tmp_path / "from", tmp_path)
    assert target.read_bytes() == EQUIVALENT
    assert await downloads.is_present(publisher.wanted(), tmp_path)


async def test_an_unknown_file_is_refused(publisher: Publisher, tmp_path: Path, target: Path) -> None:
    (tmp_path / "from" / "eyes").mkdir(parents=True)
    (tmp_path / "from" / "eyes" / "eyes.onnx").write_bytes(CONTENT + b"!")
    with pytest.raises(PersonError, match=r"from/eyes/eyes\.onnx is another file than the one I know"):
        await downloads.copy_from_folder("sight", publisher.wanted(), tmp_path / "from", tmp_path)
    assert list(target.parent.iterdir()) == []


async def test_a_folder_that_does_not_hold_it(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(PersonError, match=r"I look for it as eyes/eyes\.onnx, elsewhere/old-eyes\.onnx"):
        await downloads.copy_from_folder("sight", publisher.wanted(), tmp_path, tmp_path)


async def test_a_file_that_was_damaged_later_is_not_there(publisher: Publisher, tmp_path: Path, target: Path) -> None:
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    target.write_bytes(CONTENT[:-1])
    assert not await downloads.is_present(publisher.wanted(), tmp_path)
    await downloads.download("sight", publisher.wanted(), tmp_path, silent)
    assert target.read_bytes() == CONTENT
