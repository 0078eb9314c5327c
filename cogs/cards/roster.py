"""Cards and the form for rosters."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import discord

from bot.client import answer_error
from bot.wording import plain
from cogs.cards.layout import LONGEST_TEXT, Layout, container

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.client import Nugu
    from bot.usecases.roster import AddedMember, ListedGroup

    AddMember = Callable[[discord.Interaction[Nugu], str, str, Sequence[discord.Attachment]], Awaitable[None]]

MOST_PHOTOS = 10
FORM_SECONDS = 900
"""After so long nobody comes back to a form; discord.py keeps each until then."""


class MemberForm(discord.ui.Modal, title="Add a member"):
    """Group, name and up to ten photos at once."""

    group: discord.ui.Label[Any] = discord.ui.Label(text="Group", component=discord.ui.TextInput(max_length=100))
    name: discord.ui.Label[Any] = discord.ui.Label(text="Name", component=discord.ui.TextInput(max_length=100))
    photos: discord.ui.Label[Any] = discord.ui.Label(
        text="Photos",
        description="One to ten, each with this one face, large and clear.",
        component=discord.ui.FileUpload(min_values=1, max_values=MOST_PHOTOS),
    )

    def __init__(self, add: AddMember, *, group: str, name: str) -> None:
        super().__init__(timeout=FORM_SECONDS)
        self._add = add
        self._text(self.group).default = group
        self._text(self.name).default = name

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        upload = self.photos.component
        assert isinstance(upload, discord.ui.FileUpload)
        await self._add(interaction, self._text(self.group).value, self._text(self.name).value, upload.values)

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:
        await answer_error(interaction, error)

    @staticmethod
    def _text(label: discord.ui.Label[Any]) -> discord.ui.TextInput[Any]:
        assert isinstance(label.component, discord.ui.TextInput)
        return label.component


def added_card(added: AddedMember) -> tuple[Layout, list[discord.File]]:
    """The crops that were taken, and of the other photos why they were not."""
    taken = [photo for photo in added.taken if photo.crop is not None]
    refused = [photo for photo in added.taken if photo.crop is None]
    name = plain(added.member)
    count = f"{added.photos} photo{'' if added.photos == 1 else 's'}"
    text = f"**{name}** of **{plain(added.group)}** is known by {count} now."
    card = Layout()
    box = container(0x3BA55D if taken else 0xE0A030)
    box.add_item(discord.ui.TextDisplay(text))
    files: list[discord.File] = []
    if taken:
        for number, photo in enumerate(taken, start=1):
            files.append(discord.File(BytesIO(photo.crop or b""), filename=f"face-{number}.jpg"))
        items = [
            discord.MediaGalleryItem(
                f"attachment://{file.filename}", description=f"The face taken of {added.member}"[:256]
            )
            for file in files
        ]
        box.add_item(discord.ui.MediaGallery(*items))
    if refused:
        lines = "\n".join(f"⚠️ {plain(photo.name)}: {photo.reason}." for photo in refused)
        box.add_item(discord.ui.TextDisplay(lines[:LONGEST_TEXT]))
    card.add_item(box)
    return card, files


def groups_card(groups: Sequence[ListedGroup]) -> Layout:
    """Every group with its members and how many photos each has."""
    card = Layout()
    if not groups:
        card.add_item(discord.ui.TextDisplay("I know no group here yet. Add the first with `/group add`."))
        return card
    lines: list[str] = []
    for group in groups:
        members = ", ".join(f"{plain(name)} ({count})" for name, count in group.members.items())
        shared = " · shared with every server" if group.is_house else ""
        lines.append(f"**{plain(group.name)}**{shared}\n{members or 'nobody yet: `/member add`'}")
    card.add_item(discord.ui.TextDisplay("\n\n".join(lines)[:LONGEST_TEXT]))
    return card
