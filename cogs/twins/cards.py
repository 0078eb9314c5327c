"""Cards of look-alikes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.text.formatting import counted
from bot.text.twins import member_likeness, pair_likeness, pair_rank
from cogs.common.layout import CardAndFiles, framed_card, gallery
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.twins import ComparedMember, DrawnLookAlikes, DrawnTwins

COLOUR = 0x56A0FF
FEW = 3
"""With fewer photos of a member, the nearest member may change."""

SCALE = "In the table 0 is the same face, 0.5 are any two idols, 1 are opposites."


def twins_card(shown: DrawnTwins) -> CardAndFiles:
    """The most alike members of a group side by side, and the distances of all members."""
    found = shown.found
    first, second = found.first, found.second.member
    nearest = "; ".join(f"{member.name} is nearest to {other.name}" for member, other, _ in found.nearest_of_each())
    card = framed_card(
        COLOUR,
        f"## {plain(first.name)} and {plain(second.name)}\n"
        f"They {pair_likeness(found.second.likeness)}: {pair_rank(found.pairs)} of **{plain(found.group)}**.",
        gallery(
            (
                "twins.png",
                f"{first.name} and {second.name} of {found.group} side by side; they {pair_likeness(found.second.likeness)}",
            )
        ),
        gallery(("distances.png", f"A table of {found.group}: how far everybody is from everybody. {nearest}")),
        _small_print(SCALE, *_few([first, second])),
    )
    files = [("twins.png", shown.pair), ("distances.png", shown.matrix)]
    return card, [discord.File(BytesIO(picture), filename=name) for name, picture in files]


def look_alikes_card(shown: DrawnLookAlikes) -> CardAndFiles:
    """A member, and the members of any group that look most like them."""
    found = shown.found
    lines = [
        f"{place}. **{plain(near.member.name)}** of {plain(near.member.group)} {member_likeness(near.likeness)}"
        for place, near in enumerate(found.nearest, start=1)
    ]
    described = ", ".join(
        f"{near.member.name} of {near.member.group} {member_likeness(near.likeness)}" for near in found.nearest
    )
    alt = f"{found.asked.name} of {found.asked.group}, and beside her or him, the nearest first: {described}"
    card = framed_card(
        COLOUR,
        f"## Who looks like {plain(found.asked.name)}?",
        gallery(("look-alikes.png", alt)),
        "\n".join(lines),
        _small_print(
            f"Of {counted(found.others, 'other')} in {counted(found.groups, 'group')}.",
            *_few([found.asked, *(near.member for near in found.nearest)]),
        ),
    )
    return card, [discord.File(BytesIO(shown.picture), filename="look-alikes.png")]


def _small_print(*lines: str) -> str:
    return "\n".join(f"-# {line}" for line in lines)


def _few(members: Iterable[ComparedMember]) -> list[str]:
    few = [plain(member.name) for member in members if member.photos < FEW]
    return [f"Few photos yet of {', '.join(few)}: with more this may change."] if few else []
