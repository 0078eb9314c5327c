"""The card with the map of a group."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.trust import Trust
from bot.text.formatting import counted
from bot.text.maps import distance_sentence, outlier_sentences, separation_sentences
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import BLUE, CardAndFiles, Part, framed_card, gallery
from cogs.common.markup import plain

if TYPE_CHECKING:
    from bot.domain.maps import GroupMap
    from bot.usecases.maps import ShownMap

MOST_OUTLIERS = 10
MOST_LETTERS = 750
"""Characters of one text before markup is escaped. Discord's limit is 4,000 on a card."""


def map_card(shown: ShownMap) -> CardAndFiles:
    """The map, the members who stand apart or overlap, and the outliers. Trusted people read how to correct these."""
    found = shown.found
    file = discord.File(BytesIO(found.picture), filename="map.png")
    parts: list[Part] = [
        f"## {plain(found.group)}, {counted(found.photos, 'photo')}",
        gallery((file.filename, alt_text(found))),
        plain(" ".join(separation_sentences(found))[:MOST_LETTERS]),
    ]
    if found.outliers:
        parts.append(_outliers(shown))
    parts.append(f"-# {distance_sentence(found)} Faces that would cover each other are moved aside.")
    return framed_card(BLUE, *parts), [file]


def alt_text(found: GroupMap) -> str:
    """The map's description. It begins with the outliers, the most useful part."""
    sentences = [
        f"Map of {found.group} by {found.projection.label}.",
        *outlier_sentences(found),
        *separation_sentences(found),
    ]
    text = " ".join(sentences)
    return text if len(text) <= LONGEST_ALT else f"{text[: LONGEST_ALT - 2]} …"


def _outliers(shown: ShownMap) -> str:
    sentences = outlier_sentences(shown.found)
    count = len(sentences)
    lines = [f"**{counted(count, 'photo')}** in a dashed ring {'looks' if count == 1 else 'look'} unlike the others:"]
    named = [plain(sentence) for sentence in sentences[:MOST_OUTLIERS]]
    while sum(map(len, named)) > 2 * MOST_LETTERS:
        named.pop()
    lines += named
    if count > len(named):
        lines.append(f"-# and {count - len(named)} more")
    if shown.may_correct >= Trust.MODERATOR:
        lines.append("-# `/review` asks about those that people confirmed; `/member photos` can remove any.")
    elif shown.may_correct >= Trust.TRUSTED:
        lines.append("-# `/review` asks about those that people confirmed.")
    return "\n".join(lines)
