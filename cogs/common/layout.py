"""Cards and their parts. Buttons and menus carry a custom_id; the `components` of each feature respond to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.text.control_characters import removed
from cogs.common.discord_limits import LONGEST_ALT, MAX_TEXT
from cogs.common.texts import more_line

if TYPE_CHECKING:
    from collections.abc import Sequence

Button = discord.ui.Button[Any]
Select = discord.ui.Select[Any]
Row = discord.ui.ActionRow[Any]

LONGEST_TEXT = MAX_TEXT - 400
"""Characters of the longest text of a card. The rest is for headings and notes."""

BLUE, GREEN, AMBER, RED, GREY = 0x5865F2, 0x3BA55D, 0xE0A030, 0xED4245, 0x80848E
"""Colours of a frame's edge."""


class Card(discord.ui.LayoutView):
    """A message made of components. Its buttons work as long as it stands, restarts included."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    def is_dispatchable(self) -> bool:
        """False: discord.py keeps no card in memory, since items are found by their custom_id."""
        return False


CardAndFiles = tuple[Card, list[discord.File]]
"""A card, and the files that it shows."""


def custom_id(action: str, *ids: int) -> str:
    """`nugu:fix:17`: the custom_id of a button, menu or modal, with the ids of its subject."""
    return ":".join(["nugu", action, *map(str, ids)])


def gallery(*pictures: tuple[str, str], spoiler: bool = False) -> discord.ui.MediaGallery[Any]:
    """Pictures that are sent as files of the card's message: (file name, alt text) each. `spoiler`: Discord covers them."""
    return discord.ui.MediaGallery(
        *(
            discord.MediaGalleryItem(f"attachment://{name}", description=removed(alt)[:LONGEST_ALT], spoiler=spoiler)
            for name, alt in pictures
        )
    )


def thumbnail(name: str, alt: str, *, spoiler: bool) -> discord.ui.Thumbnail[Any]:
    """A small picture beside a text, sent as a file `name` of the card's message. `spoiler`: Discord covers it."""
    return discord.ui.Thumbnail(f"attachment://{name}", description=removed(alt)[:LONGEST_ALT], spoiler=spoiler)


def bar(share: float, width: int) -> str:
    """A bar of `width` characters for a share in [0, 1]. A share above 0 fills at least one of them."""
    full = max(round(share * width), int(share > 0))
    return f"`{'█' * full:░<{width}}`"


Part = str | discord.ui.Item[Any]
"""A part of a card; a string stands for a text."""


def message_card(*parts: Part) -> Card:
    """A card without a frame."""
    card = Card()
    for part in parts:
        card.add_item(_item(part))
    return card


def frame(colour: int | None, *parts: Part) -> discord.ui.Container[Any]:
    """Parts in a frame, whose edge has this colour."""
    container: discord.ui.Container[Any] = discord.ui.Container(accent_colour=colour)
    for part in parts:
        container.add_item(_item(part))
    return container


def framed_card(colour: int | None, *parts: Part) -> Card:
    """A card with all parts in one `frame`."""
    return message_card(frame(colour, *parts))


def lines_within(lines: Sequence[str], room: int) -> str:
    """The lines that fit into `room` characters, and the number of the others."""
    text = "\n".join(lines)
    if len(text) <= room:
        return text
    kept = text[: room - 20].rsplit("\n", 1)[0]
    return f"{kept}\n{more_line(text.count(chr(10)) - kept.count(chr(10)))}"


def _item(part: Part) -> discord.ui.Item[Any]:
    return discord.ui.TextDisplay(part) if isinstance(part, str) else part
