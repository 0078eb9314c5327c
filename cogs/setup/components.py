"""The menus of the /setup card. Each checks again that a moderator uses it, and takes effect at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.domain.enums import LearningPolicy
from bot.domain.trust import Trust
from bot.errors import PersonError
from bot.usecases import setup
from cogs.common.components import ModeratorItem, PersistentItem
from cogs.common.layout import Card
from cogs.common.places import require_server
from cogs.setup.cards import NO_GROUP, setup_card
from cogs.setup.texts import GONE_FROM_SERVER, forgotten_crops_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.client import Nugu
    from bot.usecases.questions.correct import Actor


async def read_card(interaction: discord.Interaction[Nugu]) -> Card:
    """The card with the choices as they are now."""
    assert interaction.channel_id is not None
    app = interaction.client.app
    return setup_card(
        await setup.read(app, require_server(interaction), interaction.channel_id),
        can_watch=app.settings.message_content,
    )


class _SetupMenu(ModeratorItem[Any], template=r"nugu:item"):
    """A menu of the /setup card."""

    component = discord.ui.Select

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        await self.choose(interaction, server_id)
        await interaction.edit_original_response(view=await read_card(interaction))

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        """Save the choice."""
        raise NotImplementedError


class TrustedRolesMenu(_SetupMenu, template=r"nugu:setup:trusted"):
    """The roles whose labels count at once."""

    component = discord.ui.RoleSelect

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        roles = _ids_here(interaction, self.item.values)
        await setup.choose_roles(interaction.client.app, server_id, Trust.TRUSTED, roles)


class ModeratorRolesMenu(_SetupMenu, template=r"nugu:setup:moderators"):
    """The roles that may edit groups and members."""

    component = discord.ui.RoleSelect

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        roles = _ids_here(interaction, self.item.values)
        await setup.choose_roles(interaction.client.app, server_id, Trust.MODERATOR, roles)


class ThresholdMenu(_SetupMenu, template=r"nugu:setup:threshold"):
    """The minimum confidence of a sure answer."""

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        await setup.choose_threshold(interaction.client.app, server_id, int(self.item.values[0]) / 100)


class WatchedChannelsMenu(_SetupMenu, template=r"nugu:setup:watched"):
    """The channels where a question works without a mention."""

    component = discord.ui.ChannelSelect

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        await setup.choose_watched(interaction.client.app, server_id, _ids_here(interaction, self.item.values))


class DefaultGroupMenu(_SetupMenu, template=r"nugu:setup:group"):
    """The group that questions in this channel are about."""

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        assert interaction.channel_id is not None
        (value,) = self.item.values
        chosen = None if value == NO_GROUP else int(value)
        await setup.choose_default_group(interaction.client.app, server_id, interaction.channel_id, chosen)


class LearnsMenu(_SetupMenu, template=r"nugu:setup:learns"):
    """The photos that the bot may learn from."""

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        (value,) = self.item.values
        dropped = await setup.choose_learns(interaction.client.app, server_id, LearningPolicy(value))
        if dropped:
            await interaction.followup.send(forgotten_crops_sentence(dropped), ephemeral=True)


class NoticesMenu(_SetupMenu, template=r"nugu:setup:notices"):
    """The channel for notifications to moderators."""

    component = discord.ui.ChannelSelect

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        chosen = _ids_here(interaction, self.item.values)
        await setup.choose_notices(interaction.client.app, server_id, chosen[0] if chosen else None)


def _ids_here(interaction: discord.Interaction[Nugu], chosen: Iterable[Any]) -> list[int]:
    """The ids of the chosen roles or channels. Raises PersonError where one isn't of this server."""
    guild = interaction.guild
    known = {one.id for one in (*guild.roles, *guild.channels, *guild.threads)} if guild is not None else set[int]()
    ids = [one.id for one in chosen]
    if not known.issuperset(ids):
        raise PersonError(GONE_FROM_SERVER)
    return ids


ITEMS: tuple[type[PersistentItem[Any]], ...] = (
    TrustedRolesMenu,
    ModeratorRolesMenu,
    ThresholdMenu,
    WatchedChannelsMenu,
    DefaultGroupMenu,
    LearnsMenu,
    NoticesMenu,
)
