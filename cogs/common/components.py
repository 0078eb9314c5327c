"""The base of all presses: state read again at each press, Discord told within three seconds, one error funnel."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import discord

from bot.client import answer_error
from bot.domain.trust import Trust
from bot.errors import ForgottenError
from bot.usecases import identify
from bot.usecases.correct import Speaker
from cogs.common.requests import channel_of
from cogs.common.trust import NotTrustedError, trust_of

if TYPE_CHECKING:
    import re
    from typing import Self

    from bot.client import Nugu
    from bot.domain.answers import Answer

ItemT = TypeVar("ItemT", bound="discord.ui.Item[Any]")

log = logging.getLogger(__name__)


class Press(discord.ui.DynamicItem[ItemT], template=r"nugu:press"):
    """A press of a button or menu, known by its route: `ids` are the route's numbers.

    Discord hears of a press before any work: `pressed` then edits the message that the item hangs on, or sends a
    message to the presser alone where a class sets `privately`.
    """

    privately: ClassVar[bool] = False

    def __init__(self, item: ItemT, **ids: int) -> None:
        super().__init__(item)
        self.ids = ids

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(cast("ItemT", item), **ids_of(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if not interaction.client.is_new(interaction):
            return
        try:
            await self.acknowledge(interaction)
            await self.pressed(interaction)
        except Exception as error:  # noqa: BLE001  # the funnel: everything a press can raise is answered there
            await answer_error(interaction, error)

    async def acknowledge(self, interaction: discord.Interaction[Nugu]) -> None:
        """Tell Discord that the press was heard; it waits three seconds for that, and the database may take longer."""
        if self.privately:
            await interaction.response.defer(ephemeral=True, thinking=True)
        else:
            await interaction.response.defer()

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        """What the press does."""
        raise AssertionError("a press without an action")


class ModeratorPress(Press[ItemT], template=r"nugu:moderator"):
    """A press that is for moderators alone, whoever the card was made for."""

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        speaker = await speaker_of(interaction)
        if speaker.trust < Trust.MODERATOR:
            raise NotTrustedError(Trust.MODERATOR)
        assert interaction.guild_id is not None
        await self.act(interaction, interaction.guild_id, speaker)

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int, speaker: Speaker) -> None:
        """What the press does, by a moderator of the server."""
        raise AssertionError("a press without an action")


def ids_of(match: re.Match[str]) -> dict[str, int]:
    """The numbers of a route by their names."""
    return {name: int(value) for name, value in match.groupdict().items()}


async def speaker_of(interaction: discord.Interaction[Nugu]) -> Speaker:
    """The presser, with the trust they have here and now."""
    return Speaker(interaction.user.id, await trust_of(interaction), channel_of(interaction))


async def question_here(interaction: discord.Interaction[Nugu], question_id: int) -> Answer:
    """The answer to a question that was asked in this server, or in none; raises ForgottenError for any other."""
    answer = await identify.read_again(interaction.client.app, question_id)
    if answer.server_id not in {None, interaction.guild_id}:
        raise ForgottenError
    return answer
