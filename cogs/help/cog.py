"""/help: the features that people use most."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.usecases.roster.groups import group_names
from cogs.common.layout import BLUE, framed_card
from cogs.common.places import everywhere
from cogs.common.requests import searchable_servers
from cogs.help.texts import TITLE, feature_texts, groups_line


class HelpCog(commands.Cog):
    """What the bot can do, in a few lines."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="help")
    @everywhere
    async def help(self, interaction: discord.Interaction[Nugu]) -> None:
        """What I can do."""
        groups = await group_names(self.client.app, await searchable_servers(interaction))
        card = framed_card(
            BLUE,
            TITLE,
            *feature_texts(sees_replies=self.client.intents.message_content),
            discord.ui.Separator(),
            groups_line(groups),
        )
        await interaction.response.send_message(view=card, ephemeral=True)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    await client.add_cog(HelpCog(client))
