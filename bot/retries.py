"""Send a request to Discord once more after its connection broke, without doubling a message.

Discord may close a kept connection just before the next request. aiohttp repeats only requests with idempotent methods,
and discord.py 2.7.1 only those that ended with errno 54 or 10054, which is 104 on Linux. All other requests would be lost,
even an acknowledgement, which must arrive within three seconds.

The first request may have arrived. Then Discord answers the second one as follows:

- a message in a channel: with the first message, by its `nonce`, which discord.py sends with `enforce_nonce`;
- an acknowledgement: with error 40060, which means that the first one arrived;
- the first message after "thinking": with a further message, so the adapter first looks whether "thinking" is still shown;
- an edit, a deletion, a sync: as to the first one.

A further message of an interaction has no nonce, and can't be looked for. It is sent again, since a lost one is worse.
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
"""Discord's error code for an interaction that is acknowledged already."""

BREAKS = (OSError, aiohttp.ClientError)
MESSAGE, THINKING = 4, 5
"""The types of acknowledgements that make a message."""

REMEMBERED = 1000
"""Interactions with "thinking" that are remembered, at most. Each lasts 15 minutes."""


def retry_once(client: discord.Client) -> None:
    """Let all requests of `client` be sent once more after their connection broke.

    Call it in the task that starts the client: discord.py reads the adapter of interactions from the task's context.
    """
    client.http.request = functools.partial(_request_twice, client.http.request)
    async_context.set(RetryingWebhookAdapter(client))


def is_broken(error: BaseException) -> bool:
    """Whether the connection broke during a request. An error before the connection was open doesn't count."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.errno == errno.ECONNRESET
    return isinstance(
        error, ConnectionError | aiohttp.ClientOSError | aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError
    )


class RetryingWebhookAdapter(AsyncWebhookAdapter):
    """The adapter for acknowledgements and messages of interactions."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__()
        self._client = client
        self._thinking: deque[str] = deque(maxlen=REMEMBERED)
        """The tokens of interactions that show "thinking" and have no message yet."""

    async def request(self, route: Route, session: aiohttp.ClientSession, **options: Any) -> Any:
        """See `AsyncWebhookAdapter.request`."""
        response = await self._send_twice(route, session, options)
        token = route.webhook_token
        if token is not None and route.path == CALLBACK and _body(options)["type"] == THINKING:
            self._thinking.append(token)
        elif token in self._thinking and route.method != "GET":
            self._thinking.remove(token)
        return response

    async def _send_twice(self, route: Route, session: aiohttp.ClientSession, options: dict[str, Any]) -> Any:
        try:
            return await super().request(route, session, **options)
        except BREAKS as error:
            if not is_broken(error):
                raise
            _prepare_retry(route, error, options.get("files"))
        if route.path == FOLLOWUP and route.webhook_token in self._thinking:
            shown = await self._original(route, session)
            if not shown["flags"] & discord.MessageFlags.loading.flag:
                return shown
        try:
            return await super().request(route, session, **options)
        except discord.HTTPException as refused:
            if route.path != CALLBACK or refused.code != ACKNOWLEDGED:
                raise
        return await self._acknowledged(route, session, _body(options)["type"])

    async def _acknowledged(self, route: Route, session: aiohttp.ClientSession, kind: int) -> Any:
        """The response to an acknowledgement that arrived at first, with the fields that discord.py reads."""
        interaction: dict[str, Any] = {"id": str(route.webhook_id)}
        if kind not in {MESSAGE, THINKING}:
            return {"interaction": interaction}
        message = await self._original(route, session)
        interaction["response_message_id"] = message["id"]
        interaction["response_message_loading"] = bool(message["flags"] & discord.MessageFlags.loading.flag)
        interaction["response_message_ephemeral"] = bool(message["flags"] & discord.MessageFlags.ephemeral.flag)
        resource = {"resource": {"type": kind, "message": message}} if kind == MESSAGE else {}
        return {"interaction": interaction, **resource}

    async def _original(self, route: Route, session: aiohttp.ClientSession) -> Any:
        assert self._client.application_id is not None
        assert route.webhook_token is not None
        return await self.get_original_interaction_response(
            self._client.application_id, route.webhook_token, session=session
        )


async def _request_twice(
    request: Callable[..., Awaitable[Any]],
    route: Route,
    *,
    files: Sequence[discord.File] | None = None,
    **options: Any,
) -> Any:
    """Call `HTTPClient.request`, and once more after the connection broke."""
    try:
        return await request(route, files=files, **options)
    except BREAKS as error:
        if not is_broken(error):
            raise
        _prepare_retry(route, error, files)
    return await request(route, files=files, **options)


def _prepare_retry(route: Route, error: Exception, files: Sequence[discord.File] | None) -> None:
    """Log the error, and rewind the files of a request, which is sent once more."""
    log.warning("sending %s %s once more, as its connection broke: %r", route.method, route.path, error)
    for file in files or ():
        file.reset()


def _body(options: dict[str, Any]) -> dict[str, Any]:
    """The body of a request, with files or without."""
    return options["payload"] if options.get("payload") is not None else json.loads(options["multipart"][0]["value"])
