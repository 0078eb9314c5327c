"""The proxy of a download, on loopback: it resolves a name once and connects to the checked address.

Each download has its own proxy and reaches nothing else. The proxy demands a password that only this download knows, counts the
bytes, and remembers the refused hosts. It speaks HTTP/1.1: CONNECT, and plain requests in absolute form, one a connection.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
from base64 import b64encode
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aiohttp import ThreadedResolver

from bot.domain.addresses import may_reach
from bot.infra.checked_connector import RefusedAddressError
from bot.text.links import split_link

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aiohttp.abc import AbstractResolver

    from bot.domain.addresses import Allowed

HEAD_BYTES = 1 << 16
BODY_BYTES = 1 << 24
"""The largest body of a request. A download uploads nothing."""

CHUNK = 1 << 16
CONNECT_SECONDS = 15.0
PRIVATE = "Private address"
"""The reason phrase for a private address. The error messages of clients contain it."""

UPSTREAM = "The proxy refused"
"""The reason phrase where the operator's proxy doesn't connect."""

# Headers of one connection (RFC 9110, 7.6.1). Content-Length alone gives the length of a body, so Transfer-Encoding is refused.
_HOP = frozenset({"connection", "proxy-connection", "keep-alive", "proxy-authorization", "te", "trailer", "upgrade"})


@dataclass(frozen=True, slots=True)
class UpstreamProxy:
    """The operator's own proxy. It is trusted, so nobody checks its address. `credential`: the value of Proxy-Authorization."""

    host: str
    port: int
    tls: bool
    credential: str | None

    @classmethod
    def read(cls, url: str) -> UpstreamProxy:
        """The proxy of `http://USER:PASSWORD@HOST:PORT`. Raises ValueError for other text."""
        parts = split_link(url)
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("a proxy is http://USER:PASSWORD@HOST:PORT")
        credential = None
        if parts.username is not None:
            credential = _basic(f"{unquote(parts.username)}:{unquote(parts.password or '')}")
        tls = parts.scheme == "https"
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls, credential)


