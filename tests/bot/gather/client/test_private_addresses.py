"""Every known route to a private address: no connection reaches it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

import pytest

from bot.domain import addresses
from bot.domain.gathering import RefusalReason
from bot.gather.client.fetch import PoliteClient, polite_client
from bot.gather.client.refusals import FetchRefusedError
from tests.bot.gather.client.test_fetch import fetched, refused
from tests.conftest import ROOT
from tests.support.image_search import FakeResolver, ImageSearch, PrivateServer

SPELLINGS = [
    *("127.0.0.1", "localhost", "LOCALHOST"),
    "127.0.0.1.",
    *("127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "017700000001"),
    *("①②⑦.⓪.⓪.①", "127。0。0。1"),
    *("0", "0.0.0.0", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[64:ff9b::127.0.0.1]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]"),
    *("[fe80::1%25lo]", "[fd00:ec2::254]", "169.254.169.254", "10.0.0.1", "192.168.0.1", "100.100.100.200"),
    *("user@127.0.0.1", "photos.example@127.0.0.1", "user:word@localhost", "127.0.0.1\\@photos.example"),
]


@pytest.fixture
async def client(
    search: ImageSearch, private_server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[PoliteClient]:
    """A client that may reach the image search, and public addresses at the private server's port."""
    monkeypatch.setattr(addresses, "WEB_PORTS", frozenset({private_server.port}))
    async with polite_client(search.settings(), asyncio.to_thread) as client:
        yield client


async def test_the_private_server_answers_where_it_is_allowed(
    search: ImageSearch, private_server: PrivateServer
) -> None:
    async with polite_client(
        search.settings(allowed_addresses=f"127.0.0.1:{private_server.port}"), asyncio.to_thread
    ) as client:
        assert await fetched(client, f"http://127.0.0.1:{private_server.port}/") == b"secret"
    assert private_server.touched


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_link_to_a_private_address(client: PoliteClient, private_server: PrivateServer, spelling: str) -> None:
    assert await refused(client, f"http://{spelling}:{private_server.port}/face.jpg") in {
        RefusalReason.ADDRESS,
        RefusalReason.LINK,
    }
    assert private_server.touched == 0


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_redirect_to_a_private_address(
    client: PoliteClient, search: ImageSearch, private_server: PrivateServer, spelling: str
) -> None:
    link = search.redirect("/face.jpg", f"http://{spelling}:{private_server.port}/face.jpg")
    assert await refused(client, link) in {RefusalReason.ADDRESS, RefusalReason.LINK}
    assert search.paths() == ["/robots.txt", "/face.jpg"]
    assert private_server.touched == 0


async def test_several_redirects_to_a_private_address(
    client: PoliteClient, search: ImageSearch, private_server: PrivateServer
) -> None:
    search.redirect("/third", f"http://127.0.0.1:{private_server.port}/")
    search.redirect("/second", "/third")
    assert await refused(client, search.redirect("/first", "/second")) is RefusalReason.ADDRESS
    assert private_server.touched == 0


async def test_a_robots_txt_at_a_private_address(
    client: PoliteClient, search: ImageSearch, private_server: PrivateServer
) -> None:
    search.redirect("/robots.txt", f"http://127.0.0.1:{private_server.port}/robots.txt")
    assert await refused(client, search.put("/face.jpg", b"face")) is RefusalReason.ADDRESS
    assert search.paths() == ["/robots.txt"]
    assert private_server.touched == 0


async def test_a_search_that_redirects_to_a_private_address(
    client: PoliteClient, search: ImageSearch, private_server: PrivateServer
) -> None:
    with pytest.raises(FetchRefusedError) as caught:
        await client.query(
            search.redirect("/w/api.php", f"http://127.0.0.1:{private_server.port}/"), {"q": "face"}, len
        )
    assert caught.value.reason is RefusalReason.ADDRESS
    assert private_server.touched == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1"])
