"""/member: the members of a server's groups, their names, aliases and photos."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.trust import Trust
from bot.usecases.roster import photos
from cogs.common.autocomplete import Name, aliases, all_groups, all_members, own_groups, own_members
from cogs.common.places import channel_id_of
from cogs.common.responses import defer_in_server, show
from cogs.common.trust import requires
from cogs.roster.enrolment.add import add_member
from cogs.roster.enrolment.components import ITEMS as ENROLMENT_ITEMS
from cogs.roster.enrolment.form import AddMemberModal, add_member_listener
from cogs.roster.entries import ask_removal, change_aliases, rename_entry
from cogs.roster.gathering.gather import gather_photos
from cogs.roster.members.cards import member_card, member_files
from cogs.roster.members.components import ITEMS

Photo = discord.Attachment | None

MAX_WANTED = 50
"""Photos that a member may be gathered to. Five are much better than one; fifty are hardly better than twenty."""


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
        given = [photo for photo in photos if photo is not None]
        if given:
            await add_member(interaction, await defer_in_server(interaction), group, name, given)
        else:
            await interaction.response.send_modal(AddMemberModal(group=group, name=name))

    @app_commands.command(name="rename")
    @app_commands.describe(
        group="The group", member="The member", name="The name from now on; the former one still finds them"
    )
    @app_commands.autocomplete(group=own_groups, member=own_members)
    async def rename(self, interaction: discord.Interaction[Nugu], group: Name, member: Name, name: Name) -> None:
        """Call a member otherwise."""
        await rename_entry(interaction, group, member, name)

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
        await change_aliases(interaction, group, member, add, remove)

    @app_commands.command(name="remove")
    @app_commands.describe(group="The group", member="The member")
    @app_commands.autocomplete(group=own_groups, member=own_members)
    async def remove(self, interaction: discord.Interaction[Nugu], group: Name, member: Name) -> None:
        """Remove a member and all of their photos; asks first."""
        await ask_removal(interaction, group, member)

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
        wanted: app_commands.Range[int, 1, MAX_WANTED] = 10,
    ) -> None:
        """Look for photos in image searches; each waits in /review for a trusted person's yes."""
        await gather_photos(interaction, group, member, wanted)


async def _show(interaction: discord.Interaction[Nugu], group: str, member: str, *, manage: bool) -> None:
    app, server_id = interaction.client.app, await defer_in_server(interaction)
    shown = await photos.show_member(app, server_id, channel_id_of(interaction), group, member)
    await show(interaction, member_card(shown, manage=manage), member_files(shown))


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(*ITEMS, *ENROLMENT_ITEMS)
    client.add_listener(add_member_listener, "on_interaction")
    await client.add_cog(MembersCog(client))
