"""An answer that takes long: edited while the work goes on, and sent anew when Discord no longer lets it be edited."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from bot.client import Nugu
    from cogs.cards.layout import Layout

BETWEEN = 3.0
"""Seconds between two edits."""

TOKEN_SECONDS = 14 * 60
"""A minute less than Discord lets an interaction be answered."""


class Progress:
    """The deferred answer to an interaction."""

    def __init__(self, interaction: discord.Interaction[Nugu]) -> None:
        self._interaction = interaction
        self._shown = 0.0

    async def show(self, card: Layout) -> None:
        """Show how it stands, unless it was shown a moment ago or Discord listens no more."""
        now = time.monotonic()
        if now - self._shown >= BETWEEN and not self._is_over():
            self._shown = now
            await self._interaction.edit_original_response(view=card)

    async def end(self, card: Layout) -> None:
        """Show how it ended: here, or in the channel with a mention when that took too long."""
        if not self._is_over():
            await self._interaction.edit_original_response(view=card)
            return
        channel = self._interaction.channel
        if isinstance(channel, discord.abc.Messageable):
            card.add_item(discord.ui.TextDisplay(f"-# {self._interaction.user.mention}, this is what you asked for."))
            await channel.send(view=card, allowed_mentions=discord.AllowedMentions(users=[self._interaction.user]))

    def _is_over(self) -> bool:
        return (discord.utils.utcnow() - self._interaction.created_at).total_seconds() > TOKEN_SECONDS
