"""The card that answers "who is this?"."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.answers import AnsweredPicture
from bot.domain.enums import Meaning
from cogs.answers.faces import attribution, face_alt_text, face_line
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import (
    AMBER,
    GREEN,
    GREY,
    LONGEST_TEXT,
    Button,
    Card,
    Part,
    Row,
    custom_id,
    framed_card,
    lines_within,
)
from cogs.common.markup import plain
from cogs.common.message_media import walk
from models.faces import Band

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.answers import Answer, AnsweredFace

ACCENTS = {Band.SURE: GREEN, Band.UNSURE: AMBER, Band.UNKNOWN: GREY}


def answer_card(answer: Answer, urls: Sequence[str] = ()) -> Card:
    """The card of an answer.

    Its pictures are files of the message, called by their `file_name`. An edited card gives the `urls` of those that
    Discord has already.
    """
    parts: list[Part] = []
    room = LONGEST_TEXT // len(answer.pictures)
    several = len(answer.pictures) > 1
    remaining = iter(urls)
    for picture in answer.pictures:
        if several and picture.position:
            parts.append(discord.ui.Separator())
        if picture.refusal is not None:
            parts.append(f"⚠️ **{plain(picture.name)}**: {plain(picture.refusal)}."[:room])
            continue
        url = next(remaining, f"attachment://{picture.file_name}")
        item = discord.MediaGalleryItem(url, description=alt_text(picture), spoiler=picture.spoiler)
        parts += [discord.ui.MediaGallery(item), _lines(picture, room, several=several)]
    if (credit := attribution(answer)) is not None:
        parts.append(f"-# {credit}")
    return framed_card(accent_of(answer), *parts, answer_buttons(answer))


def answer_files(pictures: Mapping[str, bytes]) -> list[discord.File]:
    """The tagged pictures as the files that the card shows."""
    return [discord.File(BytesIO(data), filename=name) for name, data in pictures.items()]


def picture_urls(card: discord.Message) -> list[str]:
    """The addresses of the pictures on a sent card, in their order.

    An edited card points to these addresses: Discord has refused edits that upload the pictures again (discord-api-docs
    #7529). A message of components doesn't list its files among `attachments` (#8277).
    """
    galleries = [part for part, _ in walk(card.components) if isinstance(part, discord.MediaGalleryComponent)]
    return [item.media.url for gallery in galleries for item in gallery.items]


def alt_text(picture: AnsweredPicture) -> str:
    """The description of a picture for people who can't see it."""
    if not picture.faces:
        return "A picture in which I found no face"
    faces = ", ".join(face_alt_text(face) for face in picture.faces)
    return f"Faces, row by row: {faces}"[:LONGEST_ALT]


def accent_of(answer: Answer) -> int:
    """The colour of a card: that of its least certain name."""
    bands = {_band(face) for _, face in answer.faces}
    return ACCENTS[next((band for band in (Band.UNSURE, Band.SURE) if band in bands), Band.UNKNOWN)]


def answer_buttons(answer: Answer) -> Row:
    """The buttons under an answer."""
    row = Row()
    if any(face.guess.name for _, face in answer.faces):
        right = discord.ButtonStyle.success
        row.add_item(Button(label="All right", emoji="✅", style=right, custom_id=custom_id("right", answer.id)))
    if answer.faces:
        row.add_item(Button(label="Fix a face", emoji="✏️", custom_id=custom_id("fix", answer.id)))
        row.add_item(Button(label="Details", emoji="📊", custom_id=custom_id("details", answer.id)))
    row.add_item(Button(label="Hide", emoji="🗑️", custom_id=custom_id("hide", answer.id)))
    if any(face.annotation for _, face in answer.faces):
        row.add_item(Button(label="Undo", emoji="↩️", custom_id=custom_id("undo", answer.id)))
    return row


def _lines(picture: AnsweredPicture, room: int, *, several: bool) -> str:
    heading = [f"Picture {picture.position + 1}"] if several else []
    heading += [plain(picture.group_name)] if picture.group_name else []
    lines = [f"-# {' · '.join(heading)}"] if heading else []
    lines += [face_line(face) for face in picture.faces]
    if not picture.faces:
        lines.append("I see no face in it. A larger or clearer picture helps.")
    if any(face.is_drawing_outdated for face in picture.faces):
        lines.append("-# The picture still carries the names from before.")
    return lines_within(lines, room)


def _band(face: AnsweredFace) -> Band:
    if face.annotation is None:
        return face.guess.band
    return Band.UNKNOWN if face.annotation.meaning is Meaning.NOT_MEMBER else Band.SURE
