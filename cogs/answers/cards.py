"""The card that answers "who is this?"."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.answers import AnsweredPicture
from bot.domain.enums import AnnotationMeaning
from cogs.answers import texts
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
from cogs.common.message_media import walk
from models.faces import ConfidenceBand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.answers import Answer, AnsweredFace

ACCENTS = {ConfidenceBand.SURE: GREEN, ConfidenceBand.UNSURE: AMBER, ConfidenceBand.UNKNOWN: GREY}


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
            parts.append(texts.refusal_line(picture)[:room])
            continue
        url = next(remaining, f"attachment://{picture.file_name}")
        item = discord.MediaGalleryItem(url, description=texts.picture_alt_text(picture), spoiler=picture.spoiler)
        parts += [discord.ui.MediaGallery(item), _lines(picture, room, several=several)]
    if (credit := texts.attribution(answer)) is not None:
        parts.append(f"-# {credit}")
    if not answer.is_saved:
        parts.append(texts.NOT_KEPT)
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


def accent_of(answer: Answer) -> int:
    """The colour of a card: that of its least certain name."""
    bands = {_band(face) for _, face in answer.faces}
    return ACCENTS[
        next((band for band in (ConfidenceBand.UNSURE, ConfidenceBand.SURE) if band in bands), ConfidenceBand.UNKNOWN)
    ]


def answer_buttons(answer: Answer) -> Row:
    """The buttons under an answer."""
    row = Row()
    if any(face.guess.name for _, face in answer.faces):
        right = discord.ButtonStyle.success
        row.add_item(Button(label=texts.ALL_RIGHT, emoji="✅", style=right, custom_id=custom_id("right", answer.id)))
    if answer.faces:
        row.add_item(Button(label=texts.FIX_A_FACE, emoji="✏️", custom_id=custom_id("fix", answer.id)))
        row.add_item(Button(label=texts.DETAILS, emoji="📊", custom_id=custom_id("details", answer.id)))
    hiding = custom_id("hide", answer.id) if answer.is_saved else custom_id("unkept", answer.asker_id)
    row.add_item(Button(label=texts.HIDE, emoji="🗑️", custom_id=hiding))
    if any(face.annotation for _, face in answer.faces):
        row.add_item(Button(label=texts.UNDO, emoji="↩️", custom_id=custom_id("undo", answer.id)))
    return row


def _lines(picture: AnsweredPicture, room: int, *, several: bool) -> str:
    heading = texts.picture_heading(picture, several=several)
    lines = [heading] if heading is not None else []
    lines += [texts.left_out_line(picture)] if picture.left_out else []
    lines += [texts.face_line(face) for face in picture.faces]
    if not picture.faces:
        lines.append(texts.NO_FACE)
    if any(face.is_drawing_outdated for face in picture.faces):
        lines.append(texts.DRAWING_OUTDATED)
    return lines_within(lines, room)


def _band(face: AnsweredFace) -> ConfidenceBand:
    if face.annotation is None:
        return face.guess.band
    return ConfidenceBand.UNKNOWN if face.annotation.meaning is AnnotationMeaning.NOT_MEMBER else ConfidenceBand.SURE
