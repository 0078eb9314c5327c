"""The button that removes a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.usecases.roster import members
from cogs.common.components import ModeratorItem
from cogs.common.layout import message_card
from cogs.roster.texts import removed_sentence

if TYPE_CHECKING:
    import discord

    from bot.client import Nugu
    from bot.usecases.questions.correct import Actor


class RemoveGroupButton(ModeratorItem[Any], template=r"nugu:removegroup:(?P<group>\d+)"):
    """Deletes the group."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        removed = await members.remove_group(interaction.client.app, server_id, self.ids["group"])
        await interaction.edit_original_response(view=message_card(removed_sentence(removed)))
