"""The polite client: robots.txt, one request at a time, a rest for sites that ask for it, and its limits."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import web

from bot.domain.gathering import RefusalReason
from bot.domain.storage import StorageReason
from bot.errors import StorageError
from bot.gather.client.fetch import NoContactError, PoliteClient, polite_client
from bot.gather.client.refusals import FetchRefusedError
from bot.settings import Settings
from tests.conftest import LONG_ENOUGH
from tests.support.image_search import ImageSearch

FACE = b"\xff\xd8\xff a face"


def on(host: str, search: ImageSearch, path: str) -> str:
    return f"http://{host}.example:{search.port}{path}"


async def fetched(client: PoliteClient, link: str) -> bytes:
    """The bytes of a picture, which the client writes to a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "picture")
        await client.fetch_picture(link, path)
        return path.read_bytes()


async def refused(client: PoliteClient, link: str) -> RefusalReason:
    """The reason for not fetching a picture, of which no file is left."""
    with TemporaryDirectory() as folder:
        with pytest.raises(FetchRefusedError) as caught:
            await client.fetch_picture(link, Path(folder, "picture"))
        assert list(Path(folder).iterdir()) == []
    return caught.value.reason


async def test_a_picture_is_fetched_unchanged(client: PoliteClient, search: ImageSearch) -> None:
    assert await fetched(client, search.put("/face.jpg", FACE)) == FACE
    assert search.paths() == ["/robots.txt", "/face.jpg"]


async def test_requests_name_the_bot_and_carry_no_cookies(client: PoliteClient, search: ImageSearch) -> None:
    async def bake(request: web.Request) -> web.StreamResponse:
        return web.Response(body=FACE, content_type="image/jpeg", headers={"Set-Cookie": "who=you; Path=/"})

    link = search.serve("/face.jpg", bake)
    assert await fetched(client, link) == await fetched(client, link)
    for request in search.asked:
        assert request.headers["User-Agent"].startswith("nugu/")
        assert "owner@example.org" in request.headers["User-Agent"]
        assert request.headers["Accept-Encoding"] == "identity"
        assert not {"Cookie", "Referer", "Authorization"} & set(request.headers)


async def test_no_client_without_a_contact(search: ImageSearch) -> None:
    with pytest.raises(NoContactError, match="sites want to know whom to turn to"):
        async with polite_client(search.settings(gather_contact=""), asyncio.to_thread):
            pass


def test_a_contact_that_would_break_the_header_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="gather_contact"):
        Settings(gather_contact="me@example.org\r\nCookie: a=b")


async def test_a_site_gets_one_request_at_a_time(client: PoliteClient, search: ImageSearch) -> None:
    async def ponder(request: web.Request) -> web.StreamResponse:
        for _ in range(5):
            await asyncio.sleep(0)
        return web.Response(body=FACE, content_type="image/jpeg")

    link = search.serve("/face.jpg", ponder)
    await asyncio.gather(*(fetched(client, f"{link}?{n}") for n in range(6)))
    assert search.max_at_once["127.0.0.1"] == 1


async def test_two_sites_get_requests_side_by_side(client: PoliteClient, search: ImageSearch) -> None:
    both = asyncio.Barrier(2)

    async def meet(request: web.Request) -> web.StreamResponse:
        await both.wait()
        return web.Response(body=FACE, content_type="image/jpeg")

    search.serve("/face.jpg", meet)
    links = [on("one", search, "/face.jpg"), on("two", search, "/face.jpg")]
    async with asyncio.timeout(LONG_ENOUGH):
        assert await asyncio.gather(*(fetched(client, link) for link in links)) == [FACE, FACE]


@pytest.mark.parametrize(
    ("pause", "rules", "least"),
    [(0.1, "", 0.1), (0.0, "User-agent: *\nCrawl-delay: 0.2", 0.2), (0.1, "User-agent: *\nCrawl-delay: 0", 0.1)],
)
async def test_there_is_a_pause_between_two_requests(
    search: ImageSearch, pause: float, rules: str, least: float
) -> None:
    search.forbid("127.0.0.1", rules)
    link = search.put("/face.jpg", FACE)
    async with polite_client(search.settings(gather_pause=pause), asyncio.to_thread) as client:
        await asyncio.gather(fetched(client, link), fetched(client, link))
    robots, first, second = (request.at for request in search.asked)
    assert first - robots >= pause
    assert second - first >= least


