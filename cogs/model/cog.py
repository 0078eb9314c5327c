"""/model: status, history, training, rollback and report; and notifications to moderators."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import UNREACHABLE, Nugu  # discord.py reads the annotations
from bot.domain.trust import Trust
from bot.usecases import models
from bot.usecases.setup import choices as choices_of
from cogs.common.autocomplete import Name, own_groups
from cogs.common.discord_limits import LONGEST_OPTION, MAX_OPTIONS
from cogs.common.layout import CardAndFiles, message_card
from cogs.common.long_commands import ProgressResponse
from cogs.common.places import channel_id_of, require_server
from cogs.common.responses import defer_in_server, show
from cogs.common.trust import requires
from cogs.model.cards import history_card, report_card, rollback_card, status_card
from cogs.model.components import ITEMS
from cogs.model.texts import model_choice, notification_sentence, training_sentence

if TYPE_CHECKING:
    from bot.learning.notifications import Notification

log = logging.getLogger(__name__)


@requires(Trust.MODERATOR)
class ModelCog(commands.GroupCog, name="model"):
    """What I learned of each group."""

    def __init__(self, client: Nugu) -> None:
        self.client = client
        self._posting: set[asyncio.Task[None]] = set()

    async def cog_load(self) -> None:
        self.client.app.notifications.listen(self._post_later)

    async def cog_unload(self) -> None:
        self.client.app.notifications.listen(None)

    @app_commands.command(name="status")
    @app_commands.autocomplete(group=own_groups)
    @app_commands.describe(group="One group; left out, all of them")
    async def status(self, interaction: discord.Interaction[Nugu], group: Name | None = None) -> None:
        """Which model answers, and how many labels wait for the next."""
        found = await models.status(self.client.app, require_server(interaction), group)
        await interaction.response.send_message(view=status_card(found), ephemeral=True)

    @app_commands.command(name="history")
    @app_commands.autocomplete(group=own_groups)
    @app_commands.describe(group="The group")
    async def history(self, interaction: discord.Interaction[Nugu], group: Name) -> None:
        """Every model of a group: its figures, and what became of it."""
        found = await models.history(self.client.app, require_server(interaction), group)
        await interaction.response.send_message(view=history_card(found, 0), ephemeral=True)

    @app_commands.command(name="train")
    @app_commands.autocomplete(group=own_groups)
    @app_commands.describe(group="The group")
    async def train(self, interaction: discord.Interaction[Nugu], group: Name) -> None:
        """Make a model of all photos of a group, now."""
        server_id = await defer_in_server(interaction)
        training = models.train(self.client.app, server_id, group, by=interaction.user.id)

        async def work() -> CardAndFiles:
            return message_card(training_sentence(await training)), []

        await ProgressResponse(interaction).run(work())

    @app_commands.command(name="rollback")
    @app_commands.autocomplete(group=own_groups)
    @app_commands.describe(group="The group", number="The model to go back to; left out, the one before")
    async def rollback(
        self, interaction: discord.Interaction[Nugu], group: Name, number: app_commands.Range[int, 1] | None = None
    ) -> None:
        """Go back to an earlier model of a group."""
        back = await models.plan_rollback(self.client.app, require_server(interaction), group, number)
        await interaction.response.send_message(view=rollback_card(back), ephemeral=True)

    @app_commands.command(name="report")
    @app_commands.autocomplete(group=own_groups)
    @app_commands.describe(group="The group")
    async def report(self, interaction: discord.Interaction[Nugu], group: Name) -> None:
        """Who is recognised, who is mixed up, who needs photos, which looks I lack, which labels look wrong."""
        server_id = await defer_in_server(interaction)
        report = await models.report(self.client.app, server_id, channel_id_of(interaction), group)
        await show(interaction, *report_card(report))

    @rollback.autocomplete("number")
    async def earlier(self, interaction: discord.Interaction[Nugu], typed: str) -> list[app_commands.Choice[int]]:
        group: str = interaction.namespace.group or ""
        found = await models.rollback_targets(self.client.app, require_server(interaction), group)
        wanted = [model for model in found if str(typed) in str(model.number)]
        return [
            app_commands.Choice(name=model_choice(model)[:LONGEST_OPTION], value=model.number)
            for model in wanted[:MAX_OPTIONS]
        ]

    def _post_later(self, notification: Notification) -> None:
        task = asyncio.create_task(self._post(notification))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _post(self, notification: Notification) -> None:
        """Post in the channel that the server chose, else in its channel for news from Discord, else nowhere."""
        await self.client.wait_until_ready()
        guild = self.client.get_guild(notification.server)
        if guild is None:
            return
        chosen = (await choices_of(self.client.app, guild.id)).notices
        for channel in (guild.get_channel_or_thread(chosen) if chosen else None, guild.public_updates_channel):
            if isinstance(channel, discord.abc.Messageable) and channel.permissions_for(guild.me).send_messages:
                try:
                    await channel.send(notification_sentence(notification))
                except UNREACHABLE as failure:
                    log.warning("could not notify the moderators of server %s: %s", guild.id, failure)
                return


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(*ITEMS)
    await client.add_cog(ModelCog(client))
