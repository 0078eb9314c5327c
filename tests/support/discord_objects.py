"""Messages as discord.py makes them of what Discord sends."""

from __future__ import annotations

from typing import Any

import discord

COMPONENTS_V2 = 1 << 15


def message(*components: dict[str, Any], **fields: Any) -> discord.Message:
    """A message as Discord sends it."""
    author = {"id": "5", "username": "fan", "discriminator": "0", "avatar": None}
    data: dict[str, Any] = {"id": "9", "channel_id": "7", "author": author, "type": 0, "pinned": False, "tts": False}
    data |= {"mention_everyone": False, "mentions": [], "mention_roles": [], "timestamp": "2026-11-29T00:00:00+00:00"}
    data |= {"edited_timestamp": None, "content": "", "embeds": [], "attachments": [], "flags": COMPONENTS_V2}
    client = discord.Client(intents=discord.Intents.none())
    state = client._connection  # pyright: ignore[reportPrivateUsage]  # what a Message is made with
    channel = discord.PartialMessageable(state, id=7)
    payload: Any = data | {"components": list(components)} | fields
    return discord.Message(state=state, channel=channel, data=payload)


def snapshot(*components: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    """A forwarded message."""
    shown: dict[str, Any] = {"type": 0, "content": "", "mentions": [], "mention_roles": [], "attachments": []}
    shown |= {"embeds": [], "timestamp": "2026-11-29T00:00:00+00:00", "edited_timestamp": None, "flags": COMPONENTS_V2}
    return [{"message": shown | {"components": list(components)} | fields}]
