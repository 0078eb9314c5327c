"""Cards of groups: one with its members, and the list of all."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from cogs.common.layout import (
    BLUE,
    LONGEST_TEXT,
    Card,
    Part,
    framed_card,
    gallery,
    lines_within,
    message_card,
)
from cogs.common.texts import NO_GROUP
from cogs.roster.groups.texts import group_text, listed_group_text, member_lines, sheet_alt_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.usecases.roster.groups import ListedGroup
    from bot.usecases.roster.photos import GroupView

SHEET = "members.jpg"


def group_card(shown: GroupView) -> Card:
    """A group: its aliases, its members with theirs, and a face of each. `group_files` has the picture."""
    parts: list[Part] = [group_text(shown)[: LONGEST_TEXT // 4]]
    if shown.sheet is not None:
        parts.append(gallery((SHEET, sheet_alt_text(shown.pictured))))
    if shown.members:
        parts.append(lines_within(member_lines(shown), LONGEST_TEXT * 3 // 4))
    return framed_card(BLUE, *parts)


def group_files(shown: GroupView) -> list[discord.File]:
    """The sheet with a face of each member."""
    return [] if shown.sheet is None else [discord.File(BytesIO(shown.sheet), filename=SHEET)]


def groups_card(groups: Sequence[ListedGroup]) -> Card:
    """Every group with its aliases, and the number of photos of each member."""
    if not groups:
        return message_card(NO_GROUP)
    return message_card("\n\n".join(listed_group_text(group) for group in groups)[:LONGEST_TEXT])
