"""The buttons of a clip: cancel, and draw again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.usecases.clips import request
from cogs.clips.requests import reply_target
from cogs.clips.texts import DRAWN_SOON
from cogs.common.components import PersistentItem, actor_of
from cogs.common.layout import Button

if TYPE_CHECKING:
    import discord

    from bot.client import Nugu


class CancelClipButton(PersistentItem[Button], template=r"nugu:cancel:(?P<job>\d+)"):
    """Cancels a clip; for the asker and for moderators."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        await request.cancel(interaction.client.app, self.ids["job"], await actor_of(interaction))


class RedrawClipButton(PersistentItem[Button], template=r"nugu:drawagain:(?P<job>\d+)"):
    """Draws a clip again with the corrected names. The card keeps the old clip until then."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        assert interaction.message is not None
        target = reply_target(interaction, interaction.message.id)
        await request.draw_again(interaction.client.app, self.ids["job"], await actor_of(interaction), target)
        await interaction.followup.send(DRAWN_SOON, ephemeral=True)
