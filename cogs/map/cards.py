"""The card with the map of a group."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from cogs.common.layout import BLUE, CardAndFiles, Part, framed_card, gallery
from cogs.map import texts

if TYPE_CHECKING:
    from bot.usecases.maps import MapView


def map_card(shown: MapView) -> CardAndFiles:
    """The map, the members who stand apart or overlap, and the outliers. Trusted people read how to correct these."""
    found = shown.found
    file = discord.File(BytesIO(found.picture), filename="map.png")
    parts: list[Part] = [
        texts.heading(found),
        gallery((file.filename, texts.alt_text(found))),
        texts.separation_text(found),
    ]
    if found.outliers:
        parts.append(texts.outliers_text(found, shown.may_correct))
    parts.append(texts.distance_line(found))
    return framed_card(BLUE, *parts), [file]
