"""/member: the members of a server's groups, what they are called, and the photos that they are known by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.trust import Trust
from bot.text.names import LONGEST_NAME
from bot.usecases.roster import enrolment, members, photos
from cogs.common.autocomplete import aliases, all_groups, all_members, own_groups, own_members
from cogs.common.modals import modal_listener
from cogs.common.pictures import read_attachments
from cogs.common.requests import channel_of, restricted_channel
from cogs.common.responses import show
from cogs.common.trust import NotTrustedError, requires, trust_of
from cogs.roster.addition_cards import GROUP, NAME, PHOTOS, AddMemberModal, added_card, waiting_card
from cogs.roster.components import (
    LeaveOutButton,
    MemberPageButton,
    PhotoFaceMenu,
    PhotosPageButton,
    RemoveMemberButton,
    RemovePhotoMenu,
    UsePhotoButton,
)
from cogs.roster.gather import gather_photos
from cogs.roster.groups import change_aliases
from cogs.roster.member_cards import member_card, member_files, removal_card
from cogs.roster.texts import name_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cogs.common.modals import ModalSubmission

Name = app_commands.Range[str, 1, LONGEST_NAME]
Photo = discord.Attachment | None

MOST_WANTED = 50
"""Photos a member that can be gathered up to; five are much better than one, fifty hardly than twenty."""


@requires(Trust.MODERATOR)
class MembersCog(commands.GroupCog, name="member"):
    """Members of the groups that I know here."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="add")
    @app_commands.describe(
        group="The group the member belongs to",
        name="What the member is called; more photos of a known member may be added too",
        photo="A photo with this one face. Without any photo here, a form asks for up to ten",
    )
    @app_commands.autocomplete(group=own_groups, name=own_members)
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
        if not given:
            await interaction.response.send_modal(AddMemberModal(group=group, name=name))
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        await add_member(interaction, group, name, given)

    @app_commands.command(name="rename")
    @app_commands.describe(
        group="The group", member="The member", name="The name from now on; the former one still finds them"
    )
    @app_commands.autocomplete(group=own_groups, member=own_members)
    async def rename(self, interaction: discord.Interaction[Nugu], group: Name, member: Name, name: Name) -> None:
        """Call a member otherwise."""
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        renamed = await members.rename(self.client.app, interaction.guild_id, group, member, name)
        await interaction.followup.send(name_sentence(renamed), ephemeral=True)

    @app_commands.command(name="alias")
    @app_commands.describe(
        group="The group",
        member="The member",
        add="Another spelling that means them: 쯔위, Chou Tzu-yu, a former name",
        remove="A spelling that no longer means them",
    )
    @app_commands.autocomplete(group=own_groups, member=own_members, remove=aliases)
    async def alias(
        self,
        interaction: discord.Interaction[Nugu],
        group: Name,
        member: Name,
        add: Name | None = None,
        remove: Name | None = None,
    ) -> None:
        """Let another spelling mean a member, or no longer."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await change_aliases(interaction, group, member, add, remove)

    @app_commands.command(name="remove")
    @app_commands.describe(group="The group", member="The member")
    @app_commands.autocomplete(group=own_groups, member=own_members)
    async def remove(self, interaction: discord.Interaction[Nugu], group: Name, member: Name) -> None:
        """Remove a member and all of their photos; asks first."""
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        removal = await members.plan_removal(self.client.app, interaction.guild_id, group, member)
        await show(interaction, removal_card(removal))

    @app_commands.command(name="show")
    @app_commands.describe(group="The group", member="The member")
    @app_commands.autocomplete(group=all_groups, member=all_members)
    async def show(self, interaction: discord.Interaction[Nugu], group: Name, member: Name) -> None:
        """A member: names, and the photos that I know them by."""
        await _show(interaction, group, member, manage=False)

    @app_commands.command(name="photos")
    @app_commands.describe(group="The group", member="The member")
    @app_commands.autocomplete(group=all_groups, member=all_members)
    async def photos(self, interaction: discord.Interaction[Nugu], group: Name, member: Name) -> None:
        """The photos that I know a member by, each of which can be removed."""
        await _show(interaction, group, member, manage=True)

    @app_commands.command(name="gather")
    @app_commands.describe(
        group="The group",
        member="One of its members; left out, everybody who lacks photos",
        wanted="So many photos each should come to; 10 unless you say otherwise",
    )
    @app_commands.autocomplete(group=own_groups, member=own_members)
    async def gather(
        self,
        interaction: discord.Interaction[Nugu],
        group: Name,
        member: Name | None = None,
        wanted: app_commands.Range[int, 1, MOST_WANTED] = 10,
    ) -> None:
        """Look for photos in image searches; each waits in /review for a trusted person's yes."""
        await gather_photos(interaction, group, member, wanted)


async def _show(interaction: discord.Interaction[Nugu], group: str, member: str, *, manage: bool) -> None:
    assert interaction.guild_id is not None
    await interaction.response.defer(ephemeral=True, thinking=True)
    app, channel = interaction.client.app, channel_of(interaction)
    shown = await photos.show_member(app, interaction.guild_id, channel, group, member)
    await show(interaction, member_card(shown, manage=manage), member_files(shown))


async def add_member(
    interaction: discord.Interaction[Nugu], group: str, name: str, given: Sequence[discord.Attachment]
) -> None:
    """Take the photos, and show the crop of each or the reason why not; ask about those that are doubtful."""
    assert interaction.guild_id is not None
    client = interaction.client
    submitted = await read_attachments(client, given)
    added = await enrolment.add_member(
        client.app,
        interaction.guild_id,
        group,
        name,
        submitted,
        by=interaction.user.id,
        asks=True,
        only_in=restricted_channel(interaction),
    )
    view, files = added_card(added, await enrolment.sheet_of(client.app, added))
    await interaction.followup.send(view=view, files=files, ephemeral=True)
    for photo in added.taken:
        if photo.asks is not None:
            view, files = waiting_card(photo, photo.asks)
            await interaction.followup.send(view=view, files=files, ephemeral=True)


async def _submitted(interaction: discord.Interaction[Nugu], submission: ModalSubmission) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    if interaction.guild_id is None or await trust_of(interaction) < Trust.MODERATOR:
        raise NotTrustedError(Trust.MODERATOR)
    await add_member(interaction, submission.texts[GROUP], submission.texts[NAME], submission.files[PHOTOS])


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(
        RemoveMemberButton,
        MemberPageButton,
        PhotosPageButton,
        RemovePhotoMenu,
        PhotoFaceMenu,
        UsePhotoButton,
        LeaveOutButton,
    )
    client.add_listener(modal_listener("nugu:addmember", _submitted), "on_interaction")
    await client.add_cog(MembersCog(client))
