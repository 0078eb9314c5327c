"""The buttons and the menu of a member's card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.usecases.roster import members, photos
from cogs.common.components import ModeratorItem, PersistentItem
from cogs.common.layout import Select, message_card
from cogs.common.responses import show
from cogs.roster.members.cards import member_card, member_files
from cogs.roster.texts import removed_sentence

if TYPE_CHECKING:
    from bot.client import Nugu
    from bot.usecases.questions.correct import Actor
    from bot.usecases.roster.photos import MemberView


class RemoveMemberButton(ModeratorItem[Any], template=r"nugu:removemember:(?P<member>\d+)"):
    """Deletes the member."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        removed = await members.remove_member(interaction.client.app, server_id, self.ids["member"])
        await interaction.edit_original_response(view=message_card(removed_sentence(removed)))


class MemberPageButton(ModeratorItem[Any], template=r"nugu:crops:(?P<member>\d+):(?P<page>\d+):(?P<on>\d)"):
    """Another page of a member's photos."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        shown = await _page(interaction, server_id, actor, self.ids)
        await show(interaction, member_card(shown, manage=False), member_files(shown))


class PhotosPageButton(ModeratorItem[Any], template=r"nugu:photos:(?P<member>\d+):(?P<page>\d+):(?P<on>\d)"):
    """Another page of a member's photos, with the menu that removes one."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        await _show_photos(interaction, await _page(interaction, server_id, actor, self.ids))


class RemovePhotoMenu(ModeratorItem[Any], template=r"nugu:dropphoto:(?P<member>\d+):(?P<page>\d+)"):
    """Deletes a photo."""

    component = discord.ui.Select

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        app = interaction.client.app
        item: Select = self.item
        await photos.remove_photo(app, server_id, int(item.values[0]), interaction.user.id)
        await _show_photos(interaction, await _page(interaction, server_id, actor, self.ids))


async def _page(
    interaction: discord.Interaction[Nugu], server_id: int, actor: Actor, ids: dict[str, int]
) -> MemberView:
    return await photos.show_page(interaction.client.app, server_id, actor.channel_id, ids["member"], ids["page"])


async def _show_photos(interaction: discord.Interaction[Nugu], shown: MemberView) -> None:
    await show(interaction, member_card(shown, manage=True), member_files(shown))


ITEMS: tuple[type[PersistentItem[Any]], ...] = (
    RemoveMemberButton,
    MemberPageButton,
    PhotosPageButton,
    RemovePhotoMenu,
)
