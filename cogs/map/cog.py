"""/map: all faces of a group in two dimensions."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.usecases import maps
from cogs.common.autocomplete import Name, all_groups
from cogs.common.places import in_servers
from cogs.common.responses import defer_in_server, show
from cogs.common.trust import trust_of
from cogs.map.cards import map_card
from models.faces import ProjectionMethod


class MapCog(commands.Cog):
    """The map of a group's faces."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="map")
    @in_servers
    @app_commands.autocomplete(group=all_groups)
    @app_commands.describe(
        group="The group",
        method="tsne keeps alike photos together; pca keeps distances; umap makes tighter crowds and takes longer",
    )
    async def map(
        self,
        interaction: discord.Interaction[Nugu],
        group: Name,
        method: Literal["pca", "tsne", "umap"] = "tsne",
    ) -> None:
        """All faces of a group as a map: what lies near is alike."""
        server_id = await defer_in_server(interaction, ephemeral=False)
        with self.client.app.question_limit.slot(interaction.user.id):
            trust = await trust_of(interaction)
            shown = await maps.draw_map(self.client.app, [server_id], group, ProjectionMethod(method), trust=trust)
        await show(interaction, *map_card(shown), ephemeral=False)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    await client.add_cog(MapCog(client))
