"""/quiz: faces to name, the leaderboard, and a player's own knowledge."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.usecases.quiz import play, stats
from cogs.common.autocomplete import Name, all_groups
from cogs.common.places import channel_id_of, in_servers, require_server
from cogs.common.responses import defer_in_server, show
from cogs.quiz.cards import board_card, forget_card, knowledge_card, question_card
from cogs.quiz.components import ITEMS


@in_servers
class QuizCog(commands.GroupCog, name="quiz"):
    """Learn to tell members apart."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="play")
    @app_commands.autocomplete(group=all_groups)
    @app_commands.describe(
        group="Whom it is about; left out, the channel's group, or all groups",
        rounds="How many faces; left out, ten",
        mode="Alone, or a race: the first right answer in the channel wins the round",
    )
    async def play(
        self,
        interaction: discord.Interaction[Nugu],
        group: Name | None = None,
        rounds: app_commands.Range[int, 1, 50] = 10,
        mode: Literal["alone", "race"] = "alone",
    ) -> None:
        """Who is this? One face after another, four names to choose from; whom you mix up comes back."""
        server_id = await defer_in_server(interaction, ephemeral=False)
        app, person = self.client.app, interaction.user.id
        with app.question_limit.slot(person):
            question = await play.begin(
                app,
                server_id,
                channel_id_of(interaction),
                person,
                group=group,
                rounds=rounds,
                race=mode == "race",
                now=discord.utils.utcnow(),
            )
        await show(interaction, *question_card(question), ephemeral=False)

    @app_commands.command(name="stats")
    @app_commands.autocomplete(group=all_groups)
    @app_commands.describe(group="Whom it is about; left out, the channel's group, or all groups")
    async def stats(self, interaction: discord.Interaction[Nugu], group: Name | None = None) -> None:
        """Whom you know, and whom you mix up, as a picture that only you see."""
        server_id = await defer_in_server(interaction)
        app, person, now = self.client.app, interaction.user.id, discord.utils.utcnow()
        with app.question_limit.slot(person):
            known = await stats.stats(app, server_id, channel_id_of(interaction), person, now, group)
        await show(interaction, *knowledge_card(known))

    @app_commands.command(name="top")
    @app_commands.autocomplete(group=all_groups)
    @app_commands.describe(group="One group; left out, all of them")
    async def top(self, interaction: discord.Interaction[Nugu], group: Name | None = None) -> None:
        """The leaderboard of this server."""
        board = await stats.top(self.client.app, require_server(interaction), interaction.user.id, group)
        await interaction.response.send_message(view=board_card(board))

    @app_commands.command(name="forget")
    async def forget(self, interaction: discord.Interaction[Nugu]) -> None:
        """Let me forget your answers, your points, and whom you know."""
        await interaction.response.send_message(view=forget_card(), ephemeral=True)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(*ITEMS)
    await client.add_cog(QuizCog(client))
