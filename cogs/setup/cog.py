"""/setup: the choices of a server."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.trust import Trust
from cogs.common.trust import requires
from cogs.setup.components import ITEMS, read_card


class SetupCog(commands.Cog):
    """One card holds every choice; each menu takes effect at once."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @requires(Trust.MODERATOR)
    @app_commands.command(name="setup")
    async def setup(self, interaction: discord.Interaction[Nugu]) -> None:
        """Roles, threshold, channels, what I learn from: what this server chooses."""
        await interaction.response.send_message(view=await read_card(interaction), ephemeral=True)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(*ITEMS)
    await client.add_cog(SetupCog(client))
