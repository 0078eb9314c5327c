"""Autocomplete of group and member names, in any spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands

from bot.text.names import LONGEST_NAME
from bot.usecases.roster import members
from cogs.common.discord_limits import LONGEST_OPTION
from cogs.common.places import require_server

if TYPE_CHECKING:
    from collections.abc import Iterable

    import discord

    from bot.client import Nugu
    from bot.text.names import Spelling

Name = app_commands.Range[str, 1, LONGEST_NAME]
"""A command's field for the name of a group or a member."""

Choices = list[app_commands.Choice[str]]


def choices(spellings: Iterable[Spelling]) -> Choices:
    """Choices whose value is the name. A label also shows the spelling that matched, where it differs."""
    return [
        app_commands.Choice(name=_label(spelling.name, spelling.spelling)[:LONGEST_OPTION], value=spelling.name)
        for spelling in spellings
    ]


async def own_groups(interaction: discord.Interaction[Nugu], typed: str) -> Choices:
    """The server's own groups, which its moderators may edit."""
    return choices(
        await members.autocomplete_groups(interaction.client.app, [require_server(interaction)], typed, shared=False)
    )


async def all_groups(interaction: discord.Interaction[Nugu], typed: str) -> Choices:
    """The server's groups and the shared ones."""
    return choices(await members.autocomplete_groups(interaction.client.app, [require_server(interaction)], typed))


async def own_members(interaction: discord.Interaction[Nugu], typed: str) -> Choices:
    """Members of the group in the command's other field, among the server's own groups."""
    return await _members(interaction, typed, shared=False)


async def all_members(interaction: discord.Interaction[Nugu], typed: str) -> Choices:
    """Members of the group in the command's other field, among the server's groups and the shared ones."""
    return await _members(interaction, typed, shared=True)


async def aliases(interaction: discord.Interaction[Nugu], typed: str) -> Choices:
    """Aliases of the group or the member in the command's other fields."""
    group, member = interaction.namespace.group, interaction.namespace.member
    app, server = interaction.client.app, require_server(interaction)
    names = await members.autocomplete_aliases(app, server, group or "", member, typed)
    return [app_commands.Choice(name=name, value=name) for name in names]


async def _members(interaction: discord.Interaction[Nugu], typed: str, *, shared: bool) -> Choices:
    group = interaction.namespace.group or ""
    return choices(
        await members.autocomplete_members(
            interaction.client.app, require_server(interaction), group, typed, shared=shared
        )
    )


def _label(name: str, spelling: str) -> str:
    return name if name == spelling else f"{name} · {spelling}"
