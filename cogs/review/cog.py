"""/review: the faces that are most worth a trusted person's word, one at a time."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.trust import Trust
from bot.usecases import review
from cogs.common.components import actor_of
from cogs.common.responses import show
from cogs.common.trust import requires
from cogs.review.cards import review_card
from cogs.review.components import ITEMS, other_name_listener


class ReviewCog(commands.Cog):
    """One card, seen by the reviewer alone, shows one face after another."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @requires(Trust.TRUSTED)
    @app_commands.command(name="review")
    async def review(self, interaction: discord.Interaction[Nugu]) -> None:
        """Say of one face after another who it is; for trusted people."""
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        actor = await actor_of(interaction)
        page = await review.next_page(self.client.app, interaction.guild_id, actor)
        await show(interaction, *review_card(page))


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(*ITEMS)
    client.add_listener(other_name_listener, "on_interaction")
    await client.add_cog(ReviewCog(client))
