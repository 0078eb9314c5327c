"""/review: the faces whose label helps the most, one at a time, for trusted people."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.trust import Trust
from bot.usecases import review
from cogs.common.components import actor_of
from cogs.common.responses import defer_in_server, show
from cogs.common.trust import requires
from cogs.review.cards import review_card
from cogs.review.components import ITEMS, other_name_listener


class ReviewCog(commands.Cog):
    """A card that the reviewer alone sees shows one face after another."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @requires(Trust.TRUSTED)
    @app_commands.command(name="review")
    async def review(self, interaction: discord.Interaction[Nugu]) -> None:
        """Say of one face after another who it is; for trusted people."""
        server_id = await defer_in_server(interaction)
        page = await review.next_page(self.client.app, server_id, await actor_of(interaction))
        await show(interaction, *review_card(page))


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(*ITEMS)
    client.add_listener(other_name_listener, "on_interaction")
    await client.add_cog(ReviewCog(client))
