"""The card of an answer as it stands now, in place of the one that was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.usecases import clip
from cogs.cards.clip import clip_card
from cogs.cards.result import pictures_shown, result_card

if TYPE_CHECKING:
    import discord

    from bot.answers import Answer
    from bot.client import Nugu
    from cogs.cards.layout import Layout


async def card_now(client: Nugu, answer: Answer, message: discord.Message) -> Layout:
    """The card of the answer, about pictures or about a clip, with what `message` shows of it already."""
    shown = pictures_shown(message)
    finished = await clip.clip_of(client.app, answer.id)
    return result_card(answer, shown) if finished is None else clip_card(finished, shown)
