"""What moderators press: removing groups, members and photos, turning pages, and their word about doubtful photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.trust import Trust
from bot.usecases import doubtful, members, photos
from cogs.cards.fix import closing
from cogs.cards.layout import Button, Select
from cogs.cards.members import member_card, member_files
from cogs.cards.roster import doubt_card
from cogs.presses.press import Press, speaker_of
from cogs.sending import show
from cogs.trust import NotTrustedError, trust_of

if TYPE_CHECKING:
    import discord

    from bot.client import Nugu
    from bot.usecases.photos import ShownMember


class ModeratorPress(Press[Any], template=r"nugu:moderator"):
    """A press that is a moderator's, whoever the card was made for."""

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        if await trust_of(interaction) < Trust.MODERATOR:
            raise NotTrustedError(Trust.MODERATOR)
        assert interaction.guild_id is not None
        await self.act(interaction, interaction.guild_id)

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        """What the press does in a server."""
        raise AssertionError("a press without an action")


class RemoveGroup(ModeratorPress, template=r"nugu:removegroup:(?P<group>\d+)"):
    """The group is removed for good."""

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        told = await members.remove_group(interaction.client.app, server_id, self.ids["group"])
        await interaction.edit_original_response(view=closing(told))


class RemoveMember(ModeratorPress, template=r"nugu:removemember:(?P<member>\d+)"):
    """The member is removed for good."""

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        told = await members.remove_member(interaction.client.app, server_id, self.ids["member"])
        await interaction.edit_original_response(view=closing(told))


class Keep(Press[Button], template=r"nugu:keep"):
    """Nothing is removed."""

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        await interaction.edit_original_response(view=closing("Nothing is removed."))


class Crops(ModeratorPress, template=r"nugu:crops:(?P<member>\d+):(?P<page>\d+):(?P<on>\d)"):
    """Another page of a member's photos."""

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        shown = await photos.show_page(interaction.client.app, server_id, self.ids["member"], self.ids["page"])
        await show(interaction, member_card(shown, manage=False), member_files(shown))


class PhotosPage(ModeratorPress, template=r"nugu:photos:(?P<member>\d+):(?P<page>\d+):(?P<on>\d)"):
    """Another page of a member's photos, with the menu that removes one."""

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        await _show_photos(
            interaction,
            await photos.show_page(interaction.client.app, server_id, self.ids["member"], self.ids["page"]),
        )


class DropPhoto(ModeratorPress, template=r"nugu:dropphoto:(?P<member>\d+):(?P<page>\d+)"):
    """A photo is removed for good."""

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        app = interaction.client.app
        item: Select = self.item
        await photos.remove_photo(app, server_id, int(item.values[0]), interaction.user.id)
        await _show_photos(interaction, await photos.show_page(app, server_id, self.ids["member"], self.ids["page"]))


class Whose(ModeratorPress, template=r"nugu:whose:(?P<question>\d+):(?P<member>\d+)"):
    """Of several faces in a photo one is the member's."""

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        item: Select = self.item
        app, speaker = interaction.client.app, await speaker_of(interaction)
        face, ids = int(item.values[0]), self.ids
        told = await doubtful.choose(app, server_id, ids["question"], face, ids["member"], speaker)
        if isinstance(told, str):
            await show(interaction, closing(told))
        else:
            await show(interaction, *doubt_card(told))


class UseIt(ModeratorPress, template=r"nugu:useit:(?P<question>\d+):(?P<face>\d+):(?P<member>\d+)"):
    """A doubtful face is used all the same."""

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        app, ids = interaction.client.app, self.ids
        speaker = await speaker_of(interaction)
        told = await doubtful.use(app, server_id, ids["question"], ids["face"], ids["member"], speaker)
        await show(interaction, closing(told))


class LeaveOut(ModeratorPress, template=r"nugu:leaveout:(?P<question>\d+)"):
    """A doubtful photo is left out, and forgotten."""

    async def act(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        told = await doubtful.leave_out(interaction.client.app, server_id, self.ids["question"])
        await show(interaction, closing(told))


async def _show_photos(interaction: discord.Interaction[Nugu], shown: ShownMember) -> None:
    await show(interaction, member_card(shown, manage=True), member_files(shown))
