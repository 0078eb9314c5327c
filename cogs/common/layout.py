"""What cards are made of. Their buttons and menus carry a route; each feature's `components` says what pressing one does."""

from __future__ import annotations

from typing import Any

import discord

from cogs.common.limits import LONGEST_ALT, MOST_TEXT

Button = discord.ui.Button[Any]
Select = discord.ui.Select[Any]
Row = discord.ui.ActionRow[Any]

LONGEST_TEXT = MOST_TEXT - 400
"""What the longest text of a card may have: the rest is for headings and notes."""

NO_GROUP = "I know no group here yet. Add the first with `/group add`."


class Layout(discord.ui.LayoutView):
    """A card. It works as long as its message stands, restarts included."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    def is_dispatchable(self) -> bool:
        """False: discord.py keeps no card in memory, since a press is known by its route."""
        return False


def route(action: str, *ids: int) -> str:
    """`nugu:fix:17`: the custom_id of a button, menu or form, with the ids that it is about."""
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


def told_card(sentence: str) -> Layout:
    """A sentence in place of a card."""
    card = Layout()
    card.add_item(discord.ui.TextDisplay(sentence))
    return card


def shown_only_in(channel: int) -> str:
    """Where alone something may be shown, in words."""
    return f"shown in <#{channel}> alone, which is age-restricted"
