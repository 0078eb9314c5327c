"""The card of a gathering: its progress, the photos for review, and the reasons for those left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cogs.common.layout import AMBER, GREEN, LONGEST_TEXT, Card, framed_card
from cogs.roster.gathering.texts import gathering_text

if TYPE_CHECKING:
    from bot.domain.gathering import GatherProgress


def gathering_card(gathering: GatherProgress) -> Card:
    """The progress of a gathering, or its result."""
    found = sum(gathering.kept.values())
    ended = gathering.done == len(gathering.members)
    text = gathering_text(gathering, found=found, ended=ended)
    return framed_card(GREEN if ended and found else AMBER, text[:LONGEST_TEXT])
