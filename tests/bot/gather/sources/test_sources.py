"""The three sources with their real formats on loopback, and a new source of one file."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import web

from bot.commands.messages import render_for_terminal
from bot.domain.gathering import RefusalReason
from bot.gather import sources
from bot.gather.client.fetch import PoliteClient, polite_client
from bot.gather.client.reading import UnreadableAnswerError
from bot.gather.client.refusals import FetchRefusedError
from bot.gather.sources import SearchResult, UnknownSourceError, load, search_result
from bot.infra.compute import Compute
from bot.settings import Settings
from tests.conftest import ROOT
from tests.support.image_search import ImageSearch

SOURCES = ["commons", "openverse", "web"]


@pytest.fixture
async def client(search: ImageSearch) -> AsyncGenerator[PoliteClient]:
    async with polite_client(search.settings(), asyncio.to_thread) as client:
        yield client


async def ask(client: PoliteClient, search: ImageSearch, name: str, limit: int = 50) -> list[SearchResult]:
    (source,) = [source for source in load(search.sources) if source.name == name]
    return [link async for link in source.search(client, "TWICE 쯔위", limit)]


def test_the_default_sources_are_the_official_ones() -> None:
    assert [source.name for source in load(Settings().gather_sources)] == ["commons", "openverse"]


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_has_a_default_address(name: str) -> None:
    (source,) = load(name)
    assert source.name == name
    assert source.base.startswith("https://")


@pytest.mark.parametrize("name", SOURCES)
async def test_a_source_returns_its_results_in_order(client: PoliteClient, search: ImageSearch, name: str) -> None:
    search.name(name, "https://a.example/1.jpg", "Tzuyu\n at  noon", "https://a.example/1", "by-sa 2.0")
    search.name(name, "https://b.example/2.png?w=1&h=2", "쯔위", "https://b.example/2")
    first, second = await ask(client, search, name)
    assert (first.url, first.title, first.page) == ("https://a.example/1.jpg", "Tzuyu at noon", "https://a.example/1")
    assert (second.url, second.title) == ("https://b.example/2.png?w=1&h=2", "쯔위")
    licences = {"commons": "by-sa 2.0", "openverse": "CC BY-SA 2.0", "web": None}
    assert (first.licence, second.licence) == (licences[name], None)
    (request,) = search.asked
    query = request.query.get("gsrsearch", "").removesuffix(" filetype:bitmap")
    assert "TWICE 쯔위" in {request.query.get("q"), query}


@pytest.mark.parametrize("name", SOURCES)
async def test_a_source_that_finds_nothing(client: PoliteClient, search: ImageSearch, name: str) -> None:
    assert await ask(client, search, name) == []
    assert len(search.asked) == 1


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("answer", [b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"query": 1, "results": 1}'])
async def test_a_malformed_answer(client: PoliteClient, search: ImageSearch, name: str, answer: bytes) -> None:
    for path in ("/w/api.php", "/v1/images/", "/images/async"):
        search.put(path, answer, "application/json")
    if name == "web":  # any bytes are a page without results
        assert await ask(client, search, name) == []
        return
    with pytest.raises(UnreadableAnswerError) as caught:
        await ask(client, search, name)
    assert "ValidationError: 1 validation error" in caught.value.cause
    assert "\n" not in caught.value.cause


async def test_a_result_page_in_another_format(client: PoliteClient, search: ImageSearch) -> None:
    page = '<div><div class="imgpt"><a class="iusc" m="not json"></a></div><div class="infopt"></div></div>'
    search.put("/images/async", page.encode(), "text/html")
    with pytest.raises(UnreadableAnswerError) as caught:
        await ask(client, search, "web")
    assert "JSONDecodeError" in caught.value.cause


@pytest.mark.parametrize("name", SOURCES)
async def test_a_worker_reads_the_answers(search: ImageSearch, compute: Compute, name: str) -> None:
    search.name(name, "https://a.example/1.jpg", "쯔위")
    async with polite_client(search.settings(), compute.run_in_background) as client:
        (only,) = await ask(client, search, name)
        assert only.title == "쯔위"
        page = b"<!-- no document, for which lxml raises an error that can't be pickled -->"
        for path in ("/w/api.php", "/v1/images/", "/images/async"):
            search.put(path, page, "text/html")
        with pytest.raises(UnreadableAnswerError, match="UNREADABLE"):
            await ask(client, search, name)


@pytest.mark.parametrize("name", SOURCES)
async def test_a_search_that_answers_with_an_error(client: PoliteClient, search: ImageSearch, name: str) -> None:
    async def forbidden(request: web.Request) -> web.StreamResponse:
        return web.Response(status=403)

    for path in ("/w/api.php", "/v1/images/", "/images/async"):
        search.serve(path, forbidden)
    with pytest.raises(FetchRefusedError) as caught:
        await ask(client, search, name)
    assert caught.value.reason is RefusalReason.STATUS
    assert "HTTP 403" in str(caught.value)


async def test_openverse_is_read_page_by_page(client: PoliteClient, search: ImageSearch) -> None:
    for n in range(45):
        search.name("openverse", f"https://a.example/{n}.jpg")
    assert len(await ask(client, search, "openverse", limit=60)) == 45
    assert [request.query["page"] for request in search.asked] == ["1", "2", "3"]
    assert {request.query["page_size"] for request in search.asked} == {"20"}


async def test_openverse_reads_no_more_pages_than_needed(client: PoliteClient, search: ImageSearch) -> None:
    for n in range(45):
        search.name("openverse", f"https://a.example/{n}.jpg")
    assert len(await ask(client, search, "openverse", limit=20)) == 20
    assert len(search.asked) == 1


@pytest.mark.parametrize(
    ("licence", "name"),
    [("cc0 1.0", "CC0 1.0"), ("pdm 1.0", "Public Domain Mark 1.0"), ("by-nc-nd 4.0", "CC BY-NC-ND 4.0"), ("", None)],
)
async def test_licences_have_their_usual_names(
    client: PoliteClient, search: ImageSearch, licence: str, name: str | None
) -> None:
    search.name("openverse", "https://a.example/1.jpg", licence=licence)
    (only,) = await ask(client, search, "openverse")
    assert only.licence == name


async def test_commons_returns_copies_of_one_of_its_own_widths(client: PoliteClient, search: ImageSearch) -> None:
    search.name("commons", "https://upload.wikimedia.org/thumb/1920px-1.jpg", "1.jpg")
    (only,) = await ask(client, search, "commons", limit=500)
    assert only.url == "https://upload.wikimedia.org/thumb/1920px-1.jpg"
    query = search.asked[0].query
    assert (query["iiurlwidth"], query["gsrnamespace"], query["gsrlimit"]) == ("1920", "6", "50")


def test_a_page_without_a_web_link_is_dropped() -> None:
    assert search_result("https://a.example/1.jpg", "javascript:alert(1)", "x" * 500) == SearchResult(
        "https://a.example/1.jpg", "", "x" * 200, None
    )


def test_an_unknown_source() -> None:
    with pytest.raises(UnknownSourceError) as caught:
        load("commons, giphy")
    message = "NUGU_GATHER_SOURCES names giphy, which I don't know; choose from commons, openverse, web."
    assert render_for_terminal(caught.value) == message


async def test_the_source_in_the_documentation_works(
    client: PoliteClient, search: ImageSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "gathering.md").read_text(), re.DOTALL)
    (tmp_path / "searxng.py").write_text(next(block for block in blocks if "class Searxng" in block))
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    importlib.invalidate_caches()
    result = {"img_src": "https://a.example/1.jpg", "url": "https://a.example/1", "title": "Tzuyu", "engine": "some"}
    search.put("/search", json.dumps({"query": "x", "results": [result]}).encode(), "application/json")
    (source,) = load(f"searxng={search.base}/search")
    assert source.name == "searxng"
    assert [link async for link in source.search(client, "TWICE Tzuyu", 10)] == [
        SearchResult("https://a.example/1.jpg", "https://a.example/1", "Tzuyu", None)
    ]
