"""The REST side of a loopback Discord: takes requests apart, judges and records them, and answers as Discord does."""

import asyncio
import hashlib
import json
import math
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, cast
from weakref import WeakSet

from aiohttp import BodyPartReader, web

from tests.support.discord_answers import answer_problems
from tests.support.discord_api import api_path, problems
from tests.support.discord_messages import FileInfo
from tests.support.wire_answers import DiscordRefusalError, EndpointAnswers, UnknownEndpointError
from tests.support.wire_gateway import Signal
from tests.support.wire_world import Json

CUT = -1
"""The status of a request whose answer was lost with its connection."""


@dataclass
class ReceivedRequest:
    """A request that arrived, files by multipart field, and the status it was answered with (0: not yet)."""

    method: str
    path: str
    query: dict[str, str]
    json: Any
    files: dict[str, FileInfo]
    authorization: str | None
    status: int = 0
    response: Any = None

    def fits(self, method: str, pattern: str) -> bool:
        """Whether it is a request to this endpoint; a ``*`` in the pattern stands for one segment."""
        wanted, got = pattern.strip("/").split("/"), self.path.strip("/").split("/")
        same_length = self.method == method and len(wanted) == len(got)
        return same_length and all(fnmatchcase(part, want) for part, want in zip(got, wanted, strict=True))


@dataclass
class RequestFault:
    """An answer that waits for the next request to an endpoint."""

    method: str
    pattern: str
    status: int
    retry_after: float = 0.0
    error: Json | None = None
    """The body; left out, one that says that it was made to fail."""


@dataclass
class ConnectionReset:
    """A reset of the connection that waits for the next request to an endpoint on a connection that was used before.

    ``served``: the request is carried out first, and only its answer is lost. ``silently``: the connection is closed, and
    not reset.
    """

    method: str
    pattern: str
    served: bool
    silently: bool


