"""What each REST endpoint of a loopback Discord does and answers."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from tests.support.discord_messages import FileInfo
from tests.support.jsonish import as_list, as_object
from tests.support.wire_components import shown
from tests.support.wire_interactions import Interaction
from tests.support.wire_world import Channel, DiscordWorld, Json

_EPHEMERAL, LOADING, _COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15
_EDITABLE: Json = {"content": "", "embeds": [], "components": [], "flags": 0}
"""The fields of a message that a body may set, and what null means for each."""


class UnknownEndpointError(LookupError):
    """A request that this kit has no answer to: a gap of the test, not something that the bot may handle."""


class DiscordRefusalError(Exception):
    """An answer of Discord's that is an error."""

    def __init__(self, status: int, code: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class EndpointCall:
    """A request to one endpoint: the variable parts of its path, its query, its body and its files."""

    parts: tuple[str, ...]
    query: Mapping[str, str]
    json: Any
    files: Mapping[str, FileInfo]


@dataclass
class EndpointAnswers:
    """Serves the endpoints from the world; every message it makes or changes goes out over the gateway as well."""

    world: DiscordWorld
    dispatch: Callable[[str, Json, int | None], Awaitable[None]]
    shards: int
    commands: list[Json] = field(default_factory=list[Json])
    interactions: dict[str, Interaction] = field(default_factory=dict[str, Interaction])
    """By token."""
    _files: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    """The files of each message, those that its components show among them."""
    _nonces: dict[str, int] = field(default_factory=dict[str, int])
    """The message of each nonce."""

    async def answer(
        self, method: str, path: str, body: Any, files: Mapping[str, FileInfo], query: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON of a response; None for one without a body.

        Raises DiscordRefusalError as Discord would refuse, and UnknownEndpointError for an endpoint that this kit lacks.
        """
        for pattern, handler in ENDPOINTS:
            if match := re.fullmatch(pattern, f"{method} {path}"):
                return await handler(self, EndpointCall(match.groups(), query or {}, body, files))
        raise UnknownEndpointError(f"the loopback Discord has no {method} {path}")

    async def bot_user(self, _: EndpointCall) -> Json:
        """GET /users/@me."""
        return self.world.bot.own_payload()

    async def application(self, _: EndpointCall) -> Json:
        """GET /oauth2/applications/@me."""
        return {
            "id": str(self.world.bot.id),
            "name": self.world.bot.name,
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": self.world.owner.payload(),
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "eligible_oauth2_scopes": [],
            "explicit_content_filter": 0,
            **dict.fromkeys(("type", "team", "interactions_endpoint_url", "role_connections_verification_url")),
            **dict.fromkeys(
                (f"approximate_{what}_count" for what in ("guild", "user_install", "user_authorization")), 0
            ),
        }

    async def gateway(self, _: EndpointCall) -> Json:
        """GET /gateway/bot."""
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        url = self.world.base_url.replace("http", "ws", 1) + "/gateway"
        return {"url": url, "shards": self.shards, "session_start_limit": limit}

    async def put_commands(self, call: EndpointCall) -> list[Json]:
        """PUT /applications/*/commands."""
        left_out: Json = {"type": 1, "description": "", "default_member_permissions": None}
        wanted: list[Json] = call.json or []
        self.commands = [
            {
                **left_out,
                **{key: value for key, value in command.items() if value is not None},
                **_as_text(command, "default_member_permissions"),
                "id": str(self.world.snowflake()),
                "application_id": str(self.world.bot.id),
                "version": "1",
            }
            for command in wanted
        ]
        return self.commands

    async def get_commands(self, _: EndpointCall) -> list[Json]:
        """GET /applications/*/commands."""
        return self.commands

    async def open_dm(self, call: EndpointCall) -> Json:
        """POST /users/@me/channels."""
        user = self.world.users.get(int(call.json["recipient_id"]))
        if user is None:
            raise DiscordRefusalError(404, 10013, "Unknown User")
        return self.world.add_channel(user.name, None).payload([user])

    async def get_channel(self, call: EndpointCall) -> Json:
        """GET /channels/*."""
        return self._channel(call.parts[0]).payload()

    async def typing(self, call: EndpointCall) -> None:
        """POST /channels/*/typing."""
        self._channel(call.parts[0])

    async def post_message(self, call: EndpointCall) -> Json:
        """POST /channels/*/messages: with a nonce that is enforced and known, what it made the first time."""
        nonce = call.json.get("nonce") if call.json.get("enforce_nonce") else None
        if nonce is not None and (known := self._nonces.get(str(nonce))) is not None:
            return self._message(known)
        message = await self._create(self._channel(call.parts[0]), call.json, call.files)
        if nonce is not None:
            message["nonce"] = nonce
            self._nonces[str(nonce)] = int(message["id"])
        return message

    async def history(self, call: EndpointCall) -> list[Json]:
        """GET /channels/*/messages: those after a message, the newest first."""
        after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 50))
        there = [m for m in self.world.messages.values() if m["channel_id"] == call.parts[0] and int(m["id"]) > after]
        seen = [message for message in there if not message["flags"] & _EPHEMERAL]
        return sorted(seen, key=lambda message: int(message["id"]))[:limit][::-1]

    async def get_message(self, call: EndpointCall) -> Json:
        """GET /channels/*/messages/*."""
        return self._message(int(call.parts[1]))

    async def patch_message(self, call: EndpointCall) -> Json:
        """PATCH /channels/*/messages/*."""
        return await self._edit(int(call.parts[1]), call.json, call.files)

    async def delete_message(self, call: EndpointCall) -> None:
        """DELETE /channels/*/messages/*."""
        await self.delete(int(call.parts[1]))

    async def callback(self, call: EndpointCall) -> Json:
        """POST /interactions/*/*/callback: the first answer, which must come in time and once."""
        interaction = self._interaction(call.parts[1])
        if interaction.expired:
            raise DiscordRefusalError(404, 10062, "Unknown interaction")
        if interaction.answered:
            raise DiscordRefusalError(400, 40060, "Interaction has already been acknowledged.")
        interaction.answered = True
        kind: int = call.json["type"]
        data: Json = call.json.get("data") or {}
        message: Json | None = None
        if kind in (4, 5):
            extra = LOADING if kind == 5 else 0
            flags = data.get("flags", 0) | extra
            message = await self._create(interaction.channel, {**data, "flags": flags}, call.files)
            interaction.original_id = int(message["id"])
        elif kind in (6, 7):
            interaction.original_id = interaction.source_message_id
            if kind == 7 and interaction.original_id is not None:
                message = await self._edit(interaction.original_id, data, call.files)
        heard: Json = {"id": str(interaction.id), "type": interaction.kind}
        if message is None:
            return {"interaction": heard}
        interaction.said.append(message)
        heard["response_message_id"] = message["id"]
        heard["response_message_loading"] = kind == 5
        heard["response_message_ephemeral"] = bool(message["flags"] & _EPHEMERAL)
        # Of "thinking" Discord tells the id alone.
        resource = {} if kind == 5 else {"resource": {"type": kind, "message": message}}
        return {"interaction": heard, **resource}

    async def followup(self, call: EndpointCall) -> Json:
        """POST /webhooks/*/*: the first one takes the place of "thinking"."""
        interaction = self._interaction(call.parts[1])
        if not interaction.answered:
            raise DiscordRefusalError(404, 10015, "Unknown Webhook")
        original = self.world.messages.get(interaction.original_id or 0)
        if original is not None and original["flags"] & LOADING:
            flags = call.json.get("flags", 0) & ~_EPHEMERAL
            message = await self._edit(int(original["id"]), {**call.json, "flags": flags}, call.files)
        else:
            message = await self._create(interaction.channel, call.json, call.files)
        interaction.said.append(message)
        return message

    async def get_answer(self, call: EndpointCall) -> Json:
        """GET /webhooks/*/*/messages/*."""
        return self._message(self._answer_id(call))

    async def patch_answer(self, call: EndpointCall) -> Json:
        """PATCH /webhooks/*/*/messages/*."""
        message = await self._edit(self._answer_id(call), call.json, call.files)
        self._interaction(call.parts[1]).said.append(message)
        return message

    async def delete_answer(self, call: EndpointCall) -> None:
        """DELETE /webhooks/*/*/messages/*."""
        await self.delete(self._answer_id(call))

    def _channel(self, channel_id: str) -> Channel:
        channel = self.world.channels.get(int(channel_id))
        if channel is None:
            raise DiscordRefusalError(404, 10003, "Unknown Channel")
        return channel

    def _message(self, message_id: int) -> Json:
        message = self.world.messages.get(message_id)
        if message is None:
            raise DiscordRefusalError(404, 10008, "Unknown Message")
        return message

    def _interaction(self, token: str) -> Interaction:
        interaction = self.interactions.get(token)
        if interaction is None:
            raise DiscordRefusalError(404, 10015, "Unknown Webhook")
        return interaction

    def _answer_id(self, call: EndpointCall) -> int:
        if call.parts[2] != "@original":
            return int(call.parts[2])
        original = self._interaction(call.parts[1]).original_id
        if original is None:
            raise DiscordRefusalError(404, 10008, "Unknown Message")
        return original

    async def _create(self, channel: Channel, body: Json, files: Mapping[str, FileInfo]) -> Json:
        message = self.world.add_message(channel, self.world.bot)
        if reference := body.get("message_reference"):
            ids = {key: str(value) for key, value in reference.items() if key.endswith("_id")}
            message["message_reference"] = {"type": 0, "channel_id": str(channel.id), **ids}
            message["type"] = 19
        self._fill(message, channel, body, files)
        await self._announce("MESSAGE_CREATE", message, channel)
        return message

    async def _edit(self, message_id: int, body: Json, files: Mapping[str, FileInfo]) -> Json:
        message = self._message(message_id)
        channel = self.world.channels[int(message["channel_id"])]
        kept = message["flags"] & _EPHEMERAL
        message["flags"] &= ~LOADING
        message["edited_timestamp"] = datetime.now(UTC).isoformat()
        self._fill(message, channel, body, files)
        message["flags"] |= kept
        await self._announce("MESSAGE_UPDATE", message, channel)
        return message

    async def delete(self, message_id: int) -> None:
        """Delete a message, and say so through the gateway."""
        message = self._message(message_id)
        del self.world.messages[message_id]
        channel = self.world.channels[int(message["channel_id"])]
        await self._announce("MESSAGE_DELETE", {"id": message["id"], "channel_id": message["channel_id"]}, channel)

    async def _announce(self, event: str, message: Json, channel: Channel) -> None:
        """Send an event about a message through the gateway, unless only one person sees the message."""
        if message.get("flags", 0) & _EPHEMERAL:
            return
        place = {"guild_id": str(channel.guild_id)} if channel.guild_id else {}
        await self.dispatch(event, {**message, **place}, channel.guild_id)

    def _fill(self, message: Json, channel: Channel, body: Json, files: Mapping[str, FileInfo]) -> None:
        """Put a body's fields into a message: new files become attachments, listed old ones stay.

        As on Discord, a message of components shows its files in them alone: `attachments` is empty (discord-api-docs
        #8277).
        """
        listed: list[Json] | None = body.get("attachments")
        held = self._files.setdefault(message["id"], [])
        if listed is not None:
            ids = {str(entry["id"]) for entry in listed}
            held[:] = [kept for kept in held if kept["id"] in ids]
        descriptions = {str(entry["id"]): entry.get("description") for entry in listed or []}
        for name, info in files.items():
            index = name.removeprefix("files[").removesuffix("]")
            held.append(self.world.add_attachment(channel.id, info, descriptions.get(index)))
        urls = {f"attachment://{item['filename']}": item["url"] for item in held}
        for key, empty in _EDITABLE.items():
            if key in body:
                message[key] = _with_urls(body[key] or empty, urls)
        if "components" in body:
            message["components"] = shown(
                message["components"], {item["url"]: item for item in held}, self.world.snowflake
            )
        message["attachments"] = [] if message.get("flags", 0) & _COMPONENTS_V2 else list(held)


def _as_text(body: Json, key: str) -> Json:
    """A number that Discord sends as text, however the body had it; nothing where the body had none."""
    return {} if body.get(key) is None else {key: str(body[key])}


def _with_urls(value: Any, urls: Mapping[str, str]) -> Any:
    """The JSON with each ``attachment://NAME`` replaced by where the file can be fetched."""
    if isinstance(value, str):
        return urls.get(value, value)
    if isinstance(value, dict):
        return {key: _with_urls(item, urls) for key, item in as_object(cast("object", value)).items()}
    if isinstance(value, list):
        return [_with_urls(item, urls) for item in as_list(cast("object", value))]
    return value


ENDPOINTS: list[tuple[str, Callable[[EndpointAnswers, EndpointCall], Awaitable[Any]]]] = [
    (r"GET /users/@me", EndpointAnswers.bot_user),
    (r"GET /oauth2/applications/@me", EndpointAnswers.application),
    (r"GET /gateway/bot", EndpointAnswers.gateway),
    (r"PUT /applications/\d+(?:/guilds/\d+)?/commands", EndpointAnswers.put_commands),
    (r"GET /applications/\d+(?:/guilds/\d+)?/commands", EndpointAnswers.get_commands),
    (r"POST /users/@me/channels", EndpointAnswers.open_dm),
    (r"GET /channels/(\d+)", EndpointAnswers.get_channel),
    (r"POST /channels/(\d+)/typing", EndpointAnswers.typing),
    (r"POST /channels/(\d+)/messages", EndpointAnswers.post_message),
    (r"GET /channels/(\d+)/messages", EndpointAnswers.history),
    (r"GET /channels/(\d+)/messages/(\d+)", EndpointAnswers.get_message),
    (r"PATCH /channels/(\d+)/messages/(\d+)", EndpointAnswers.patch_message),
    (r"DELETE /channels/(\d+)/messages/(\d+)", EndpointAnswers.delete_message),
    (r"POST /interactions/(\d+)/([^/]+)/callback", EndpointAnswers.callback),
    (r"POST /webhooks/(\d+)/([^/]+)", EndpointAnswers.followup),
    (r"GET /webhooks/(\d+)/([^/]+)/messages/([^/]+)", EndpointAnswers.get_answer),
    (r"PATCH /webhooks/(\d+)/([^/]+)/messages/([^/]+)", EndpointAnswers.patch_answer),
    (r"DELETE /webhooks/(\d+)/([^/]+)/messages/([^/]+)", EndpointAnswers.delete_answer),
]
"""The endpoints that this kit has, by method and path, and what answers each."""
