"""/group: the groups of a server, and what they are called."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.trust import Trust
from bot.errors import PersonError
from bot.text.names import LONGEST_NAME
from bot.usecases.roster import enrolment, members, photos
from cogs.common.autocomplete import aliases, all_groups, own_groups
from cogs.common.responses import show
from cogs.common.trust import requires
from cogs.roster.addition_cards import groups_card
from cogs.roster.components import KeepButton, RemoveGroupButton
from cogs.roster.member_cards import group_card, group_files, removal_card
from cogs.roster.texts import group_added_sentence, name_sentence

Name = app_commands.Range[str, 1, LONGEST_NAME]

NOTHING_TO_DO = "Name the spelling to add, or the one to remove."


@requires(Trust.MODERATOR)
class GroupsCog(commands.GroupCog, name="group"):
    """Groups that I know here."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="add")
    @app_commands.describe(name="What the group is called, such as TWICE")
    async def add(self, interaction: discord.Interaction[Nugu], name: Name) -> None:
        """Add a group."""
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        added = await enrolment.add_group(self.client.app, interaction.guild_id, name)
        await interaction.followup.send(group_added_sentence(added), ephemeral=True)

    @app_commands.command(name="rename")
    @app_commands.describe(group="The group", name="What it is called from now on; the former name still finds it")
    @app_commands.autocomplete(group=own_groups)
    async def rename(self, interaction: discord.Interaction[Nugu], group: Name, name: Name) -> None:
        """Call a group otherwise."""
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        renamed = await members.rename(self.client.app, interaction.guild_id, group, None, name)
        await interaction.followup.send(name_sentence(renamed), ephemeral=True)

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
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        await change_aliases(interaction, group, None, add, remove)

    @app_commands.command(name="remove")
    @app_commands.describe(group="The group")
    @app_commands.autocomplete(group=own_groups)
    async def remove(self, interaction: discord.Interaction[Nugu], group: Name) -> None:
        """Remove a group, its members and all of their photos; asks first."""
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        removal = await members.plan_removal(self.client.app, interaction.guild_id, group, None)
        await show(interaction, removal_card(removal))

    @app_commands.command(name="list")
    async def list(self, interaction: discord.Interaction[Nugu]) -> None:
        """The groups that I know here, and how many photos each member has."""
        assert interaction.guild_id is not None
        groups = await enrolment.list_groups(self.client.app, [interaction.guild_id])
        await interaction.response.send_message(view=groups_card(groups), ephemeral=True)

    @app_commands.command(name="show")
    @app_commands.describe(group="The group")
    @app_commands.autocomplete(group=all_groups)
    async def show(self, interaction: discord.Interaction[Nugu], group: Name) -> None:
        """A group: its names, its members, a face of each."""
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        shown = await photos.show_group(self.client.app, interaction.guild_id, group)
        await show(interaction, group_card(shown), group_files(shown))


async def change_aliases(
    interaction: discord.Interaction[Nugu], group: str, member: str | None, add: str | None, remove: str | None
) -> None:
    """Remove a spelling of a group, or of a member of it, and add one; tell what was done."""
    assert interaction.guild_id is not None
    app, server = interaction.client.app, interaction.guild_id
    changes: list[str] = []
    if remove is not None:
        changes.append(name_sentence(await members.remove_alias(app, server, group, member, remove)))
    if add is not None:
        changes.append(name_sentence(await members.add_alias(app, server, group, member, add)))
    if not changes:
        raise PersonError(NOTHING_TO_DO)
    await interaction.followup.send("\n".join(changes), ephemeral=True)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(RemoveGroupButton, KeepButton)
    await client.add_cog(GroupsCog(client))
