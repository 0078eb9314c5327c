"""Cards that show who looks like whom."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.text.formatting import counted
from bot.text.twins import member_likeness, pair_likeness, pair_rank
from cogs.common.layout import Card, CardAndFiles, container, gallery
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.twins import ComparedMember, DrawnLookAlikes, DrawnTwins

COLOUR = 0x56A0FF
FEW = 3
"""With fewer photos of somebody, who is near them may change."""

SCALE = "In the table 0 is the same face, 0.5 are any two idols, 1 are opposites."


def twins_card(shown: DrawnTwins) -> CardAndFiles:
    """The most alike members of a group side by side, and the distances of everybody."""
    found = shown.found
    first, second = found.first, found.second.member
    card = Card()
    box = container(COLOUR)
    box.add_item(
        discord.ui.TextDisplay(
            f"## {plain(first.name)} and {plain(second.name)}\n"
            f"They {pair_likeness(found.second.likeness)}: {pair_rank(found.pairs)} of **{plain(found.group)}**."
        )
    )
    alt = f"{first.name} and {second.name} of {found.group} side by side; they {pair_likeness(found.second.likeness)}"
    box.add_item(gallery(("twins.png", alt)))
    nearest = "; ".join(f"{one.name} is nearest to {other.name}" for one, other, _ in found.nearest_of_each())
    box.add_item(
        gallery(("distances.png", f"A table of {found.group}: how far everybody is from everybody. {nearest}"))
    )
    lines = [SCALE, *_few([first, second])]
    box.add_item(discord.ui.TextDisplay("\n".join(f"-# {line}" for line in lines)))
    card.add_item(box)
    files = [("twins.png", shown.pair), ("distances.png", shown.matrix)]
    return card, [discord.File(BytesIO(picture), filename=name) for name, picture in files]


def look_alikes_card(shown: DrawnLookAlikes) -> CardAndFiles:
    """A member, and those of any group who look most like them."""
    found = shown.found
    name = plain(found.asked.name)
    lines = [
        f"{place}. **{plain(one.member.name)}** of {plain(one.member.group)} {member_likeness(one.likeness)}"
        for place, one in enumerate(found.nearest, start=1)
    ]
    card = Card()
    box = container(COLOUR)
    box.add_item(discord.ui.TextDisplay(f"## Who looks like {name}?"))
    described = ", ".join(
        f"{one.member.name} of {one.member.group} {member_likeness(one.likeness)}" for one in found.nearest
    )
    alt = f"{found.asked.name} of {found.asked.group}, and beside her or him, the nearest first: {described}"
    box.add_item(gallery(("look-alikes.png", alt)))
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    notes = [
        f"Of {counted(found.others, 'other')} in {counted(found.groups, 'group')}.",
        *_few([found.asked, *(one.member for one in found.nearest)]),
    ]
    box.add_item(discord.ui.TextDisplay("\n".join(f"-# {note}" for note in notes)))
    card.add_item(box)
    return card, [discord.File(BytesIO(shown.picture), filename="look-alikes.png")]


def _few(members: Iterable[ComparedMember]) -> list[str]:
    few = [plain(member.name) for member in members if member.photos < FEW]
    return [f"Few photos yet of {', '.join(few)}: with more this may change."] if few else []
