"""The card that answers "who is this?"."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.answers import AnsweredPicture
from bot.domain.enums import Meaning
from cogs.answers.faces import attribution, face_alt_text, face_line
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import LONGEST_TEXT, Button, Card, Row, container, custom_id
from cogs.common.markup import plain
from cogs.common.message_media import walk
from models.faces import Band

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.answers import Answer, AnsweredFace

ACCENTS = {
    Band.SURE: 0x3BA55D,
    Band.UNSURE: 0xE0A030,
    Band.UNKNOWN: 0x80848E,
}


def answer_card(answer: Answer, shown: Sequence[str] = ()) -> Card:
    """The card of an answer.

    Its pictures are sent beside it as files of their `file_name`s; or they are there already, `shown` at these
    addresses, when the card is edited.
    """
    card = Card()
    box = container(accent_of(answer))
    room = LONGEST_TEXT // len(answer.pictures)
    several = len(answer.pictures) > 1
    addresses = iter(shown)
    for picture in answer.pictures:
        if several and picture.position:
            box.add_item(discord.ui.Separator())
        if picture.refusal is not None:
            box.add_item(discord.ui.TextDisplay(f"⚠️ **{plain(picture.name)}**: {plain(picture.refusal)}."[:room]))
            continue
        file = next(addresses, f"attachment://{picture.file_name}")
        item = discord.MediaGalleryItem(file, description=alt_text(picture), spoiler=picture.spoiler)
        box.add_item(discord.ui.MediaGallery(item))
        box.add_item(discord.ui.TextDisplay(_lines(picture, room, several=several)))
    if (told := attribution(answer)) is not None:
        box.add_item(discord.ui.TextDisplay(f"-# {told}"))
    box.add_item(answer_buttons(answer))
    card.add_item(box)
    return card


def answer_files(pictures: Mapping[str, bytes]) -> list[discord.File]:
    """The tagged pictures as the files that the card shows."""
    return [discord.File(BytesIO(data), filename=name) for name, data in pictures.items()]


def picture_urls(card: discord.Message) -> list[str]:
    """The addresses of the pictures on a card that was sent, in their order.

    A message of components doesn't list its files among `attachments` (discord-api-docs #8277), and an edit that uploads
    them anew has been refused (#7529): so an edited card points to where its pictures are.
    """
    galleries = [part for part, _ in walk(card.components) if isinstance(part, discord.MediaGalleryComponent)]
    return [item.media.url for gallery in galleries for item in gallery.items]


def alt_text(picture: AnsweredPicture) -> str:
    """What the picture shows, for those who can't see it."""
    if not picture.faces:
        return "A picture in which I found no face"
    told = ", ".join(face_alt_text(face) for face in picture.faces)
    return f"Faces, row by row: {told}"[:LONGEST_ALT]


def accent_of(answer: Answer) -> int:
    """The colour of a card: by the least sure of its names."""
    bands = {_band(face) for _, face in answer.faces}
    return ACCENTS[next((band for band in (Band.UNSURE, Band.SURE) if band in bands), Band.UNKNOWN)]


def answer_buttons(answer: Answer) -> Row:
    """What can be done about an answer."""
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
    if any(face.is_drawn_otherwise for face in picture.faces):
        lines.append("-# The picture still carries the names from before.")
    text = "\n".join(lines)
    if len(text) <= room:
        return text
    kept = text[: room - 20].rsplit("\n", 1)[0]
    return f"{kept}\n… and {len(lines) - kept.count(chr(10)) - 1} more"


def _band(face: AnsweredFace) -> Band:
    if face.annotation is None:
        return face.guess.band
    return Band.UNKNOWN if face.annotation.meaning is Meaning.NOT_MEMBER else Band.SURE
