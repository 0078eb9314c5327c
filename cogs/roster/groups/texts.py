"""The sentences about groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.text.formatting import counted
from cogs.common.markup import plain
from cogs.roster.texts import NO_MEMBER, also_text, listed_names, shared_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.usecases.roster.groups import ListedGroup
    from bot.usecases.roster.photos import GroupView


def group_added_sentence(name: str) -> str:
    """Answers a new group."""
    return f"**{plain(name)}** it is. Now add each member with `/member add`: one photo is enough to start, five are better."


def group_text(shown: GroupView) -> str:
    """A group, its aliases and the number of its members."""
    lines = [f"## {plain(shown.name)}{shared_note(is_shared=shown.is_shared)}"]
    if shown.aliases:
        lines.append(also_text(shown.aliases))
    lines.append(counted(len(shown.members), "member") if shown.members else NO_MEMBER)
    return "\n".join(lines)


def sheet_alt_text(members: Sequence[str]) -> str:
    """The picture with a face of each member, without markup."""
    return f"A face of each: {', '.join(members)}"


def member_lines(shown: GroupView) -> list[str]:
    """Each member with the number of photos and the aliases."""
    return [
        f"**{plain(member.name)}** · {counted(member.photos, 'photo')}"
        + (f" · {also_text(member.aliases)}" if member.aliases else "")
        for member in shown.members
    ]


def listed_group_text(group: ListedGroup) -> str:
    """A group in the list of all: its aliases, and the number of photos of each member."""
    members = ", ".join(f"{plain(name)} ({count})" for name, count in group.members.items())
    also = f" · {listed_names(group.aliases)}" if group.aliases else ""
    return f"**{plain(group.name)}**{also}{shared_note(is_shared=group.is_shared)}\n{members or NO_MEMBER}"