async def test_a_name_with_a_private_address(
    search: ImageSearch, private_server: PrivateServer, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(addresses, "WEB_PORTS", frozenset({private_server.port}))
    async with polite_client(search.settings(), asyncio.to_thread, FakeResolver(photos_example=[address])) as client:
        assert await refused(client, f"http://photos.example:{private_server.port}/face.jpg") is RefusalReason.ADDRESS
    assert private_server.touched == 0


async def test_a_name_with_a_private_address_the_second_time(
    search: ImageSearch, private_server: PrivateServer
) -> None:
    names = FakeResolver(photos_example=["127.0.0.1"])
    search.put("/face.jpg", b"face")
    async with polite_client(search.settings(), asyncio.to_thread, names) as client:
        assert await fetched(client, f"http://photos.example:{search.port}/face.jpg") == b"face"
        names.addresses["photos.example"] = ["127.0.0.2"]
        assert await refused(client, f"http://photos.example:{private_server.port}/face.jpg") is RefusalReason.ADDRESS
    async with polite_client(search.settings(), asyncio.to_thread, names) as client:
        assert await refused(client, f"http://photos.example:{search.port}/face.jpg") is RefusalReason.ADDRESS
    assert search.paths() == ["/robots.txt", "/face.jpg"]
    assert private_server.touched == 0


async def test_a_name_with_public_and_private_addresses(search: ImageSearch) -> None:
    search.put("/face.jpg", b"face")
    names = FakeResolver(photos_example=["10.0.0.1", "127.0.0.2", "127.0.0.1"])
    async with polite_client(search.settings(), asyncio.to_thread, names) as client:
        assert await fetched(client, f"http://photos.example:{search.port}/face.jpg") == b"face"


async def test_another_port_of_an_allowed_address(search: ImageSearch, private_server: PrivateServer) -> None:
    async with polite_client(search.settings(), asyncio.to_thread) as client:
        assert await refused(client, f"http://127.0.0.1:{private_server.port}/face.jpg") is RefusalReason.ADDRESS
    assert private_server.touched == 0


async def test_a_proxy_of_the_environment(
    search: ImageSearch, private_server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{private_server.port}")
    async with polite_client(search.settings(), asyncio.to_thread) as client:
        assert await fetched(client, search.put("/face.jpg", b"face")) == b"face"
    assert private_server.touched == 0


NOT_WEB = [
    *("file:///etc/passwd", "ftp://127.0.0.1/face.jpg", "data:image/png;base64,AAAA", "unix:///var/run/docker.sock"),
    *(
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "javascript:alert(1)",
        "http://[::1",
        "http://photos.example:port/",
        "http://][",
    ),
]


@pytest.mark.parametrize("link", [*NOT_WEB, "//127.0.0.1/face.jpg", "/face.jpg", "http:///face.jpg", "http://", ""])
async def test_text_that_is_no_link_of_the_web(client: PoliteClient, link: str) -> None:
    assert await refused(client, link) is RefusalReason.LINK


async def test_a_link_with_a_password(client: PoliteClient, search: ImageSearch) -> None:
    search.put("/face.jpg", b"face")
    assert await refused(client, f"http://user:word@127.0.0.1:{search.port}/face.jpg") is RefusalReason.LINK
    assert search.asked == []


@pytest.mark.parametrize("link", NOT_WEB)
async def test_a_redirect_to_text_that_is_no_link_of_the_web(
    client: PoliteClient, search: ImageSearch, link: str
) -> None:
    assert await refused(client, search.redirect("/face.jpg", link)) is RefusalReason.LINK
    assert search.paths() == ["/robots.txt", "/face.jpg"]


def test_the_page_names_existing_tests() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "gathering.md").read_text()))
    files = [
        *(ROOT / "tests" / "bot" / "gather").rglob("test_*.py"),
        ROOT / "tests" / "bot" / "infra" / "test_addresses.py",
    ]
    existing = {
        name for file in files for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert named
    assert named <= existing