@pytest.mark.parametrize("status", [429, 503])
async def test_a_site_that_asks_for_a_rest_gets_it(client: PoliteClient, search: ImageSearch, status: int) -> None:
    async def weary(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Retry-After": "1"})

    search.serve("/weary.jpg", weary)
    search.put("/face.jpg", FACE)
    assert await refused(client, on("one", search, "/weary.jpg")) is RefusalReason.BUSY
    assert await refused(client, on("one", search, "/face.jpg")) is RefusalReason.BUSY
    assert await fetched(client, on("two", search, "/face.jpg")) == FACE
    assert search.paths("one.example") == ["/robots.txt", "/weary.jpg"]


async def test_a_page_called_jpg(client: PoliteClient, search: ImageSearch) -> None:
    link = search.put("/face.jpg", b"<!doctype html><p>You have won!", "text/html")
    assert await refused(client, link) is RefusalReason.NOT_IMAGE


async def test_a_file_of_the_largest_size_is_fetched(client: PoliteClient, search: ImageSearch) -> None:
    assert await fetched(client, search.put("/face.jpg", b"x" * 300_000)) == b"x" * 300_000


async def test_a_large_file_goes_to_the_disk_in_pieces(search: ImageSearch, tmp_path: Path) -> None:
    async def give(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        await response.prepare(request)
        for _ in range(300):
            await response.write(b"x" * 65_536)
        return response

    path = tmp_path / "picture"
    async with polite_client(search.settings(), asyncio.to_thread) as client:
        tracemalloc.start()
        try:
            await client.fetch_picture(search.serve("/face.jpg", give), path)
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()
    assert path.stat().st_size == 300 * 65_536


async def test_a_full_disk_is_no_refusal_of_the_site(
    client: PoliteClient, search: ImageSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = search.put("/face.jpg", b"x" * 300_000)
    with monkeypatch.context() as full:
        full.setattr(Path, "open", lambda *_: open("/dev/full", "wb"))  # noqa: PTH123, SIM115  # the client closes it
        with pytest.raises(StorageError) as caught:
            await client.fetch_picture(link, tmp_path / "picture")
    assert caught.value.reason is StorageReason.FULL
    assert await fetched(client, link) == b"x" * 300_000


async def test_a_file_with_a_declared_size_that_is_too_large_is_refused_at_once(
    client: PoliteClient, search: ImageSearch
) -> None:
    over = asyncio.Event()

    async def never_sends(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg", "Content-Length": "300001"})
        await response.prepare(request)
        await over.wait()
        return response

    async with asyncio.timeout(LONG_ENOUGH):
        assert await refused(client, search.serve("/face.jpg", never_sends)) is RefusalReason.TOO_LARGE
    over.set()


async def test_an_endless_stream_is_refused(client: PoliteClient, search: ImageSearch) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        while sent < 50_000_000:
            await response.write(b"x" * 65_536)
            sent += 65_536
        return response

    assert await refused(client, search.serve("/face.jpg", endless)) is RefusalReason.TOO_LARGE
    assert sent < 50_000_000


async def test_a_compressed_bomb_is_not_decompressed(client: PoliteClient, search: ImageSearch) -> None:
    bomb = gzip.compress(bytes(50_000_000))

    async def packed(request: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Type": "image/jpeg", "Content-Encoding": "gzip"})

    link = search.serve("/face.jpg", packed)
    tracemalloc.start()
    try:
        assert await refused(client, link) is RefusalReason.BROKEN
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


async def test_a_slow_file_is_given_up_with_its_site(search: ImageSearch) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.02)

    link = search.serve("/face.jpg", drip)
    async with (
        asyncio.timeout(LONG_ENOUGH),
        polite_client(search.settings(gather_file_seconds=0.5), asyncio.to_thread) as client,
    ):
        assert await refused(client, link) is RefusalReason.SLOW
        assert await refused(client, search.put("/other.jpg", FACE)) is RefusalReason.SLOW
    assert search.paths() == ["/robots.txt", "/face.jpg"]


async def test_a_connection_that_breaks_off(client: PoliteClient, search: ImageSearch) -> None:
    async def breaks_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg", "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(FACE)
        assert request.transport is not None
        request.transport.close()
        return response

    assert await refused(client, search.serve("/face.jpg", breaks_off)) is RefusalReason.BROKEN
    assert await fetched(client, search.put("/other.jpg", FACE)) == FACE


async def test_an_empty_file(client: PoliteClient, search: ImageSearch) -> None:
    assert await refused(client, search.put("/face.jpg", b"")) is RefusalReason.BROKEN


@pytest.mark.parametrize("status", [204, 304, 401, 403, 404, 410, 451, 500])
async def test_a_file_with_another_status(client: PoliteClient, search: ImageSearch, status: int) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    assert await refused(client, search.serve("/face.jpg", answer)) is RefusalReason.STATUS


async def test_an_unreachable_site(search: ImageSearch) -> None:
    async with polite_client(search.settings(allowed_addresses="127.0.0.1:9"), asyncio.to_thread) as client:
        assert await refused(client, "http://127.0.0.1:9/face.jpg") is RefusalReason.AWAY


async def test_a_server_without_http(search: ImageSearch) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ready\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        polite_client(search.settings(allowed_addresses=f"127.0.0.1:{port}"), asyncio.to_thread) as client,
    ):
        assert await refused(client, f"http://127.0.0.1:{port}/face.jpg") is RefusalReason.BROKEN


async def test_five_redirects_are_followed(client: PoliteClient, search: ImageSearch) -> None:
    search.put("/face.jpg", FACE)
    for n in range(5):
        search.redirect(f"/{n}", f"/{n + 1}" if n < 4 else "/face.jpg")
    assert await fetched(client, f"{search.base}/0") == FACE


async def test_six_redirects_are_too_many(client: PoliteClient, search: ImageSearch) -> None:
    search.put("/face.jpg", FACE)
    for n in range(6):
        search.redirect(f"/{n}", f"/{n + 1}" if n < 5 else "/face.jpg")
    assert await refused(client, f"{search.base}/0") is RefusalReason.REDIRECTS
    assert "/face.jpg" not in search.paths()


async def test_redirects_in_circles(client: PoliteClient, search: ImageSearch) -> None:
    search.redirect("/there", "/back")
    assert await refused(client, search.redirect("/back", "/there")) is RefusalReason.REDIRECTS
    assert search.paths() == ["/robots.txt", "/back", "/there"]


async def test_a_redirect_to_nowhere(client: PoliteClient, search: ImageSearch) -> None:
    async def nowhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302)

    assert await refused(client, search.serve("/face.jpg", nowhere)) is RefusalReason.STATUS
