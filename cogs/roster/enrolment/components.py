"""The menu and the buttons of a doubtful photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.domain.rosters import MemberPhotos
from bot.usecases.roster import pending
from cogs.common.components import ModeratorItem, PersistentItem
from cogs.common.layout import Select, message_card
from cogs.common.responses import show
from cogs.roster.enrolment.cards import doubt_card
from cogs.roster.enrolment.texts import LEFT_OUT, USED_MEANWHILE
from cogs.roster.texts import photo_count_sentence

if TYPE_CHECKING:
    from bot.client import Nugu
    from bot.usecases.questions.correct import Actor


class PhotoFaceMenu(ModeratorItem[Any], template=r"nugu:whose:(?P<question>\d+):(?P<member>\d+)"):
    """Chooses the member's face among several in a photo."""

    component = discord.ui.Select

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        item: Select = self.item
        app = interaction.client.app
        face, ids = int(item.values[0]), self.ids
        result = await pending.choose_face(app, server_id, ids["question"], face, ids["member"], actor)
        if isinstance(result, MemberPhotos):
            await show(interaction, message_card(photo_count_sentence(result)))
        else:
            await show(interaction, *doubt_card(result))


class UsePhotoButton(ModeratorItem[Any], template=r"nugu:useit:(?P<question>\d+):(?P<face>\d+):(?P<member>\d+)"):
    """Learns from a doubtful face all the same."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        app, ids = interaction.client.app, self.ids
        known = await pending.use_face(app, server_id, ids["question"], ids["face"], ids["member"], actor)
        await show(interaction, message_card(photo_count_sentence(known)))


class LeaveOutButton(ModeratorItem[Any], template=r"nugu:leaveout:(?P<question>\d+)"):
    """Deletes a doubtful photo."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        left_out = await pending.leave_out(interaction.client.app, server_id, self.ids["question"])
        await show(interaction, message_card(LEFT_OUT if left_out else USED_MEANWHILE))


ITEMS: tuple[type[PersistentItem[Any]], ...] = (
    PhotoFaceMenu,
    UsePhotoButton,
    LeaveOutButton,
)
