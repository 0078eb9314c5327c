"""Groups and members, added by moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.names import LONGEST_NAME
from bot.trust import Trust
from bot.usecases import roster
from bot.wording import plain
from cogs.cards.roster import MemberForm, added_card, groups_card
from cogs.pictures import read_attachments
from cogs.trust import requires

if TYPE_CHECKING:
    from collections.abc import Sequence

Name = app_commands.Range[str, 1, LONGEST_NAME]
Photo = discord.Attachment | None


@requires(Trust.MODERATOR)
class Groups(commands.GroupCog, name="group"):
    """Groups that I know here."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="add")
    @app_commands.describe(name="What the group is called, such as TWICE")
    async def add(self, interaction: discord.Interaction[Nugu], name: Name) -> None:
        """Add a group."""
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        added = await roster.add_group(self.client.app, interaction.guild_id, name)
        await interaction.followup.send(
            f"**{plain(added)}** it is. Now add each member with `/member add`: one photo is enough to start, five are better.",
            ephemeral=True,
        )

    @app_commands.command(name="list")
    async def list(self, interaction: discord.Interaction[Nugu]) -> None:
        """The groups that I know here, and how many photos each member has."""
        assert interaction.guild_id is not None
        groups = await roster.list_groups(self.client.app, [interaction.guild_id])
        await interaction.response.send_message(view=groups_card(groups), ephemeral=True)


@requires(Trust.MODERATOR)
class Members(commands.GroupCog, name="member"):
    """Members of the groups that I know here."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="add")
    @app_commands.describe(
        group="The group the member belongs to",
        name="What the member is called; more photos of a known member may be added too",
        photo="A photo with this one face. Without any photo here, a form asks for up to ten",
    )
    async def add(
        self,
        interaction: discord.Interaction[Nugu],
        group: Name,
        name: Name,
        photo: Photo = None,
        photo2: Photo = None,
        photo3: Photo = None,
        photo4: Photo = None,
        photo5: Photo = None,
        photo6: Photo = None,
        photo7: Photo = None,
        photo8: Photo = None,
        photo9: Photo = None,
        photo10: Photo = None,
    ) -> None:
        """Add a member with photos, or more photos of one."""
        photos = [photo, photo2, photo3, photo4, photo5, photo6, photo7, photo8, photo9, photo10]
        given = [one for one in photos if one is not None]
        if given:
            await add_member(interaction, group, name, given)
        else:
            await interaction.response.send_modal(MemberForm(add_member, group=group, name=name))

    @add.autocomplete("group")
    async def group_names(self, interaction: discord.Interaction[Nugu], typed: str) -> list[app_commands.Choice[str]]:
        assert interaction.guild_id is not None
        names = await roster.group_names(self.client.app, [interaction.guild_id], house=False)
        wanted = [name for name in names if typed.casefold() in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in wanted[:25]]


async def add_member(
    interaction: discord.Interaction[Nugu], group: str, name: str, photos: Sequence[discord.Attachment]
) -> None:
    """Take the photos, and show the crop of each or the reason why not."""
    assert interaction.guild_id is not None
    await interaction.response.defer(ephemeral=True, thinking=True)
    client = interaction.client
    added = await roster.add_member(
        client.app, interaction.guild_id, group, name, await read_attachments(client, photos), by=interaction.user.id
    )
    view, files = added_card(added)
    await interaction.followup.send(view=view, files=files, ephemeral=True)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    await client.add_cog(Groups(client))
    await client.add_cog(Members(client))
