"""Cards and the form for adding to rosters: what became of each photo, and what a moderator may say of doubtful ones."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import discord

from bot.domain.rosters import MemberPhotos
from bot.text.formatting import circled, counted, face_quality
from bot.text.photos import photo_reason
from cogs.common.discord_limits import MOST_FILES
from cogs.common.layout import (
    LONGEST_TEXT,
    NO_GROUP,
    Button,
    Card,
    CardAndFiles,
    Row,
    Select,
    container,
    custom_id,
    gallery,
    message_card,
    shown_only_in,
)
from cogs.common.markup import plain
from cogs.common.modals import PersistentModal
from cogs.roster.texts import photo_count_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.usecases.roster.enrolment import AddedMember, Asks, ListedGroup, TakenPhoto
    from bot.usecases.roster.pending import DoubtfulFace

GREEN = 0x3BA55D
AMBER = 0xE0A030

GROUP, NAME, PHOTOS = "group", "name", "photos"
"""The custom_ids of the fields of `AddMemberModal`."""


class AddMemberModal(PersistentModal, title="Add a member"):
    """Group, name and up to ten photos at once."""

    group: discord.ui.Label[Any] = discord.ui.Label(
        text="Group", component=discord.ui.TextInput(custom_id=GROUP, max_length=100)
    )
    name: discord.ui.Label[Any] = discord.ui.Label(
        text="Name", component=discord.ui.TextInput(custom_id=NAME, max_length=100)
    )
    photos: discord.ui.Label[Any] = discord.ui.Label(
        text="Photos",
        description="One to ten, each with this one face, large and clear.",
        component=discord.ui.FileUpload(custom_id=PHOTOS, min_values=1, max_values=MOST_FILES),
    )

    def __init__(self, *, group: str, name: str) -> None:
        super().__init__(custom_id("addmember"))
        for label, text in ((self.group, group), (self.name, name)):
            assert isinstance(label.component, discord.ui.TextInput)
            label.component.default = text


def added_card(added: AddedMember, sheet: bytes | None) -> CardAndFiles:
    """The faces that were taken, on one sheet, and of the other photos why not; those that wait have cards of their own."""
    taken = [(photo.name, photo.crop) for photo in added.taken if photo.crop is not None]
    refused = [photo for photo in added.taken if photo.crop is None and photo.asks is None]
    waiting = sum(photo.asks is not None for photo in added.taken)
    text = photo_count_sentence(MemberPhotos(added.member, added.group, added.photos))
    card = Card()
    box = container(GREEN if taken else AMBER)
    box.add_item(discord.ui.TextDisplay(text))
    files: list[discord.File] = []
    if sheet is not None:
        files.append(discord.File(BytesIO(sheet), filename="faces.jpg"))
        box.add_item(
            gallery(
                ("faces.jpg", f"The faces taken of {added.member}: {', '.join(name for name, _ in taken)}"),
                spoiler=any(photo.spoiler for photo in added.taken),
            )
        )
        seen = (f"{plain(name)}: {face_quality(cut.face_width, cut.sharpness)}" for name, cut in taken)
        box.add_item(discord.ui.TextDisplay("\n".join(seen)[: LONGEST_TEXT // 2]))
        if added.only_in is not None:
            told = f"-# From here they are {shown_only_in(added.only_in)}; added elsewhere, everywhere."
            box.add_item(discord.ui.TextDisplay(told))
    if refused:
        lines = "\n".join(f"⚠️ {plain(photo.name)}: {_reason(photo)}." for photo in refused)
        box.add_item(discord.ui.TextDisplay(lines[: LONGEST_TEXT // 3]))
    if waiting:
        box.add_item(discord.ui.TextDisplay(f"{counted(waiting, 'photo')} more: see below."))
    card.add_item(box)
    return card, files


def waiting_card(photo: TakenPhoto, asks: Asks) -> CardAndFiles:
    """A doubtful photo: which of its faces is meant, or whether it is used all the same."""
    face, *others = asks.faces
    if others:
        text = f"⚠️ **{plain(photo.name)}**: I see {len(asks.faces)} faces in it. Which one is meant?"
        options = [
            discord.SelectOption(
                label=f"{circled(one.number)} {face_quality(one.width, one.sharpness)}", value=str(one.id)
            )
            for one in asks.faces
        ]
        menu = Select(
            custom_id=custom_id("whose", asks.question, asks.member),
            placeholder="The number in the picture",
            options=options,
        )
        rows = [Row(menu), Row(Button(label="None of them", custom_id=custom_id("leaveout", asks.question)))]
        return _asking(text, asks.picture, "The photo with a number on each face", rows, spoiler=photo.spoiler)
    text = f"⚠️ **{plain(photo.name)}**: {_reason(photo)}.\n-# {face_quality(face.width, face.sharpness)}"
    row = _use_or_not(asks.question, face.id, asks.member)
    return _asking(text, asks.picture, "The face in it", [row], spoiler=photo.spoiler)


def doubt_card(waiting: DoubtfulFace) -> CardAndFiles:
    """The face that was chosen is doubtful: is it used all the same?"""
    text = f"⚠️ Taken alone, {plain(photo_reason(waiting.doubt))}.\n-# {face_quality(waiting.face_width, waiting.sharpness)}"
    row = _use_or_not(waiting.question, waiting.face, waiting.member)
    return _asking(text, waiting.crop, "The face that was chosen", [row], spoiler=waiting.spoiler)


def groups_card(groups: Sequence[ListedGroup]) -> Card:
    """Every group with its other names, its members and how many photos each has."""
    if not groups:
        return message_card(NO_GROUP)
    lines: list[str] = []
    for group in groups:
        members = ", ".join(f"{plain(name)} ({count})" for name, count in group.members.items())
        also = f" · {', '.join(map(plain, group.aliases))}" if group.aliases else ""
        shared = " · shared with every server" if group.is_shared else ""
        lines.append(f"**{plain(group.name)}**{also}{shared}\n{members or 'nobody yet: `/member add`'}")
    return message_card("\n\n".join(lines)[:LONGEST_TEXT])


def _reason(photo: TakenPhoto) -> str:
    return "" if photo.reason is None else plain(photo_reason(photo.reason))


def _use_or_not(question: int, face: int, member: int) -> Row:
    return Row(
        Button(
            label="Use it all the same",
            style=discord.ButtonStyle.primary,
            custom_id=custom_id("useit", question, face, member),
        ),
        Button(label="Leave it out", custom_id=custom_id("leaveout", question)),
    )


def _asking(text: str, picture: bytes | None, alt: str, rows: Sequence[Row], *, spoiler: bool) -> CardAndFiles:
    card = Card()
    box = container(AMBER)
    box.add_item(discord.ui.TextDisplay(text[:LONGEST_TEXT]))
    files: list[discord.File] = []
    if picture is not None:
        files = [discord.File(BytesIO(picture), filename="photo.jpg")]
        box.add_item(gallery(("photo.jpg", alt), spoiler=spoiler))
    for row in rows:
        box.add_item(row)
    card.add_item(box)
    return card, files
