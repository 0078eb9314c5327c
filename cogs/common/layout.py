"""Cards and their parts. Buttons and menus carry a custom_id; the `components` of each feature respond to it."""

from __future__ import annotations

from typing import Any

import discord

from cogs.common.discord_limits import LONGEST_ALT, MOST_TEXT

Button = discord.ui.Button[Any]
Select = discord.ui.Select[Any]
Row = discord.ui.ActionRow[Any]

LONGEST_TEXT = MOST_TEXT - 400
"""What the longest text of a card may have: the rest is for headings and notes."""

NO_GROUP = "I know no group here yet. Add the first with `/group add`."


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
    """`nugu:fix:17`: the custom_id of a button, menu or modal, with the ids that it is about."""
    return ":".join(["nugu", action, *map(str, ids)])


def container(colour: int | None = None) -> discord.ui.Container[Any]:
    """The frame that a card's parts stand in."""
    return discord.ui.Container(accent_colour=colour)


def gallery(*pictures: tuple[str, str], spoiler: bool = False) -> discord.ui.MediaGallery[Any]:
    """Pictures that are sent beside the card: (file name, alt text) each. `spoiler`: they are covered."""
    return discord.ui.MediaGallery(
        *(
            discord.MediaGalleryItem(f"attachment://{name}", description=alt[:LONGEST_ALT], spoiler=spoiler)
            for name, alt in pictures
        )
    )


def bar(share: float, width: int) -> str:
    """A bar of `width` characters, full up to a share in [0, 1]; what isn't 0 is seen."""
    full = max(round(share * width), int(share > 0))
    return f"`{'█' * full:░<{width}}`"


def message_card(text: str) -> Card:
    """A card with nothing but a text."""
    card = Card()
    card.add_item(discord.ui.TextDisplay(text))
    return card


def shown_only_in(channel: int) -> str:
    """A sentence part for pictures of an age-restricted channel."""
    return f"shown in <#{channel}> alone, which is age-restricted"