class _AnswerError(Exception):
    """The proxy answers the request with this status in place of a connection."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")


@dataclass(slots=True)
class EgressProxy:
    """A running proxy, made by `egress`. `max_bytes`: in both directions together."""

    allowed: Allowed
    resolver: AbstractResolver
    upstream: UpstreamProxy | None
    max_bytes: int
    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    transferred: int = 0
    """Bytes so far, in both directions."""
    refused_hosts: list[str] = field(default_factory=list[str])
    """Hosts without a public address."""

    @property
    def url(self) -> str:
        """The URL of the proxy for the download, with its password."""
        return f"http://nugu:{self.password}@127.0.0.1:{self.port}"

    @property
    def exhausted(self) -> bool:
        """Whether `max_bytes` have been transferred. The proxy transfers no more then."""
        return self.transferred >= self.max_bytes

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection to the proxy."""
        with suppress(OSError, asyncio.IncompleteReadError):
            try:
                await self._answer(reader, writer)
            except _AnswerError as answer:
                body = f"{answer}\n".encode()
                head = f"HTTP/1.1 {answer}\r\nConnection: close\r\nContent-Type: text/plain\r\n"
                if str(answer).startswith("407"):
                    head += 'Proxy-Authenticate: Basic realm="nugu"\r\n'
                writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
            finally:
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, headers = _parsed(await _head(reader))
        credential = next((value for name, value in headers if name.lower() == "proxy-authorization"), "")
        if not hmac.compare_digest(credential.encode(), _basic(f"nugu:{self.password}").encode()):
            raise _AnswerError(407, "Proxy Authentication Required")
        if method == "CONNECT":
            host, port = _host_and_port(f"//{target}", None)
            out_reader, out_writer = await self._open(host, port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            upload = self._relay(reader, out_writer)
        else:
            parts = split_link(target)
            if parts is None or parts.scheme != "http":
                raise _AnswerError(400, "Only http and CONNECT")
            host, port = _host_and_port(target, 80)
            body = await _body(reader, headers)
            out_reader, out_writer = await self._open(host, port)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            lines = [f"{method} {path} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in headers if name.lower() not in _HOP]
            request = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body
            upload = self._send(request, out_writer)
        try:
            # The connection ends with the site's answer, even if the client would send more.
            sending = asyncio.ensure_future(upload)
            try:
                await self._relay(out_reader, writer)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        finally:
            out_writer.close()

    async def _open(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.exhausted:
            raise _AnswerError(403, "Too many bytes")
        try:
            addresses = await self._checked(host, port)
        except RefusedAddressError:
            self.refused_hosts.append(host)
            raise _AnswerError(403, PRIVATE) from None
        except (OSError, ValueError):
            raise _AnswerError(502, "Name not known") from None
        for address in addresses:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    if self.upstream is not None:
                        return await _connect_upstream(self.upstream, address, port)
                    return await asyncio.open_connection(address, port, limit=CHUNK)
        raise _AnswerError(504, "Nobody answers")

    async def _checked(self, host: str, port: int) -> list[str]:
        """The permitted addresses of `host`. Raises RefusedAddressError where there is none."""
        found = [result["host"] for result in await self.resolver.resolve(host, port, socket.AF_UNSPEC)]
        checked = [address for address in found if may_reach(address, port, self.allowed)]
        if not checked:
            raise RefusedAddressError
        return checked

    async def _relay(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while not self.exhausted and (data := await source.read(CHUNK)):
            await self._send(data, sink)
        if sink.can_write_eof():
            with suppress(OSError):
                sink.write_eof()

    async def _send(self, data: bytes, sink: asyncio.StreamWriter) -> None:
        self.transferred += len(data)
        sink.write(data)
        await sink.drain()


@asynccontextmanager
async def egress(
    allowed: Allowed, max_bytes: int, upstream: UpstreamProxy | None = None, resolver: AbstractResolver | None = None
) -> AsyncGenerator[EgressProxy]:
    """A proxy for one download of `max_bytes`, on a free port of 127.0.0.1. It ends with its connections."""
    proxy = EgressProxy(allowed, resolver or ThreadedResolver(), upstream, max_bytes)
    serving: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(proxy.serve(reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=HEAD_BYTES)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise _AnswerError(431, "Request Header Fields Too Large") from None


def _parsed(head: bytes) -> tuple[str, str, list[tuple[str, str]]]:
    """Method, target and headers of a request. Raises _AnswerError for a malformed one."""
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, version = rest.rpartition(" ")
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise _AnswerError(400, "Bad Request")
        headers.append((name, value.strip()))
    if not method.isalpha() or not version.startswith("HTTP/1.") or any(not " " < c < "\x7f" for c in target):
        raise _AnswerError(400, "Bad Request")
    return method.upper(), target, headers


def _host_and_port(url: str, default: int | None) -> tuple[str, int]:
    parts = split_link(url)
    port = (parts.port or default) if parts is not None else None
    if parts is None or not parts.hostname or not port:
        raise _AnswerError(400, "Bad Request")
    return parts.hostname, port


async def _body(reader: asyncio.StreamReader, headers: list[tuple[str, str]]) -> bytes:
    """The body of a request. It is read before a connection is opened; anything after it is ignored."""
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        raise _AnswerError(411, "Length Required")
    lengths = {value for name, value in headers if name.lower() == "content-length"}
    if not lengths:
        return b""
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()):
        raise _AnswerError(400, "Bad Request")
    if int(length) > BODY_BYTES:
        raise _AnswerError(413, "Content Too Large")
    return await reader.readexactly(int(length))


async def _connect_upstream(
    upstream: UpstreamProxy, address: str, port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection through the operator's proxy, which gets the checked address and never the name."""
    reader, writer = await asyncio.open_connection(
        upstream.host, upstream.port, ssl=upstream.tls or None, limit=HEAD_BYTES
    )
    try:
        target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if upstream.credential is not None:
            lines.append(f"Proxy-Authorization: {upstream.credential}")
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        answer = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)
        if len(answer) < 2 or answer[1][:1] != b"2":
            raise _AnswerError(502, UPSTREAM)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        writer.close()
        raise _AnswerError(502, UPSTREAM) from None
    except BaseException:
        writer.close()
        raise
    return reader, writer


def _basic(user_and_password: str) -> str:
    return "Basic " + b64encode(user_and_password.encode()).decode()
