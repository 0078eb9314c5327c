"""The proxy of a download: permitted connections, passwords, and the limit of bytes."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncGenerator

import pytest
from aiohttp.abc import ResolveResult

from bot.domain import addresses
from bot.domain.addresses import read_allowed
from bot.links.egress import EgressProxy, UpstreamProxy, egress
from tests.conftest import LONG_ENOUGH
from tests.support.image_search import FakeResolver, ImageSearch, PrivateServer

# Hosts of URLs. Browsers and yt-dlp turn all other spellings into one of these.
SPELLINGS = [
    *(
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
    ),
    *("0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0", "127.0.0.2", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::127.0.0.1]"),
    *("[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[fe80::1%25lo]", "[fd00:ec2::254]"),
    *("169.254.169.254", "10.0.0.1", "192.168.0.1", "100.100.100.200", "user@127.0.0.1", "user:word@localhost"),
]


@pytest.fixture
async def proxy(private_server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[EgressProxy]:
    """A proxy that may reach public addresses at the private server's port."""
    monkeypatch.setattr(addresses, "WEB_PORTS", frozenset({private_server.port}))
    async with egress(frozenset(), 1 << 20) as proxy:
        yield proxy


async def answer_of(proxy: EgressProxy, text: str, password: str | None = None) -> bytes:
    """The proxy's whole answer to `text`, a request without its credential and its last line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    pair = b64encode(f"nugu:{proxy.password if password is None else password}".encode()).decode()
    writer.write(f"{text}\r\nProxy-Authorization: Basic {pair}\r\n\r\n".encode())
    async with asyncio.timeout(LONG_ENOUGH):
        answer = await reader.read()
    writer.close()
    return answer


def get(host: str, port: int, path: str = "/") -> str:
    return f"GET http://{host}:{port}{path} HTTP/1.1\r\nHost: {host}"


def allowed(port: int) -> addresses.Allowed:
    return read_allowed(f"127.0.0.1:{port}")


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_spelling_of_a_private_address(
    proxy: EgressProxy, private_server: PrivateServer, spelling: str
) -> None:
    for request in (get(spelling, private_server.port), f"CONNECT {spelling}:{private_server.port} HTTP/1.1"):
        answer = await answer_of(proxy, request)
        assert answer.split(b" ")[1] in {b"400", b"403", b"502"}, answer
        assert b"secret" not in answer
    assert private_server.touched == 0


@pytest.mark.parametrize("spelling", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "localhost"])
async def test_an_allowed_private_address(private_server: PrivateServer, spelling: str) -> None:
    async with egress(allowed(private_server.port), 1 << 20) as proxy:
        assert (await answer_of(proxy, get(spelling, private_server.port))).endswith(b"secret")
        assert b"secret" in await answer_of(proxy, f"CONNECT {spelling}:{private_server.port} HTTP/1.1")
    assert private_server.touched == 2


async def test_a_refusal_differs_from_a_sites_answer(proxy: EgressProxy, private_server: PrivateServer) -> None:
    assert (await answer_of(proxy, get("127.0.0.1", private_server.port))).startswith(
        b"HTTP/1.1 403 Private address\r\n"
    )
    assert proxy.refused_hosts == ["127.0.0.1"]


async def test_another_port_than_80_and_443(private_server: PrivateServer) -> None:
    async with egress(frozenset(), 1 << 20, resolver=FakeResolver(videos_example=["93.184.215.14"])) as proxy:
        assert b"403" in await answer_of(proxy, "CONNECT videos.example:22 HTTP/1.1")


async def test_a_name_is_resolved_once(private_server: PrivateServer) -> None:
    """The proxy connects to the checked address, even if the name has another one a moment later."""

    class CountingResolver(FakeResolver):
        resolved = 0

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            self.resolved += 1
            found = await super().resolve(host, port)
            self.addresses["videos.example"] = ["127.0.0.9"]
            return found

    names = CountingResolver(videos_example=["127.0.0.1"])
    async with egress(allowed(private_server.port), 1 << 20, resolver=names) as proxy:
        assert (await answer_of(proxy, get("videos.example", private_server.port))).endswith(b"secret")
        assert names.resolved == 1
        assert b"Private address" in await answer_of(proxy, get("videos.example", private_server.port))
    assert private_server.touched == 1


async def test_only_the_public_ones_of_several_addresses(proxy: EgressProxy, private_server: PrivateServer) -> None:
    proxy.allowed = read_allowed(f"127.0.0.1:{private_server.port}")
    proxy.resolver = FakeResolver(videos_example=["127.0.0.2", "127.0.0.1"])
    assert (await answer_of(proxy, get("videos.example", private_server.port))).endswith(b"secret")


@pytest.mark.parametrize("password", ["", "wrong"])
async def test_a_wrong_password(private_server: PrivateServer, password: str) -> None:
    async with egress(allowed(private_server.port), 1 << 20) as proxy:
        assert (await answer_of(proxy, get("127.0.0.1", private_server.port), password)).startswith(b"HTTP/1.1 407 ")
    assert private_server.touched == 0


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET ftp://127.0.0.1:{port}/ HTTP/1.1", 400),
        ("GET / HTTP/1.1", 400),
        ("GET http://127.0.0.1:99999/ HTTP/1.1", 400),
        ("CONNECT 127.0.0.1 HTTP/1.1", 400),
        ("nonsense", 400),
        ("POST http://127.0.0.1:{port}/ HTTP/1.1\r\nTransfer-Encoding: chunked", 411),
        ("POST http://127.0.0.1:{port}/ HTTP/1.1\r\nContent-Length: 99999999999", 413),
        ("POST http://127.0.0.1:{port}/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", 400),
        ("GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost : a", 400),
        ("GET http://127.0.0.1:{port}/ HTTP/1.1\r\nX: " + "x" * 70_000, 431),
    ],
)
async def test_odd_requests(private_server: PrivateServer, request_: str, status: int) -> None:
    async with egress(allowed(private_server.port), 1 << 20) as proxy:
        answer = await answer_of(proxy, request_.format(port=private_server.port))
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert private_server.touched == 0


async def test_a_second_request_on_a_connection_is_ignored(site: ImageSearch, private_server: PrivateServer) -> None:
    """Even for a site that would keep the connection alive."""
    site.put("/page", b"page", "text/html")
    async with egress(allowed(site.port), 1 << 20) as proxy:
        follow = f"{get('127.0.0.1', site.port, '/page')}\r\nProxy-Authorization: x\r\nConnection: keep-alive"
        assert (await answer_of(proxy, follow)).startswith(b"HTTP/1.1 407")
        twice = f"{get('127.0.0.1', site.port, '/page')}\r\nContent-Length: 0\r\nConnection: keep-alive"
        pair = b64encode(f"nugu:{proxy.password}".encode()).decode()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        text = f"{twice}\r\nProxy-Authorization: Basic {pair}\r\n\r\n"
        writer.write((text + text).encode())
        answer = await reader.read()
        writer.close()
    assert answer.count(b"HTTP/1.1 200") == 1
    (request,) = site.asked
    assert request.headers["Connection"] == "close"
    assert "Proxy-Authorization" not in request.headers


async def test_bytes_are_counted(site: ImageSearch) -> None:
    site.put("/stage.mp4", bytes(1 << 20), "video/mp4")
    async with egress(allowed(site.port), 1 << 18) as proxy:
        answer = await answer_of(proxy, get("127.0.0.1", site.port, "/stage.mp4"))
        assert len(answer) < 1 << 19
        assert proxy.exhausted
        assert b"403 Too many bytes" in await answer_of(proxy, get("127.0.0.1", site.port, "/stage.mp4"))
    assert len(site.asked) == 1


async def test_the_operators_proxy(private_server: PrivateServer) -> None:
    """It gets the checked address and never the name. It gets no request for a private address."""
    heads: list[bytes] = []

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfrom")
        writer.close()

    names = FakeResolver(videos_example=["93.184.215.14"], inside_example=["127.0.0.1"])
    async with await asyncio.start_server(upstream, "127.0.0.1", 0) as server:
        by = UpstreamProxy.read(f"http://me:w%40rd@127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with egress(frozenset(), 1 << 20, by, names) as proxy:
            assert (await answer_of(proxy, get("videos.example", 80, "/a?b"))).endswith(b"from")
            assert b"Private address" in await answer_of(proxy, get("inside.example", 80))
    assert heads[0].startswith(b"CONNECT 93.184.215.14:80 HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic " + b64encode(b"me:w@rd") + b"\r\n" in heads[0]
    assert heads[1].startswith(b"GET /a?b HTTP/1.1\r\nHost: videos.example\r\n")
    assert b"Authorization" not in heads[1]
    assert len(heads) == 2


async def test_an_operators_proxy_that_refuses(private_server: PrivateServer) -> None:
    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(upstream, "127.0.0.1", 0) as server:
        by = UpstreamProxy.read(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with egress(frozenset(), 1 << 20, by, FakeResolver(videos_example=["93.184.215.14"])) as proxy:
            assert b"502 The proxy refused" in await answer_of(proxy, get("videos.example", 80))


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1080", "127.0.0.1:3128", "http://"])
def test_malformed_proxies(url: str) -> None:
    with pytest.raises(ValueError, match="a proxy is"):
        UpstreamProxy.read(url)
