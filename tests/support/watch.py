"""Looks over a bot's shoulder: every request that discord.py makes is judged when it is sent.

Works with the real discord.py and with SimCord, whose doubles take the places of HTTPClient and AsyncWebhookAdapter.
"""

import json
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any
from unittest.mock import patch

from discord.http import HTTPClient, Route
from discord.webhook.async_ import AsyncWebhookAdapter
from simcord.http import FakeHTTPClient, FakeWebhookAdapter

from tests.support.discord_api import api_path, problems
from tests.support.discord_messages import FileInfo

_Part = dict[str, Any]


@dataclass(frozen=True)
class SentRequest:
    """A request as it left the bot; files by the name of their multipart field."""

    method: str
    path: str
    json: Any
    files: dict[str, FileInfo]


@dataclass
class RequestRecorder:
    """The requests of all bots in this process since `watch` began, and what was wrong with them."""

    requests: list[SentRequest] = field(default_factory=list[SentRequest])
    failures: list[str] = field(default_factory=list[str])

    @property
    def checked(self) -> int:
        """How many requests were judged."""
        return len(self.requests)

    def matching(self, method: str, path_part: str) -> list[SentRequest]:
        """The requests with this method and ``path_part`` somewhere in their path."""
        return [request for request in self.requests if request.method == method and path_part in request.path]

    def judge(self, route: Route, body: object, parts: Iterable[_Part] | None) -> None:
        """Keep a request, and whatever is wrong with it."""
        fields, files = _unpacked(parts or ())
        payload = fields.pop("payload_json", None)
        sent = body if parts is None else json.loads(payload) if payload is not None else fields
        request = SentRequest(route.method, api_path(route.url), sent, files)
        self.requests.append(request)
        found = problems(request.method, request.path, sent, files)
        self.failures.extend(f"{request.method} {request.path}: {problem}" for problem in found)


@contextmanager
def watch() -> Generator[RequestRecorder]:
    """Judge what every bot in this process sends, until the block ends.

    It wraps the classes, not one bot, so the command sync at start and a bot that SimCord restarts are judged too.
    """
    recorder = RequestRecorder()
    with ExitStack() as stack:
        for owner in (HTTPClient, FakeHTTPClient):
            stack.enter_context(patch.object(owner, "request", _http_request(owner.request, recorder)))
        for owner in (AsyncWebhookAdapter, FakeWebhookAdapter):
            stack.enter_context(patch.object(owner, "request", _webhook_request(owner.request, recorder)))
        yield recorder


def _http_request(original: Callable[..., Awaitable[Any]], recorder: RequestRecorder) -> Callable[..., Awaitable[Any]]:
    async def request(self: HTTPClient, route: Route, **kwargs: Any) -> Any:
        recorder.judge(route, kwargs.get("json"), kwargs.get("form"))
        return await original(self, route, **kwargs)

    return request


def _webhook_request(
    original: Callable[..., Awaitable[Any]], recorder: RequestRecorder
) -> Callable[..., Awaitable[Any]]:
    async def request(self: AsyncWebhookAdapter, route: Route, session: Any, **kwargs: Any) -> Any:
        recorder.judge(route, kwargs.get("payload"), kwargs.get("multipart") or None)
        return await original(self, route, session, **kwargs)

    return request


def _unpacked(parts: Iterable[_Part]) -> tuple[dict[str, str], dict[str, FileInfo]]:
    """The plain fields and the files of a form, in the keyword arguments of aiohttp's ``FormData.add_field``."""
    fields: dict[str, str] = {}
    files: dict[str, FileInfo] = {}
    for part in parts:
        if "filename" in part:
            files[part["name"]] = FileInfo(part["filename"], part.get("content_type", ""), _peeked(part["value"]))
        else:
            fields[part["name"]] = part["value"]
    return fields, files


def _peeked(value: bytes | IO[bytes]) -> bytes:
    """The bytes of a file that is about to be sent, which is left where it stood."""
    if isinstance(value, bytes):
        return value
    position = value.tell()
    data = value.read()
    value.seek(position)
    return data
