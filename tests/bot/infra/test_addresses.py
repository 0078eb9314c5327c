"""Public addresses are distinguished from private ones, and no socket is opened to a private one."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import aiohttp
import pytest
from pydantic import ValidationError

from bot.domain import addresses
from bot.domain.addresses import is_public, read_allowed
from bot.infra.checked_connector import RefusedAddressError, guarded_connector
from bot.settings import Settings


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "185.15.59.240", "100.63.255.255", "2606:4700:4700::1111", "2a02:ec80:300:ed1a::1"]
)
def test_addresses_of_the_web_are_public(address: str) -> None:
    assert is_public(address)


def test_a_nat64_address_of_a_public_site_is_public() -> None:
    assert is_public("64:ff9b::8.8.8.8")


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.0.0.1", "127.0.0.1", "127.255.255.254", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("100.64.0.1", "100.100.100.200", "169.254.169.254", "192.0.0.192", "192.0.2.1", "198.18.0.1", "192.88.99.1"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        "168.63.129.16",
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fd00:ec2::254", "ff02::1", "ff0e::1", "100::1"),
        *("2001:db8::1", "3fff::1", "2001:10::1", "5f00::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "::127.0.0.1"),
        *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8"),
        *("2002:7f00:1::", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
        "2606:4700:4700::1111%eth0",
    ],
)
def test_private_and_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_a_host_name_is_no_address() -> None:
    with pytest.raises(ValueError, match="localhost"):
        is_public("localhost")


def test_allowed_addresses_are_read() -> None:
    assert read_allowed("10.0.0.5:8888, [fd00::5]:80,") == {(ip_address("10.0.0.5"), 8888), (ip_address("fd00::5"), 80)}
    assert read_allowed("") == frozenset()


@pytest.mark.parametrize("text", ["10.0.0.5", "searx:80", "10.0.0.0/8:80", "10.0.0.5:http", "fd00::5"])
def test_a_malformed_allowed_address_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValidationError, match="allowed_addresses"):
        Settings(allowed_addresses=text)


async def test_no_connection_is_opened_to_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    connections = 0

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/"
        monkeypatch.setattr(addresses, "WEB_PORTS", frozenset({port}))
        async with aiohttp.ClientSession(connector=guarded_connector(frozenset())) as session:
            with pytest.raises(aiohttp.ClientConnectorError) as caught:
                await session.get(url)
        assert isinstance(caught.value.os_error, RefusedAddressError)
        assert connections == 0
        allowed = read_allowed(f"127.0.0.1:{port}")
        async with aiohttp.ClientSession(connector=guarded_connector(allowed)) as session, session.get(url) as response:
            assert response.status == 204
        assert connections == 1


async def test_no_connection_is_opened_to_another_port() -> None:
    async with aiohttp.ClientSession(connector=guarded_connector(frozenset())) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get("http://[2606:4700:4700::1111]:22/")
    assert isinstance(caught.value.os_error, RefusedAddressError)
