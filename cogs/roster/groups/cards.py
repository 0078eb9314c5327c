"""Cards of groups: one with its members, and the list of all."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.text.formatting import counted
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
from cogs.common.markup import plain
from cogs.common.texts import NO_GROUP
from cogs.roster.entries import listed_names, shared_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.usecases.roster.groups import ListedGroup
    from bot.usecases.roster.photos import ShownGroup

SHEET = "members.jpg"


def group_card(shown: ShownGroup) -> Card:
    """A group: its aliases, its members with theirs, and a face of each. `group_files` has the picture."""
    lines = [f"## {plain(shown.name)}{shared_note(is_shared=shown.is_shared)}"]
    if shown.aliases:
        lines.append(f"also {listed_names(shown.aliases)}")
    lines.append(counted(len(shown.members), "member") if shown.members else "nobody yet: `/member add`")
    parts: list[Part] = ["\n".join(lines)[: LONGEST_TEXT // 4]]
    if shown.sheet is not None:
        parts.append(gallery((SHEET, f"A face of each: {', '.join(shown.pictured)}")))
    if shown.members:
        members = [
            f"**{plain(member.name)}** · {counted(member.photos, 'photo')}"
            + (f" · also {listed_names(member.aliases)}" if member.aliases else "")
            for member in shown.members
        ]
        parts.append(lines_within(members, LONGEST_TEXT * 3 // 4))
    return framed_card(BLUE, *parts)


def group_files(shown: ShownGroup) -> list[discord.File]:
    """The sheet with a face of each member."""
    return [] if shown.sheet is None else [discord.File(BytesIO(shown.sheet), filename=SHEET)]


def groups_card(groups: Sequence[ListedGroup]) -> Card:
    """Every group with its aliases, and the number of photos of each member."""
    if not groups:
        return message_card(NO_GROUP)
    lines: list[str] = []
    for group in groups:
        members = ", ".join(f"{plain(name)} ({count})" for name, count in group.members.items())
        also = f" · {listed_names(group.aliases)}" if group.aliases else ""
        heading = f"**{plain(group.name)}**{also}{shared_note(is_shared=group.is_shared)}"
        lines.append(f"{heading}\n{members or 'nobody yet: `/member add`'}")
    return message_card("\n\n".join(lines)[:LONGEST_TEXT])
