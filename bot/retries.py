"""A request to Discord whose connection broke is sent once more, and nothing is said twice.

A connection that was kept open may have been closed by Discord when the next request goes out. aiohttp tries again what
may be repeated by its method alone, and discord.py 2.7.1 what ended with errno 54 or 10054, which Linux knows as 104.
Everything else would be lost, an acknowledgement that must arrive within three seconds included.

The request may have arrived all the same. Then Discord answers the second one so:

- a message in a channel: with the first one's, by its `nonce`, which discord.py sends with `enforce_nonce`;
- an acknowledgement: with 40060, which means that it was heard;
- the first message after "thinking": not at all, so what became of "thinking" is looked at before;
- an edit, a deletion, a sync: as it did the first time.

A further message of an interaction has no nonce and can't be looked for: it is sent again, as a lost one is worse.
"""

from __future__ import annotations

import errno
import functools
import json
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from discord.http import Route

log = logging.getLogger(__name__)

CALLBACK = "/interactions/{webhook_id}/{webhook_token}/callback"
FOLLOWUP = "/webhooks/{webhook_id}/{webhook_token}"
ACKNOWLEDGED = 40060
BREAKS = (OSError, aiohttp.ClientError)
MESSAGE, THINKING = 4, 5
"""Types of acknowledgements that make a message."""

REMEMBERED = 1000
"""Interactions that show "thinking" and are remembered at most; each lasts 15 minutes."""


def retry_once(client: discord.Client) -> None:
    """Let all requests of `client` be sent once more where their connection broke.

    Call it in the task that starts the client: interactions take their way to Discord from the context.
    """
    client.http.request = functools.partial(_again, client.http.request)
    async_context.set(RetryingWebhookAdapter(client))


def is_broken(error: BaseException) -> bool:
    """Whether the connection broke under a request, rather than never having come about."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.errno == errno.ECONNRESET
    return isinstance(
        error, ConnectionError | aiohttp.ClientOSError | aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError
    )


class RetryingWebhookAdapter(AsyncWebhookAdapter):
    """The way that acknowledgements and messages of interactions take."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__()
        self._client = client
        self._thinking: deque[str] = deque(maxlen=REMEMBERED)
        """The tokens of interactions that show "thinking", and nothing else yet."""

    async def request(self, route: Route, session: aiohttp.ClientSession, **how: Any) -> Any:
        """See `AsyncWebhookAdapter.request`."""
        answer = await self._requested(route, session, how)
        token = route.webhook_token
        if token is not None and route.path == CALLBACK and _sent(how)["type"] == THINKING:
            self._thinking.append(token)
        elif token in self._thinking and route.method != "GET":
            self._thinking.remove(token)
        return answer

    async def _requested(self, route: Route, session: aiohttp.ClientSession, how: dict[str, Any]) -> Any:
        try:
            return await super().request(route, session, **how)
        except BREAKS as error:
            if not is_broken(error):
                raise
            _make_ready(route, error, how.get("files"))
        if route.path == FOLLOWUP and route.webhook_token in self._thinking:
            shown = await self._original(route, session)
            if not shown["flags"] & discord.MessageFlags.loading.flag:
                return shown
        try:
            return await super().request(route, session, **how)
        except discord.HTTPException as refused:
            if route.path != CALLBACK or refused.code != ACKNOWLEDGED:
                raise
        return await self._acknowledged(route, session, _sent(how)["type"])

    async def _acknowledged(self, route: Route, session: aiohttp.ClientSession, kind: int) -> Any:
        """What Discord answered to an acknowledgement that arrived, as far as discord.py reads it."""
        heard: dict[str, Any] = {"id": str(route.webhook_id)}
        if kind not in {MESSAGE, THINKING}:
            return {"interaction": heard}
        message = await self._original(route, session)
        heard["response_message_id"] = message["id"]
        heard["response_message_loading"] = bool(message["flags"] & discord.MessageFlags.loading.flag)
        heard["response_message_ephemeral"] = bool(message["flags"] & discord.MessageFlags.ephemeral.flag)
        resource = {"resource": {"type": kind, "message": message}} if kind == MESSAGE else {}
        return {"interaction": heard, **resource}

    async def _original(self, route: Route, session: aiohttp.ClientSession) -> Any:
        assert self._client.application_id is not None
        assert route.webhook_token is not None
        return await self.get_original_interaction_response(
            self._client.application_id, route.webhook_token, session=session
        )


async def _again(
    request: Callable[..., Awaitable[Any]],
    route: Route,
    *,
    files: Sequence[discord.File] | None = None,
    **how: Any,
) -> Any:
    """`HTTPClient.request`, twice where the connection broke."""
    try:
        return await request(route, files=files, **how)
    except BREAKS as error:
        if not is_broken(error):
            raise
        _make_ready(route, error, files)
    return await request(route, files=files, **how)


def _make_ready(route: Route, error: Exception, files: Sequence[discord.File] | None) -> None:
    """Make a request whose connection broke ready to be sent again."""
    log.warning("sending %s %s once more, as its connection broke: %r", route.method, route.path, error)
    for file in files or ():
        file.reset()


def _sent(how: dict[str, Any]) -> dict[str, Any]:
    """The body of a request, with files or without."""
    return how["payload"] if how.get("payload") is not None else json.loads(how["multipart"][0]["value"])
