"""The bot's own replies to a message, found again on Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.client import Nugu

LOOKED_THROUGH = 200
"""Messages after the one with the question in which a reply is looked for."""


async def own_replies(
    client: Nugu, channel: discord.PartialMessageable, message_id: int
) -> AsyncIterator[discord.Message]:
    """The bot's replies to a message, the oldest first. Raises what `UNREACHABLE` holds."""
    after = discord.Object(message_id)
    async for message in channel.history(after=after, limit=LOOKED_THROUGH, oldest_first=True):
        answers = message.reference is not None and message.reference.message_id == message_id
        if answers and client.user is not None and message.author.id == client.user.id:
            yield message
