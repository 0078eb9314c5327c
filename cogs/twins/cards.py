"""Cards of look-alikes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from cogs.common.layout import CardAndFiles, framed_card, gallery
from cogs.twins import texts

if TYPE_CHECKING:
    from bot.domain.twins import DrawnLookAlikes, DrawnTwins

COLOUR = 0x56A0FF


def twins_card(shown: DrawnTwins) -> CardAndFiles:
    """The most alike members of a group side by side, and the distances of all members."""
    found = shown.found
    card = framed_card(
        COLOUR,
        texts.twins_text(found),
        gallery(("twins.png", texts.pair_alt_text(found))),
        gallery(("distances.png", texts.table_alt_text(found))),
        texts.twins_notes(found),
    )
    files = [("twins.png", shown.pair), ("distances.png", shown.matrix)]
    return card, [discord.File(BytesIO(picture), filename=name) for name, picture in files]


def look_alikes_card(shown: DrawnLookAlikes) -> CardAndFiles:
    """A member, and the members of any group that look most like them."""
    found = shown.found
    card = framed_card(
        COLOUR,
        texts.look_alikes_heading(found.asked),
        gallery(("look-alikes.png", texts.look_alikes_alt_text(found))),
        texts.look_alikes_text(found),
        texts.look_alikes_notes(found),
    )
    return card, [discord.File(BytesIO(shown.picture), filename="look-alikes.png")]
