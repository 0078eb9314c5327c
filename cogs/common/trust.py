"""A person's trust from roles and permissions, and the decorator that requires it of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import discord
from discord import app_commands

from bot.domain.trust import Trust
from bot.errors import PersonError
from bot.usecases import setup
from cogs.common.places import in_servers
from cogs.common.texts import trust_needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.client import Nugu

T = TypeVar("T")

HIDES = {Trust.MODERATOR: discord.Permissions(manage_guild=True), Trust.OWNER: discord.Permissions(administrator=True)}
"""The permission without which Discord hides a command. A server can show it to more roles under Integrations.

There is none for trusted roles: Discord knows permissions but not the roles chosen in /setup, and would hide the command
from them.
"""


class NotTrustedError(PersonError, app_commands.CheckFailure):
    """The person's trust is too low for the command or button."""

    def __init__(self, needed: Trust) -> None:
        super().__init__(trust_needed(needed))


async def trust_of(interaction: discord.Interaction[Nugu]) -> Trust:
    """The trust that the person has in the interaction's server; the bot's owner has it everywhere."""
    client = interaction.client
    if await client.is_owner(interaction.user):
        return Trust.OWNER
    if interaction.guild_id is None or not isinstance(interaction.user, discord.Member):
        return Trust.MEMBER
    if client.get_guild(interaction.guild_id) is None:
        # The bot is here as the person's own app. The server's moderators never invited it.
        return Trust.MEMBER
    if interaction.permissions.manage_guild:
        return Trust.MODERATOR
    roles = (await setup.choices(client.app, interaction.guild_id)).roles
    return max((roles.get(role.id, Trust.MEMBER) for role in interaction.user.roles), default=Trust.MEMBER)


def requires(level: Trust) -> Callable[[T], T]:
    """Offer a command, or a whole cog of commands, in servers, and check the person's trust whenever one runs.

    Discord hides it from people below `level` where `HIDES` has a permission for it.
    """

    async def check(interaction: discord.Interaction[Nugu]) -> bool:
        if await trust_of(interaction) < level:
            raise NotTrustedError(level)
        return True

    def decorate(target: T) -> T:
        in_servers(target)
        if level in HIDES:
            app_commands.default_permissions(HIDES[level])(target)
        if isinstance(target, type):
            cog = cast("Any", target)
            cog.interaction_check = staticmethod(check)
        else:
            app_commands.check(check)(cast("Any", target))
        return target

    return decorate
