"""What moderators press: removing groups, members and photos, turning pages, and their word about doubtful photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.rosters import MemberPhotos
from bot.usecases.roster import members, pending, photos
from cogs.common.components import ModeratorItem, PersistentItem
from cogs.common.layout import Button, Select, message_card
from cogs.common.responses import show
from cogs.roster.addition_cards import doubt_card
from cogs.roster.member_cards import member_card, member_files
from cogs.roster.texts import LEFT_OUT, USED_MEANWHILE, photo_count_sentence, removed_sentence

if TYPE_CHECKING:
    import discord

    from bot.client import Nugu
    from bot.usecases.correct import Actor
    from bot.usecases.roster.photos import ShownMember


class RemoveGroupButton(ModeratorItem[Any], template=r"nugu:removegroup:(?P<group>\d+)"):
    """Deletes the group."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        removed = await members.remove_group(interaction.client.app, server_id, self.ids["group"])
        await interaction.edit_original_response(view=message_card(removed_sentence(removed)))


class RemoveMemberButton(ModeratorItem[Any], template=r"nugu:removemember:(?P<member>\d+)"):
    """Deletes the member."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        removed = await members.remove_member(interaction.client.app, server_id, self.ids["member"])
        await interaction.edit_original_response(view=message_card(removed_sentence(removed)))


class KeepButton(PersistentItem[Button], template=r"nugu:keep"):
    """Cancels a removal."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        await interaction.edit_original_response(view=message_card("Nothing is removed."))


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

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        app = interaction.client.app
        item: Select = self.item
        await photos.remove_photo(app, server_id, int(item.values[0]), interaction.user.id)
        await _show_photos(interaction, await _page(interaction, server_id, actor, self.ids))


class PhotoFaceMenu(ModeratorItem[Any], template=r"nugu:whose:(?P<question>\d+):(?P<member>\d+)"):
    """Chooses the member's face among several in a photo."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        item: Select = self.item
        app = interaction.client.app
        face, ids = int(item.values[0]), self.ids
        result = await pending.choose(app, server_id, ids["question"], face, ids["member"], actor)
        if isinstance(result, MemberPhotos):
            await show(interaction, message_card(photo_count_sentence(result)))
        else:
            await show(interaction, *doubt_card(result))


class UsePhotoButton(ModeratorItem[Any], template=r"nugu:useit:(?P<question>\d+):(?P<face>\d+):(?P<member>\d+)"):
    """Learns from a doubtful face all the same."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        app, ids = interaction.client.app, self.ids
        known = await pending.use(app, server_id, ids["question"], ids["face"], ids["member"], actor)
        await show(interaction, message_card(photo_count_sentence(known)))


class LeaveOutButton(ModeratorItem[Any], template=r"nugu:leaveout:(?P<question>\d+)"):
    """Deletes a doubtful photo."""

    async def moderate(self, interaction: discord.Interaction[Nugu], server_id: int, actor: Actor) -> None:
        left_out = await pending.leave_out(interaction.client.app, server_id, self.ids["question"])
        await show(interaction, message_card(LEFT_OUT if left_out else USED_MEANWHILE))


async def _page(
    interaction: discord.Interaction[Nugu], server_id: int, actor: Actor, ids: dict[str, int]
) -> ShownMember:
    return await photos.show_page(interaction.client.app, server_id, actor.channel_id, ids["member"], ids["page"])


async def _show_photos(interaction: discord.Interaction[Nugu], shown: ShownMember) -> None:
    await show(interaction, member_card(shown, manage=True), member_files(shown))
