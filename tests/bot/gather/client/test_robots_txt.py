"""The polite client and robots.txt: permissions, redirects, errors, and its size."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from bot.domain.gathering import RefusalReason
from bot.gather.client.fetch import PoliteClient
from tests.bot.gather.client.test_fetch import FACE, fetched, on, refused
from tests.support.image_search import ImageSearch


async def test_a_folder_that_robots_txt_forbids(client: PoliteClient, search: ImageSearch) -> None:
    search.forbid("127.0.0.1", "User-agent: *\nDisallow: /private/\n")
    assert await refused(client, search.put("/private/face.jpg", FACE)) is RefusalReason.ROBOTS
    assert await fetched(client, search.put("/face.jpg", FACE)) == FACE
    assert search.paths() == ["/robots.txt", "/face.jpg"]


async def test_a_robots_txt_that_names_us(client: PoliteClient, search: ImageSearch) -> None:
    search.forbid("127.0.0.1", "User-agent: *\nAllow: /\n\nUser-agent: nugu\nDisallow: /*.jpg$\n")
    assert await refused(client, search.put("/face.jpg", FACE)) is RefusalReason.ROBOTS
    assert await fetched(client, search.put("/face.png", FACE)) == FACE


async def test_robots_txt_holds_where_a_redirect_leads(client: PoliteClient, search: ImageSearch) -> None:
    search.forbid("two.example", "User-agent: *\nDisallow: /\n")
    search.redirect("/there", on("two", search, "/face.jpg"))
    search.put("/face.jpg", FACE)
    assert await refused(client, on("one", search, "/there")) is RefusalReason.ROBOTS
    assert search.paths("two.example") == ["/robots.txt"]


async def test_robots_txt_is_read_once_a_site(client: PoliteClient, search: ImageSearch) -> None:
    search.put("/face.jpg", FACE)
    links = [on(host, search, f"/face.jpg?{n}") for n in range(4) for host in ("one", "two")]
    assert await asyncio.gather(*(fetched(client, link) for link in links)) == [FACE] * 8
    assert search.paths().count("/robots.txt") == 2


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_missing_robots_txt_permits_everything(client: PoliteClient, search: ImageSearch, status: int) -> None:
    async def missing(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    search.robots["127.0.0.1"] = missing
    assert await fetched(client, search.put("/face.jpg", FACE)) == FACE


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_an_unreachable_robots_txt_forbids_everything(
    client: PoliteClient, search: ImageSearch, status: int
) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    search.robots["127.0.0.1"] = broken
    link = search.put("/face.jpg", FACE)
    assert [await refused(client, link), await refused(client, link)] == [RefusalReason.ROBOTS_AWAY] * 2
    assert search.paths() == ["/robots.txt"]


async def test_an_endless_robots_txt_is_truncated(client: PoliteClient, search: ImageSearch) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"User-agent: *\nDisallow: /private/\n")
        while sent < 50_000_000:
            await response.write(b"# and so on\n" * 4096)
            sent += 12 * 4096
        return response

    search.robots["127.0.0.1"] = endless
    assert await refused(client, search.put("/private/face.jpg", FACE)) is RefusalReason.ROBOTS
    assert await fetched(client, search.put("/face.jpg", FACE)) == FACE
    assert sent < 50_000_000


async def test_a_robots_txt_that_is_no_text(client: PoliteClient, search: ImageSearch) -> None:
    async def noise(request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=bytes(range(256)) * 100 + b"\nUser-agent: *\nDisallow: /\xff\xfe$*$*\nCrawl-delay: nan"
        )

    search.robots["127.0.0.1"] = noise
    assert await fetched(client, search.put("/face.jpg", FACE)) == FACE


async def test_a_site_whose_robots_txt_asks_for_a_rest(client: PoliteClient, search: ImageSearch) -> None:
    async def weary(request: web.Request) -> web.StreamResponse:
        return web.Response(status=429)

    search.robots["127.0.0.1"] = weary
    assert await refused(client, search.put("/face.jpg", FACE)) is RefusalReason.BUSY
    assert search.paths() == ["/robots.txt"]


@pytest.mark.parametrize(
    ("robots", "permitted"),
    [
        ("User-agent: Nugu/1.0\nDisallow: /", False),
        ("USER AGENT nugu\nDisallow /", False),
        ("\ufeffUser-agent: *\nDisallow: /", False),
        ("User-agent: other\nUser-agent: *\nDisallow: /", False),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: nugubot\nDisallow: /", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: nugu\nDisallow:\n", True),
        ("User-agent: *\nDisallow: /\nAllow: /face.jpg$ # this one", True),
        ("User-agent: other\nDisallow: /\nUser-agent: nugu\nAllow: /", True),
    ],
)
async def test_only_the_groups_for_nugu_and_everybody_count(
    client: PoliteClient, search: ImageSearch, robots: str, permitted: bool
) -> None:
    search.forbid("127.0.0.1", robots)
    link = search.put("/face.jpg", FACE)
    if permitted:
        assert await fetched(client, link) == FACE
    else:
        assert await refused(client, link) is RefusalReason.ROBOTS


async def test_more_rules_than_nugu_reads_forbid_everything(client: PoliteClient, search: ImageSearch) -> None:
    search.forbid("127.0.0.1", "User-agent: *\n" + "Disallow: /elsewhere\n" * 6000)
    assert await refused(client, search.put("/face.jpg", FACE)) is RefusalReason.ROBOTS
