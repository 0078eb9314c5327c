"""Who the person in front of us is: trust levels from roles and permissions, and the decorator that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import discord
from discord import app_commands

from bot.domain.messages import Message, SlashCommand
from bot.domain.trust import Trust
from bot.errors import PersonError
from bot.usecases import setup

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.client import Nugu

T = TypeVar("T")

HIDES = {Trust.MODERATOR: discord.Permissions(manage_guild=True), Trust.OWNER: discord.Permissions(administrator=True)}
"""The permission without which Discord hides a command. A server can show it to more roles under Integrations.

There is none for trusted roles: Discord knows permissions, not whom a server trusts, and would hide the command from them.
"""


class NotTrustedError(PersonError, app_commands.CheckFailure):
    """Somebody reached for what is not theirs to do."""

    def __init__(self, needed: Trust) -> None:
        who = {
            Trust.TRUSTED: "people with a trusted role",
            Trust.MODERATOR: Message(
                "moderators (Manage Server, or a moderator role chosen in {command})", command=SlashCommand("setup")
            ),
            Trust.OWNER: "the person who runs me",
        }
        super().__init__("Only {who} may do that.", who=who[needed])


async def trust_of(interaction: discord.Interaction[Nugu]) -> Trust:
    """How far the server of this interaction, or the bot's owner, trusts the person."""
    client = interaction.client
    if await client.is_owner(interaction.user):
        return Trust.OWNER
    if interaction.guild_id is None or not isinstance(interaction.user, discord.Member):
        return Trust.MEMBER
    if client.get_guild(interaction.guild_id) is None:
        # Somebody brought the bot along as their own app: the server's moderators never asked it in.
        return Trust.MEMBER
    if interaction.permissions.manage_guild:
        return Trust.MODERATOR
    roles = (await setup.choices(client.app, interaction.guild_id)).roles
    return max((roles.get(role.id, Trust.MEMBER) for role in interaction.user.roles), default=Trust.MEMBER)


def requires(level: Trust) -> Callable[[T], T]:
    """Hide a command, or a whole cog of commands, from those below `level` where Discord can, and check whenever one runs."""

    async def check(interaction: discord.Interaction[Nugu]) -> bool:
        if await trust_of(interaction) < level:
            raise NotTrustedError(level)
        return True

    def decorate(target: T) -> T:
        app_commands.guild_only()(target)
        app_commands.allowed_installs(guilds=True, users=False)(target)
        if level in HIDES:
            app_commands.default_permissions(HIDES[level])(target)
        if isinstance(target, type):
            cog = cast("Any", target)
            cog.interaction_check = staticmethod(check)
        else:
            app_commands.check(check)(cast("Any", target))
        return target

    return decorate
