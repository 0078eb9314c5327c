"""The sentences about look-alikes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.text.formatting import counted
from bot.text.twins import member_likeness, pair_likeness, pair_rank
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.twins import ComparedMember, GroupTwins, LookAlikes

FEW = 3
"""With fewer photos of a member, the nearest member may change."""

SCALE = "In the table 0 is the same face, 0.5 are any two idols, 1 are opposites."


def twins_text(found: GroupTwins) -> str:
    """The most alike members of a group, and how alike they are."""
    first, second = found.first, found.second.member
    return (
        f"## {plain(first.name)} and {plain(second.name)}\n"
        f"They {pair_likeness(found.second.likeness)}: {pair_rank(found.pairs)} of **{plain(found.group)}**."
    )


def pair_alt_text(found: GroupTwins) -> str:
    """The content of the picture of the two."""
    return (
        f"{found.first.name} and {found.second.member.name} of {found.group} side by side; "
        f"they {pair_likeness(found.second.likeness)}"
    )


def table_alt_text(found: GroupTwins) -> str:
    """The content of the table of distances."""
    nearest = "; ".join(f"{member.name} is nearest to {other.name}" for member, other, _ in found.nearest_of_each())
    return f"A table of {found.group}: how far everybody is from everybody. {nearest}"


def look_alikes_heading(asked: ComparedMember) -> str:
    """The heading of a member's look-alikes."""
    return f"## Who looks like {plain(asked.name)}?"


def look_alikes_text(found: LookAlikes) -> str:
    """A line for each look-alike of a member, the nearest first."""
    return "\n".join(
        f"{place}. **{plain(near.member.name)}** of {plain(near.member.group)} {member_likeness(near.likeness)}"
        for place, near in enumerate(found.nearest, start=1)
    )


def look_alikes_alt_text(found: LookAlikes) -> str:
    """The content of the picture of a member and her look-alikes."""
    described = ", ".join(
        f"{near.member.name} of {near.member.group} {member_likeness(near.likeness)}" for near in found.nearest
    )
    return f"{found.asked.name} of {found.asked.group}, and beside her or him, the nearest first: {described}"


def twins_notes(found: GroupTwins) -> str:
    """The scale of the table, and the members with few photos, in small print."""
    return _small_print(SCALE, *_few([found.first, found.second.member]))


def look_alikes_notes(found: LookAlikes) -> str:
    """The number of compared members, and those with few photos, in small print."""
    return _small_print(
        f"Of {counted(found.others, 'other')} in {counted(found.groups, 'group')}.",
        *_few([found.asked, *(near.member for near in found.nearest)]),
    )


def _small_print(*lines: str) -> str:
    return "\n".join(f"-# {line}" for line in lines)


def _few(members: Iterable[ComparedMember]) -> list[str]:
    few = [plain(member.name) for member in members if member.photos < FEW]
    return [f"Few photos yet of {', '.join(few)}: with more this may change."] if few else []