class RestApi:
    """Takes every request below ``/api/v10``."""

    def __init__(self, answers: EndpointAnswers, token: str, upload_limit: int, signal: Signal) -> None:
        self.requests: list[ReceivedRequest] = []
        self.failures: list[str] = []
        self.faults: list[RequestFault] = []
        self.resets: list[ConnectionReset] = []
        self._used: WeakSet[asyncio.Transport] = WeakSet()
        """The connections that have had a request."""
        self.watcher: Callable[[ReceivedRequest], None] | None = None
        """Called with each request before it is carried out (status 0), and after that."""
        self._answers = answers
        self._token = token
        self._upload_limit = upload_limit
        self._signal = signal

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request: refused, faulted, cut off or served."""
        reset = self._reset_for(request)
        if reset and not reset.served:
            # The body is left unread, so that an upload breaks in the middle.
            self.requests.append(_unread(request))
            return self._cut(request, reset)
        received = await _parsed(request)
        self.requests.append(received)
        self._watch(received)
        headers = _rate_limit_headers(received)
        fault = next((fault for fault in self.faults if received.fits(fault.method, fault.pattern)), None)
        if fault:
            self.faults.remove(fault)
            received.status = fault.status
            received.response, headers = _faulted(fault, headers)
        else:
            received.status, received.response = await self._served(received)
        self.failures.extend(answer_problems(received.method, received.path, received.status, received.response))
        self._watch(received)
        self._signal.notify()
        if reset:
            received.status = CUT
            return self._cut(request, reset)
        if received.response is None:
            return web.Response(status=received.status, headers=headers)
        # Bytes, so that no charset follows the content type: discord.py reads as JSON only what is exactly that.
        data = json.dumps(received.response).encode()
        return web.Response(body=data, status=received.status, headers=headers, content_type="application/json")

    def _watch(self, received: ReceivedRequest) -> None:
        if self.watcher is not None:
            self.watcher(received)

    def _reset_for(self, request: web.Request) -> ConnectionReset | None:
        """The reset that waits for this request, if its connection has been used before."""
        assert request.transport is not None
        used = request.transport in self._used
        self._used.add(request.transport)
        unread = _unread(request)
        reset = next((reset for reset in self.resets if unread.fits(reset.method, reset.pattern)), None)
        if reset is None or not used:
            return None
        self.resets.remove(reset)
        return reset

    def _cut(self, request: web.Request, reset: ConnectionReset) -> web.Response:
        """End the connection; what is returned goes nowhere."""
        assert request.transport is not None
        if not reset.silently:
            socket_ = request.transport.get_extra_info("socket")
            # To close without lingering resets the connection.
            socket_.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
        return web.Response()

    async def _served(self, received: ReceivedRequest) -> tuple[int, Any]:
        if received.authorization not in (None, f"Bot {self._token}"):
            return 401, {"message": "401: Unauthorized", "code": 0}
        if any(len(info.data or b"") > self._upload_limit for info in received.files.values()):
            return 413, {"message": "Request entity too large", "code": 40005}
        found = problems(received.method, received.path, received.json, received.files)
        if found:
            self.failures.extend(f"{received.method} {received.path}: {problem}" for problem in found)
            return 400, {"message": f"Invalid Form Body: {'; '.join(found)}", "code": 50035}
        try:
            response = await self._answers.answer(
                received.method, received.path, received.json, received.files, received.query
            )
        except DiscordRefusalError as refusal:
            return refusal.status, {"message": refusal.reason, "code": refusal.code}
        except UnknownEndpointError as error:
            # A gap of this kit is a failure of the test, not something that the bot may handle.
            self.failures.append(str(error))
            return 501, {"message": str(error), "code": 0}
        return (204 if response is None else 200), response


def _unread(request: web.Request) -> ReceivedRequest:
    """The request without its body, which was not waited for."""
    path = api_path(request.rel_url.raw_path)
    return ReceivedRequest(
        request.method, path, dict(request.query), None, {}, request.headers.get("Authorization"), CUT
    )


def _rate_limit_headers(received: ReceivedRequest) -> dict[str, str]:
    """The headers of a bucket with plenty left; one bucket an endpoint."""
    shape = "/".join("*" if part.isdecimal() else part for part in received.path.split("/"))
    bucket = hashlib.sha256(f"{received.method} {shape}".encode()).hexdigest()[:32]
    return {
        "X-RateLimit-Bucket": bucket,
        "X-RateLimit-Limit": "50",
        "X-RateLimit-Remaining": "49",
        "X-RateLimit-Reset-After": "1.000",
        # discord.py takes a 429 without it for a ban by Cloudflare.
        "Via": "1.1 google",
    }


def _faulted(fault: RequestFault, headers: dict[str, str]) -> tuple[Json, dict[str, str]]:
    if fault.status != web.HTTPTooManyRequests.status_code:
        return fault.error or {"message": f"{fault.status}: made to fail", "code": 0}, headers
    limited = {
        "Retry-After": str(math.ceil(fault.retry_after)),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset-After": f"{fault.retry_after:.3f}",
        "X-RateLimit-Scope": "user",
    }
    body: Json = {
        "message": "You are being rate limited.",
        "code": 0,
        "retry_after": fault.retry_after,
        "global": False,
    }
    return body, headers | limited


async def _parsed(request: web.Request) -> ReceivedRequest:
    """The request with its JSON, or with the fields and files of its form."""
    body: Any = None
    files: dict[str, FileInfo] = {}
    if request.content_type == "multipart/form-data":
        fields: dict[str, str] = {}
        async for part in _parts(request):
            name, data = part.name or "", bytes(await part.read())
            if part.filename is None:
                fields[name] = data.decode()
            else:
                files[name] = FileInfo(part.filename, part.headers.get("Content-Type", ""), data)
        body = json.loads(fields["payload_json"]) if "payload_json" in fields else fields
    elif text := await request.text():
        body = json.loads(text)
    path = api_path(request.rel_url.raw_path)
    authorization = request.headers.get("Authorization")
    return ReceivedRequest(request.method, path, dict(request.query), body, files, authorization)


async def _parts(request: web.Request) -> AsyncIterator[BodyPartReader]:
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        # Discord's forms are flat: a part is never a multipart of its own.
        yield cast("BodyPartReader", part)
