"""The bases of buttons and menus: acknowledged within three seconds, state read again, errors answered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import discord

from bot.domain.trust import Trust
from bot.errors import PersonError
from bot.usecases.questions import identify
from bot.usecases.questions.access import require_asked_here
from bot.usecases.questions.correct import Actor
from cogs.common.errors import answer_error
from cogs.common.layout import message_card
from cogs.common.places import place_of, require_server
from cogs.common.texts import NOT_OFFERED, NOTHING_REMOVED
from cogs.common.trust import NotTrustedError, trust_of

if TYPE_CHECKING:
    import re
    from typing import Self

    from bot.client import Nugu
    from bot.domain.answers import Answer

ItemT = TypeVar("ItemT", bound="discord.ui.Item[Any]")

log = logging.getLogger(__name__)

LARGEST_ID = 2**63 - 1


class PersistentItem(discord.ui.DynamicItem[ItemT], template=r"nugu:item"):
    """A button or menu that works over restarts: discord.py finds its class by its custom_id.

    `ids` are the numbers of the custom_id. A subclass gives its own template, and answers in `respond`.
    """

    ephemeral: ClassVar[bool] = False
    """True: the response is a new message for the user alone. False: the item's own message is edited."""

    component: ClassVar[type[discord.ui.Item[Any]]] = discord.ui.Button
    """The kind of component that has the custom_id. Another kind is refused, as clients may send any."""

    def __init__(self, item: ItemT, **ids: int) -> None:
        super().__init__(item)
        self.ids = ids

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(cast("ItemT", item), **ids_of(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if not await interaction.client.accept(interaction):
            return
        try:
            self._require_offered()
            await self.defer(interaction)
            await self.respond(interaction)
        except Exception as error:  # noqa: BLE001  # discord.py has no handler for a component's errors
            await answer_error(interaction, error)

    def _require_offered(self) -> None:
        """Raise PersonError for values that the menu's message doesn't offer, and for another kind of component.

        No other code needs to check them.
        """
        menu = self.item
        if not isinstance(menu, self.component):
            raise PersonError(NOT_OFFERED)
        if isinstance(menu, discord.ui.Select):
            offered = {option.value for option in menu.options}
            if not (menu.min_values <= len(menu.values) <= menu.max_values and offered.issuperset(menu.values)):
                raise PersonError(NOT_OFFERED)

    async def defer(self, interaction: discord.Interaction[Nugu]) -> None:
        """Acknowledge the interaction before any work: Discord waits three seconds, and the database may take longer."""
        if self.ephemeral:
            await interaction.response.defer(ephemeral=True, thinking=True)
        else:
            await interaction.response.defer()

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        """Do the work and answer. `answer_error` answers what it raises."""
        raise NotImplementedError


class ModeratorItem(PersistentItem[ItemT], template=r"nugu:item"):
    """A button or menu for moderators alone, on any user's card."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        actor = await actor_of(interaction)
        if actor.trust < Trust.MODERATOR:
            raise NotTrustedError(Trust.MODERATOR)
        await self.moderate(interaction, require_server(interaction), actor)

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        """Do the work and answer; `actor` is a moderator of the server."""
        raise NotImplementedError


class KeepButton(PersistentItem[discord.ui.Button[Any]], template=r"nugu:keep"):
    """Closes a card that asks whether something is to be removed."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        await interaction.edit_original_response(view=message_card(NOTHING_REMOVED))


def ids_of(match: re.Match[str]) -> dict[str, int]:
    """The numbers of a custom_id by their names. One that is too large for the database becomes one that no row has."""
    return {name: min(int(value), LARGEST_ID) for name, value in match.groupdict().items()}


async def actor_of(interaction: discord.Interaction[Nugu]) -> Actor:
    """The user of an interaction, with their trust here and now."""
    here = place_of(interaction)
    return Actor(interaction.user.id, await trust_of(interaction), here.channel_id, here.server_id)


async def question_here(interaction: discord.Interaction[Nugu], question_id: int) -> Answer:
    """The answer to a question that was asked here. Raises ForgottenError for one of another server or private channel."""
    return require_asked_here(await identify.read_answer(interaction.client.app, question_id), place_of(interaction))
