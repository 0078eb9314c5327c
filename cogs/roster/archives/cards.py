"""The card of an import."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.text.formatting import counted
from bot.text.photos import photo_reason
from cogs.common.layout import LONGEST_TEXT, CardAndFiles, message_card
from cogs.common.markup import plain

if TYPE_CHECKING:
    from bot.usecases.roster.archive import Imported

MOST_REASONS = 8
"""Reasons on the card. More than these are in a file."""

LONGEST_PATH = 80


def imported_card(done: Imported) -> CardAndFiles:
    """The number of taken photos, and the reasons for the others: on the card, or in a file where they are many."""
    lines = [f"**{done.taken} of {counted(done.photos, 'photo')}** taken, {counted(done.members, 'member')}."]
    if done.known:
        lines.append(f"{done.known} I had already.")
    if len(done.left_out) > MOST_REASONS:
        lines.append(f"{len(done.left_out)} were left out; the file says why.")
    else:
        lines += [
            f"⚠️ {plain(photo.path[:LONGEST_PATH])}: {plain(photo_reason(photo.reason))}." for photo in done.left_out
        ]
    card = message_card("\n".join(lines)[:LONGEST_TEXT])
    if len(done.left_out) <= MOST_REASONS:
        return card, []
    reasons = (f"{_one_line(photo.path)}: {_one_line(photo_reason(photo.reason))}" for photo in done.left_out)
    card.add_item(discord.ui.File("attachment://left-out.txt"))
    return card, [discord.File(BytesIO("\n".join(reasons).encode()), filename="left-out.txt")]


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
