"""Finds the cards of questions by message that the bot posted just before it was killed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.client import UNREACHABLE
from bot.usecases.questions import cards
from cogs.common.layout import custom_id
from cogs.common.message_media import walk
from cogs.common.own_replies import own_replies

if TYPE_CHECKING:
    from bot.client import Nugu
    from bot.domain.answers import CardlessQuestion

log = logging.getLogger(__name__)


async def find_lost_cards(client: Nugu) -> None:
    """Record the cards that stand on Discord and not in the database, and forget the faces of questions without a card."""
    try:
        for question in await cards.without_card(client.app):
            try:
                card_id = await _card_of(client, question)
            except UNREACHABLE as failure:
                log.warning("could not look for the card of question %s: %s", question.id, failure)
            else:
                await cards.settle_card(client.app, question.id, card_id)
    except Exception:
        log.exception("lost cards were not looked for")


async def _card_of(client: Nugu, question: CardlessQuestion) -> int | None:
    channel = client.get_partial_messageable(question.channel_id, guild_id=question.server_id)
    hiding = custom_id("hide", question.id)
    async for message in own_replies(client, channel, question.message_id):
        if any(getattr(part, "custom_id", None) == hiding for part, _ in walk(message.components)):
            return message.id
    return None
