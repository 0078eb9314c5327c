"""Responses to long work: edits while the interaction's token is valid, a new message after that."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import discord

from bot.client import UNREACHABLE
from bot.errors import StoppingError
from cogs.common.errors import sentence_for
from cogs.common.layout import CardAndFiles, message_card
from cogs.common.texts import TAKES_LONGER, late_result_line

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bot.client import Nugu
    from cogs.common.layout import Card

log = logging.getLogger(__name__)

BETWEEN = 3.0
"""Seconds between two edits."""

TOKEN_SECONDS = 14 * 60
"""Seconds for which the bot answers an interaction: a minute less than its token is valid."""


class ProgressResponse:
    """The deferred response to an interaction, edited while work goes on."""

    def __init__(self, interaction: discord.Interaction[Nugu]) -> None:
        self._interaction = interaction
        self._shown = 0.0
        self._card: Card | None = None
        self._until = time.monotonic() + TOKEN_SECONDS

    async def show(self, card: Card) -> None:
        """Show a card, unless the last one is younger than `BETWEEN` or the token has expired."""
        now = time.monotonic()
        if now - self._shown < BETWEEN or self._left() <= 0:
            return
        self._shown, self._card = now, card
        try:
            await self._interaction.edit_original_response(view=card)
        except UNREACHABLE as failure:
            log.warning("could not show the progress of a command: %s", failure)

    async def run(self, work: Coroutine[Any, Any, CardAndFiles]) -> None:
        """Do the work, and show its card or the sentence of its error.

        When the work outlasts the token, the card becomes a new message in the channel, with a mention. When the bot stops
        before, the last card of progress says so.
        """
        task = asyncio.create_task(_card_of(work))
        try:
            done, _ = await asyncio.wait([task], timeout=max(self._left(), 0.0))
        except asyncio.CancelledError:
            task.cancel()
            await self._show_stop()
            raise
        if done:
            card, files = task.result()
            await self._interaction.edit_original_response(view=card, attachments=files)
            return
        await self._interaction.edit_original_response(view=message_card(TAKES_LONGER))
        card, files = await task
        channel = self._interaction.channel
        if isinstance(channel, discord.abc.Messageable):
            card.add_item(discord.ui.TextDisplay(late_result_line(self._interaction.user.id)))
            mentions = discord.AllowedMentions(users=[self._interaction.user])
            await channel.send(view=card, files=files, allowed_mentions=mentions)

    async def _show_stop(self) -> None:
        """Say on the card of progress that the bot stops. Without such a card, `explain_stop` says it."""
        if self._card is None or self._left() <= 0:
            return
        self._card.add_item(discord.ui.TextDisplay(sentence_for(StoppingError())))
        try:
            await self._interaction.edit_original_response(view=self._card)
        except UNREACHABLE as failure:
            log.warning("could not show that a command stopped: %s", failure)

    def _left(self) -> float:
        """Seconds for which the interaction can still be answered. This object is made as soon as one arrives."""
        return self._until - time.monotonic()


async def _card_of(
    work: Coroutine[Any, Any, CardAndFiles],
) -> CardAndFiles:
    """The card of the work, or of its error: `answer_error` can't edit a card."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001  # each error becomes a card
        return message_card(sentence_for(error)), []
