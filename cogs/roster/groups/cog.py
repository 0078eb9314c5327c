"""/group: the groups of a server, their names and aliases."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.trust import Trust
from bot.usecases.roster import photos
from bot.usecases.roster.groups import add_group, list_groups
from cogs.common.autocomplete import Name, aliases, all_groups, own_groups
from cogs.common.components import KeepButton
from cogs.common.places import require_server
from cogs.common.responses import defer_in_server, show
from cogs.common.trust import requires
from cogs.roster.entries import ask_removal, change_aliases, rename_entry
from cogs.roster.groups.cards import group_card, group_files, groups_card
from cogs.roster.groups.components import RemoveGroupButton
from cogs.roster.groups.texts import group_added_sentence


@requires(Trust.MODERATOR)
class GroupsCog(commands.GroupCog, name="group"):
    """Groups that I know here."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="add")
    @app_commands.describe(name="What the group is called, such as TWICE")
    async def add(self, interaction: discord.Interaction[Nugu], name: Name) -> None:
        """Add a group."""
        server_id = await defer_in_server(interaction)
        added = await add_group(self.client.app, server_id, name)
        await interaction.followup.send(group_added_sentence(added), ephemeral=True)

    @app_commands.command(name="rename")
    @app_commands.describe(group="The group", name="What it is called from now on; the former name still finds it")
    @app_commands.autocomplete(group=own_groups)
    async def rename(self, interaction: discord.Interaction[Nugu], group: Name, name: Name) -> None:
        """Call a group otherwise."""
        await rename_entry(interaction, group, None, name)

    @app_commands.command(name="alias")
    @app_commands.describe(
        group="The group",
        add="Another spelling that means it: 트와이스, say",
        remove="A spelling that no longer means it",
    )
    @app_commands.autocomplete(group=own_groups, remove=aliases)
    async def alias(
        self, interaction: discord.Interaction[Nugu], group: Name, add: Name | None = None, remove: Name | None = None
    ) -> None:
        """Let another spelling mean a group, or no longer."""
        await change_aliases(interaction, group, None, add, remove)

    @app_commands.command(name="remove")
    @app_commands.describe(group="The group")
    @app_commands.autocomplete(group=own_groups)
    async def remove(self, interaction: discord.Interaction[Nugu], group: Name) -> None:
        """Remove a group, its members and all of their photos; asks first."""
        await ask_removal(interaction, group, None)

    @app_commands.command(name="list")
    async def list(self, interaction: discord.Interaction[Nugu]) -> None:
        """The groups that I know here, and how many photos each member has."""
        groups = await list_groups(self.client.app, [require_server(interaction)])
        await interaction.response.send_message(view=groups_card(groups), ephemeral=True)

    @app_commands.command(name="show")
    @app_commands.describe(group="The group")
    @app_commands.autocomplete(group=all_groups)
    async def show(self, interaction: discord.Interaction[Nugu], group: Name) -> None:
        """A group: its names, its members, a face of each."""
        server_id = await defer_in_server(interaction)
        shown = await photos.show_group(self.client.app, server_id, group)
        await show(interaction, group_card(shown), group_files(shown))


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(RemoveGroupButton, KeepButton)
    await client.add_cog(GroupsCog(client))
