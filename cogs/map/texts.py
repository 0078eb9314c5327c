"""The sentences of the map of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.trust import Trust
from bot.text.formatting import counted
from bot.text.maps import outlier_sentences, separation_sentences
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.markup import plain

if TYPE_CHECKING:
    from bot.domain.maps import GroupMap

MAX_OUTLIERS = 10
MAX_LETTERS = 750
"""Characters of one text before markup is escaped. Discord's limit is 4,000 on a card."""


def heading(found: GroupMap) -> str:
    """`## TWICE, 90 photos`."""
    return f"## {plain(found.group)}, {counted(found.photos, 'photo')}"


def alt_text(found: GroupMap) -> str:
    """The map's description. It begins with the outliers, the most useful part."""
    sentences = [
        f"Map of {found.group} by {found.projection.label}.",
        *outlier_sentences(found),
        *separation_sentences(found),
    ]
    text = " ".join(sentences)
    return text if len(text) <= LONGEST_ALT else f"{text[: LONGEST_ALT - 2]} …"


def separation_text(found: GroupMap) -> str:
    """The members who stand apart or overlap."""
    return plain(" ".join(separation_sentences(found))[:MAX_LETTERS])


def outliers_text(found: GroupMap, trust: Trust) -> str:
    """The outliers, and the commands that correct them for a person of this trust."""
    sentences = outlier_sentences(found)
    count = len(sentences)
    verb = "looks" if count == 1 else "look"
    lines = [f"**{counted(count, 'photo')}** in a dashed ring {verb} unlike the others:"]
    named = [plain(sentence) for sentence in sentences[:MAX_OUTLIERS]]
    while sum(map(len, named)) > 2 * MAX_LETTERS:
        named.pop()
    lines += named
    if count > len(named):
        lines.append(f"-# and {count - len(named)} more")
    if trust >= Trust.MODERATOR:
        lines.append("-# `/review` asks about those that people confirmed; `/member photos` can remove any.")
    elif trust >= Trust.TRUSTED:
        lines.append("-# `/review` asks about those that people confirmed.")
    return "\n".join(lines)


def distance_sentence(found: GroupMap) -> str:
    """The meaning of a distance on the map."""
    if found.explained_variance is not None:
        share = f"{100 * found.explained_variance:.0f}%"
        return (
            f"Two photos lie as far apart as two directions can tell: these show {share} of what differs, "
            "so what lies near may differ in the rest."
        )
    # Wattenberg, Viégas and Johnson 2016, "How to Use t-SNE Effectively"; UMAP's distances are no other.
    return "Photos that lie near each other look alike. How far two crowds lie apart says little."


def distance_line(found: GroupMap) -> str:
    """The meaning of a distance, and the shift of faces, in small print."""
    return f"-# {distance_sentence(found)} Faces that would cover each other are moved aside."
