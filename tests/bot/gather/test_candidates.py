"""A run from end to end: its photos, its omissions with their reasons, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from bot.domain.gathering import GatherCounts, RefusalReason, SourceFailure
from bot.domain.messages import Message
from bot.domain.storage import StorageReason
from bot.errors import KilledWorkersError, NoWorkersError, PersonError, StorageError, TooSlowError
from bot.gather.candidates import CandidatePhoto, candidates, queries
from bot.gather.client.fetch import NoContactError, PoliteClient
from bot.gather.sources import SearchResult, load, openverse, search_result
from bot.settings import Settings
from bot.text.gathering import failure_text
from tests.support.image_search import FakeResolver, ImageSearch, PrivateServer

P = ParamSpec("P")
T = TypeVar("T")

QUERIES = ["TWICE Tzuyu", "트와이스 쯔위"]


class Brought(NamedTuple):
    """A candidate with the bytes of its file."""

    data: bytes
    url: str
    page: str
    source: str
    title: str
    licence: str | None


async def read(run: AsyncGenerator[CandidatePhoto]) -> list[Brought]:
    return [
        Brought(each.path.read_bytes(), each.url, each.page, each.source, each.title, each.licence)
        async for each in run
    ]


async def gathered(
    settings: Settings, limit: int = 50, resolver: FakeResolver | None = None
) -> tuple[list[Brought], GatherCounts]:
    """The candidates of a run, and its counts. No other file is left in its folder."""
    tally, sources = GatherCounts(), load(settings.gather_sources)
    with TemporaryDirectory() as folder:
        brought = await read(
            candidates(settings, asyncio.to_thread, sources, QUERIES, limit, tally, Path(folder), resolver)
        )
        assert len(list(Path(folder).iterdir())) == len(brought)
    return brought, tally


def together(photos: list[Path]) -> bytes:
    """A group photo: `photos` side by side."""
    pictures = [np.asarray(Image.open(photo).convert("RGB").resize((300, 300))) for photo in photos]
    file = BytesIO()
    Image.fromarray(np.hstack(pictures)).save(file, "PNG")
    return file.getvalue()


async def test_a_whole_run(search: ImageSearch, private_server: PrivateServer, public_photos: Path) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"x" * 65_536)
        return response

    faces = {name: (public_photos / name).read_bytes() for name in ("obama.jpg", "obama2.jpg", "obama3.jpg")}
    group = together([public_photos / "obama.jpg", public_photos / "biden.jpg"])
    stranger = (public_photos / "astronaut.png").read_bytes()
    obama = search.put("/commons/obama.jpg", faces["obama.jpg"])
    search.name("commons", obama, "President.jpg", "https://commons.wikimedia.org/wiki/File:President.jpg", "CC0")
    search.name("commons", search.put("/commons/broken.jpg", faces["obama2.jpg"][:5000]), "Broken.jpg")
    search.name("commons", search.put("/commons/group.png", group, "image/png"), "With his deputy.png")
    search.name("openverse", search.put("/flickr/same.jpg", faces["obama.jpg"]), "The same again", licence="by 2.0")
    search.name("openverse", search.put("/flickr/2.jpg", faces["obama2.jpg"]), "", "https://flickr.com/2", "by 2.0")
    search.name("openverse", search.put("/flickr/won.jpg", b"<p>You have won!", "text/html"), "A page")
    search.name("web", obama, "Named by Commons too")
    search.name("web", search.put("/web/astronaut.png", stranger, "image/png"), "A stranger")
    search.name("web", search.put("/hidden/face.jpg", b"face"), "Forbidden")
    search.name("web", search.serve("/web/endless.jpg", endless), "Endless")
    search.name("web", search.redirect("/web/inside.jpg", f"http://127.0.0.1:{private_server.port}/face.jpg"), "Inside")
    search.name("web", search.redirect("/web/round.jpg", "/web/round.jpg"), "In circles")
    search.name("web", f"{search.base}/web/gone.jpg", "Gone")
    search.name("web", search.put("/web/3.jpg", faces["obama3.jpg"]), "At last", "https://news.example/3")
    search.forbid("127.0.0.1", "User-agent: *\nDisallow: /hidden/")

    brought, tally = await gathered(search.settings(picture_bytes=2_000_000))
    assert [(candidate.source, candidate.title) for candidate in brought] == [
        ("commons", "President.jpg"),
        ("commons", "Broken.jpg"),
        ("openverse", ""),
        ("web", "A stranger"),
        ("commons", "With his deputy.png"),
        ("web", "At last"),
    ]
    assert brought[0] == Brought(
        faces["obama.jpg"],
        obama,
        "https://commons.wikimedia.org/wiki/File:President.jpg",
        "commons",
        "President.jpg",
        "CC0",
    )
    assert [brought[2].data, brought[3].data, brought[4].data] == [faces["obama2.jpg"], stranger, group]
    assert tally.found == {"commons": 3, "openverse": 3, "web": 8}
    assert tally.brought == {"commons": 3, "openverse": 1, "web": 2}
    assert tally.refused == {
        **dict.fromkeys(
            (
                RefusalReason.SAME,
                RefusalReason.NOT_IMAGE,
                RefusalReason.ROBOTS,
                RefusalReason.TOO_LARGE,
                RefusalReason.ADDRESS,
                RefusalReason.REDIRECTS,
                RefusalReason.STATUS,
            ),
            1,
        )
    }
    assert (tally.failed, tally.out_of_time) == ({}, False)
    assert search.paths().count("/commons/obama.jpg") == 1
    assert private_server.touched == 0


async def test_every_source_gets_every_query(search: ImageSearch) -> None:
    await gathered(search.settings())
    received = [
        request.query.get("q") or request.query["gsrsearch"].removesuffix(" filetype:bitmap")
        for request in search.asked
    ]
    assert sorted(received) == sorted(QUERIES * 3)


def test_queries_begin_with_the_first_spellings_of_one_script() -> None:
    assert queries(["TWICE", "트와이스"], ["Tzuyu", "쯔위", "Chou Tzu-yu"]) == [
        *("TWICE Tzuyu", "TWICE Chou Tzu-yu", "트와이스 쯔위", "TWICE 쯔위")
    ]
    assert queries(["TWICE", "TWICE"], ["Tzuyu"]) == ["TWICE Tzuyu"]
    assert queries([], ["Tzuyu"]) == []


async def test_no_more_is_fetched_than_the_limit(search: ImageSearch) -> None:
    for n in range(30):
        search.put(f"/{n}.jpg", b"face %d" % n)
        search.name(("commons", "openverse", "web")[n % 3], f"http://site{n}.example:{search.port}/{n}.jpg")
    names = FakeResolver(**{f"site{n}_example": ["127.0.0.1"] for n in range(30)})
    brought, _ = await gathered(search.settings(), limit=5, resolver=names)
    assert [candidate.data for candidate in brought] == [b"face %d" % n for n in range(5)]
    assert {request.host for request in search.asked} == {"127.0.0.1", *(f"site{n}.example" for n in range(5))}
    assert len((await gathered(search.settings(gather_files=3), resolver=names))[0]) == 3
    assert (await gathered(search.settings(), limit=0, resolver=names))[0] == []


async def test_the_limit_of_a_source_counts_all_queries(search: ImageSearch) -> None:
    async def many(request: web.Request) -> web.StreamResponse:
        spelling = QUERIES.index(request.query["q"])
        results = [{"url": f"{search.base}/gone/{spelling}/{n}.jpg"} for n in range(20)]
        return web.json_response({"page_count": 1, "results": results})

    search.serve("/v1/images/", many)
    _, tally = await gathered(search.settings(gather_sources=f"openverse={search.base}/v1/images/"), limit=4)
    assert tally.found == {"openverse": 4}
    assert [path for path in search.paths() if "gone" in path] == [f"/gone/{n % 2}/{n // 2}.jpg" for n in range(4)]


async def test_a_source_without_end(search: ImageSearch, tmp_path: Path) -> None:
    class Endless:
        base = "https://endless.example"
        name = "endless"

        async def search(self, client: PoliteClient, query: str, limit: int) -> AsyncGenerator[SearchResult]:
            for n in count():
                yield search_result(f"{search.base}/{n}.jpg", "", query)

    tally = GatherCounts()
    assert [
        candidate
        async for candidate in candidates(
            search.settings(), asyncio.to_thread, [Endless()], QUERIES, 4, tally, tmp_path
        )
    ] == []
    assert (tally.found, tally.refused) == ({"endless": 4}, {RefusalReason.STATUS: 4})


async def test_an_unexpected_error_of_one_file_leaves_the_others(
    search: ImageSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = PoliteClient.fetch_picture

    async def failing(self: PoliteClient, link: str, path: Path) -> None:
        if "odd" in link:
            path.write_bytes(b"half of it")
            raise RuntimeError("a bug of some library")
        await fetch(self, link, path)

    monkeypatch.setattr(PoliteClient, "fetch_picture", failing)
    search.name("commons", f"{search.base}/odd.jpg")
    search.name("commons", search.put("/face.jpg", b"face"))
    brought, tally = await gathered(search.settings())
    assert [candidate.data for candidate in brought] == [b"face"]
    assert tally.refused == {RefusalReason.BROKEN: 1}


async def test_a_full_disk_ends_the_run(search: ImageSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(_: PoliteClient, __: str, path: Path) -> None:
        raise StorageError(StorageReason.FULL, str(path))

    monkeypatch.setattr(PoliteClient, "fetch_picture", full)
    search.name("commons", search.put("/face.jpg", b"face"))
    with pytest.raises(StorageError):
        await gathered(search.settings())


async def test_further_results_replace_refused_ones(search: ImageSearch) -> None:
    for n in range(6):
        search.name("commons", f"{search.base}/gone/{n}.jpg")
        search.name("openverse", search.put(f"/{n}.jpg", b"face %d" % n))
    brought, tally = await gathered(search.settings(), limit=6)
    assert len(brought) == 6
    assert 5 <= tally.refused[RefusalReason.STATUS] <= 6


async def test_a_failed_source_is_counted_and_the_others_go_on(search: ImageSearch) -> None:
    async def weary(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    search.serve("/w/api.php", weary)
    search.put("/v1/images/", b'{"results": "none of your business"}', "application/json")
    search.name("web", search.put("/face.jpg", b"face"))
    brought, tally = await gathered(search.settings())
    assert [candidate.data for candidate in brought] == [b"face"]
    assert tally.failed == {
        "commons": SourceFailure(RefusalReason.STATUS, Message("HTTP {status}", status=500)),
        "openverse": SourceFailure(RefusalReason.UNREADABLE),
    }
    assert tally.found == {"commons": 0, "openverse": 0, "web": 1}


@pytest.mark.parametrize("error", [TooSlowError(60.0), KilledWorkersError()], ids=["slow", "lost"])
async def test_an_answer_that_no_worker_bears_fails_its_source_alone(
    search: ImageSearch, tmp_path: Path, error: PersonError
) -> None:
    async def in_worker(job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if openverse.read in args:
            raise error
        return await asyncio.to_thread(job, *args, **kwargs)

    search.name("openverse", f"{search.base}/lost.jpg")
    search.name("commons", search.put("/face.jpg", b"face"))
    tally = GatherCounts()
    settings = search.settings()
    run = candidates(settings, in_worker, load(settings.gather_sources), QUERIES, 50, tally, tmp_path)
    assert [candidate.data for candidate in await read(run)] == [b"face"]
    assert tally.failed == {"openverse": SourceFailure(RefusalReason.UNREADABLE)}


async def test_without_workers_nothing_is_gathered(search: ImageSearch, tmp_path: Path) -> None:
    async def in_worker(job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        raise NoWorkersError

    settings = search.settings()
    run = candidates(settings, in_worker, load(settings.gather_sources), QUERIES, 50, GatherCounts(), tmp_path)
    with pytest.raises(NoWorkersError):
        await anext(run)


async def test_a_source_that_fails_at_the_second_query_keeps_its_results(search: ImageSearch) -> None:
    async def once(request: web.Request) -> web.StreamResponse:
        if request.query["q"] == QUERIES[0]:
            return web.json_response({"page_count": 1, "results": [{"url": f"{search.base}/face.jpg"}]})
        return web.Response(status=401)

    search.serve("/v1/images/", once)
    search.put("/face.jpg", b"face")
    brought, tally = await gathered(search.settings(gather_sources=f"openverse={search.base}/v1/images/"))
    assert [candidate.data for candidate in brought] == [b"face"]
    assert tally.failed == {"openverse": SourceFailure(RefusalReason.STATUS, Message("HTTP {status}", status=401))}
    assert failure_text(tally.failed["openverse"]) == "the site doesn't give it (HTTP 401)"


async def test_a_site_that_asks_for_a_rest_does_not_stop_the_others(search: ImageSearch) -> None:
    async def weary(request: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "3600"})

    search.serve("/weary/0.jpg", weary)
    for n in range(4):
        search.name("commons", f"http://weary.example:{search.port}/weary/{n}.jpg")
        search.name("openverse", f"http://fresh.example:{search.port}/{n}.jpg")
        search.put(f"/{n}.jpg", b"face %d" % n)
    names = FakeResolver(weary_example=["127.0.0.1"], fresh_example=["127.0.0.1"])
    brought, tally = await gathered(search.settings(), resolver=names)
    assert len(brought) == 4
    assert tally.refused == {RefusalReason.BUSY: 4}
    assert search.paths("weary.example") == ["/robots.txt", "/weary/0.jpg"]


async def test_no_request_without_a_contact(search: ImageSearch) -> None:
    with pytest.raises(NoContactError):
        await gathered(search.settings(gather_contact=""))
    assert search.asked == []
