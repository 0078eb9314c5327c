"""/twins: the most alike members of a group, and the look-alikes of a member."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.usecases import twins
from cogs.common.autocomplete import Name, all_groups, all_members
from cogs.common.places import in_servers
from cogs.common.responses import defer_in_server, show
from cogs.twins.cards import look_alikes_card, twins_card


class TwinsCog(commands.Cog):
    """For fun: look-alikes among the members that are known here."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="twins")
    @in_servers
    @app_commands.describe(
        group="The group; left out, the one whose two most alike members are nearest",
        member="Show who looks most like this member instead, in any group",
    )
    @app_commands.autocomplete(group=all_groups, member=all_members)
    async def twins(
        self, interaction: discord.Interaction[Nugu], group: Name | None = None, member: Name | None = None
    ) -> None:
        """Which two members look most alike? Or: who looks like her?"""
        app, server_id = self.client.app, await defer_in_server(interaction, ephemeral=False)
        with app.question_limit.slot(interaction.user.id):
            if member is None:
                card = twins_card(await twins.twins(app, server_id, group))
            else:
                card = look_alikes_card(await twins.look_alikes(app, server_id, group, member))
        await show(interaction, *card, ephemeral=False)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    await client.add_cog(TwinsCog(client))
