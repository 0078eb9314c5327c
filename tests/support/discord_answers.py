"""Judges what a stand-in for Discord says by its OpenAPI description: its answers, and what of its events is described."""

from collections.abc import Iterator
from typing import Any

from tests.support.discord_api import api_path
from tests.support.discord_schema import load_schema
from tests.support.jsonish import as_list, as_object

UNDESCRIBED = {
    "status 5XX": "the description has no outages; discord.py reads nothing of their bodies",
    "READY": "no schema for gateway events; its user is judged",
    "RESUMED": "no schema for gateway events; it is empty",
    "MESSAGE_DELETE": "no schema for gateway events; it holds ids alone",
    "INTERACTION_CREATE": "no schema for gateway events; its user, member, message and attachments are judged",
    "GUILD_MEMBERS_CHUNK": "no schema for gateway events; its members are judged",
    "GUILD_CREATE": "no schema for gateway events; judged as the guild of GET /guilds/*, and so are its channels and members",
    "MESSAGE_CREATE": "no schema for gateway events; judged as the message of GET /channels/*/messages/*",
    "MESSAGE_UPDATE": "as MESSAGE_CREATE",
    "HELLO, HEARTBEAT_ACK, INVALID_SESSION": "the description knows no opcodes; none of them is an event",
}
"""What Discord's description doesn't tell of, and why that is left alone."""

_PARTS: dict[str, list[tuple[str, str]]] = {
    "READY": [("user", "UserPIIResponse")],
    "GUILD_CREATE": [
        ("", "GuildResponse"),
        ("channels.*", "GuildChannelResponse"),
        ("members.*", "GuildMemberResponse"),
    ],
    "GUILD_MEMBERS_CHUNK": [("members.*", "GuildMemberResponse")],
    "MESSAGE_CREATE": [("", "MessageResponse")],
    "MESSAGE_UPDATE": [("", "MessageResponse")],
    "INTERACTION_CREATE": [
        ("user", "UserResponse"),
        ("member", "GuildMemberResponse"),
        ("message", "MessageResponse"),
        ("data.resolved.attachments.*", "MessageAttachmentResponse"),
    ],
}
"""The parts of events that the description has a schema for; a ``*`` stands for each of them."""


def answer_problems(method: str, path: str, status: int, body: object) -> list[str]:
    """Where an answer differs from what Discord's description says of the endpoint and status; see `UNDESCRIBED`."""
    schema = load_schema()
    if schema is None or status >= 500:
        return []
    found = schema.answer_problems(method, api_path(path), status, body)
    return [f"answer {status} to {method} {api_path(path)}: {problem}" for problem in found]


def event_problems(event: str, data: object) -> list[str]:
    """Where the described parts of a gateway event differ from their schemas."""
    schema = load_schema()
    if schema is None:
        return []
    if event not in UNDESCRIBED:
        return [f"{event} is not judged, and UNDESCRIBED doesn't say why"]
    return [
        f"{event} {place}: {problem}"
        for where, name in _PARTS.get(event, [])
        for place, part in _found(data, where)
        for problem in schema.object_problems(name, part)
    ]


def _found(value: object, where: str) -> Iterator[tuple[str, Any]]:
    """The parts of a JSON at a place, each with where it stands; none where the event lacks them."""
    step, _, below = where.partition(".")
    if not step:
        yield "", value
    elif step == "*":
        items = list(as_object(value).items()) or list(enumerate(as_list(value)))
        for key, item in items:
            for place, part in _found(item, below):
                yield f"{key}.{place}".rstrip("."), part
    elif step in as_object(value):
        for place, part in _found(as_object(value)[step], below):
            yield f"{step}.{place}".rstrip("."), part
