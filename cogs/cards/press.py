"""The base of all buttons and menus: a short route in the custom_id, state read again at each press, one error funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import discord

from bot.client import answer_error
from bot.usecases.correct import Speaker
from cogs.trust import trust_of

if TYPE_CHECKING:
    import re
    from typing import Self

    from bot.client import Nugu

ItemT = TypeVar("ItemT", bound="discord.ui.Item[Any]")
Layout = discord.ui.LayoutView
Button = discord.ui.Button[Any]
Select = discord.ui.Select[Any]


class Press(discord.ui.DynamicItem[ItemT], template=r"nugu:base"):
    """An item that works as long as its message stands, restarts included.

    A subclass builds its item from the ids of its route, and does its work in `pressed`.
    """

    def __init__(self, item: ItemT, **ids: int) -> None:
        super().__init__(item)
        self.ids = ids

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls.rebuilt(item, **{name: int(value) for name, value in match.groupdict().items()})

    @classmethod
    def rebuilt(cls, item: Any, **ids: int) -> Self:
        """The item as Discord sent it back, with the ids of its route."""
        pressed = cls.__new__(cls)
        super(cls, pressed).__init__(item, **ids)
        return pressed

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await self.pressed(interaction)
        except Exception as error:  # noqa: BLE001  # the funnel: everything a press can raise is answered there
            await answer_error(interaction, error)

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        """What the press does."""
        raise AssertionError("a press without an action")


def row(*items: discord.ui.Item[Any]) -> discord.ui.ActionRow[Any]:
    """A row of items; discord.py's types know no dynamic item in a layout, though it takes them."""
    return discord.ui.ActionRow(*items)


def container(colour: int | None = None) -> discord.ui.Container[Any]:
    """The frame that a card's parts stand in."""
    return discord.ui.Container(accent_colour=colour)


async def speaker_of(interaction: discord.Interaction[Nugu]) -> Speaker:
    """The presser, with the trust they have here and now."""
    return Speaker(interaction.user.id, await trust_of(interaction))
