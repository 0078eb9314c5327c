"""The card of an import."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from cogs.common.layout import LONGEST_TEXT, CardAndFiles, message_card
from cogs.roster.archives.texts import imported_lines, left_out_file_line, left_out_line, left_out_sentence

if TYPE_CHECKING:
    from bot.usecases.roster.importing import RosterImport

MAX_REASONS = 8
"""Reasons on the card. More than these are in a file."""


def imported_card(done: RosterImport) -> CardAndFiles:
    """The number of taken photos, and the reasons for the others: on the card, or in a file where they are many."""
    lines = imported_lines(done)
    if len(done.left_out) > MAX_REASONS:
        lines.append(left_out_sentence(len(done.left_out)))
    else:
        lines += [left_out_line(photo) for photo in done.left_out]
    card = message_card("\n".join(lines)[:LONGEST_TEXT])
    if len(done.left_out) <= MAX_REASONS:
        return card, []
    reasons = (left_out_file_line(photo) for photo in done.left_out)
    card.add_item(discord.ui.File("attachment://left-out.txt"))
    return card, [discord.File(BytesIO("\n".join(reasons).encode()), filename="left-out.txt")]
