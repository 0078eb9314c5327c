"""The cards after photos were added: the taken faces, the reasons for the others, and a question for each doubtful photo."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.rosters import MemberPhotos
from cogs.common.layout import (
    AMBER,
    GREEN,
    LONGEST_TEXT,
    Button,
    CardAndFiles,
    Part,
    Row,
    Select,
    custom_id,
    framed_card,
    gallery,
)
from cogs.roster.enrolment.texts import (
    CHOSEN_FACE_ALT_TEXT,
    FACE_ALT_TEXT,
    LEAVE_OUT,
    NONE_OF_THEM,
    NUMBER_IN_PICTURE,
    NUMBERED_PHOTO_ALT_TEXT,
    USE,
    confined_line,
    doubtful_face_text,
    doubtful_photo_text,
    doubtful_sentence,
    face_option,
    refused_line,
    sheet_alt_text,
    taken_line,
    which_face_question,
)
from cogs.roster.texts import photo_count_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.usecases.roster.outcomes import AddedMember, PhotoOutcome, PhotoQuestion
    from bot.usecases.roster.pending import DoubtfulFace


def added_card(added: AddedMember, sheet: bytes | None) -> CardAndFiles:
    """The taken faces on one sheet, and the reason for each refused photo. `waiting_card` asks about a doubtful one."""
    taken = [(photo.name, photo.crop) for photo in added.outcomes if photo.crop is not None]
    refused = [photo for photo in added.outcomes if photo.crop is None and photo.question is None]
    doubtful = sum(photo.question is not None for photo in added.outcomes)
    parts: list[Part] = [photo_count_sentence(MemberPhotos(added.member, added.group, added.photos))]
    files: list[discord.File] = []
    if sheet is not None:
        files.append(discord.File(BytesIO(sheet), filename="faces.jpg"))
        alt = sheet_alt_text(member=added.member, photos=[name for name, _ in taken])
        parts.append(gallery(("faces.jpg", alt), spoiler=any(photo.spoiler for photo in added.outcomes)))
        qualities = (
            taken_line(photo=name, face_width=crop.face_width, sharpness=crop.sharpness) for name, crop in taken
        )
        parts.append("\n".join(qualities)[: LONGEST_TEXT // 2])
        if added.only_in is not None:
            parts.append(confined_line(added.only_in))
    if refused:
        reasons = "\n".join(refused_line(photo) for photo in refused)
        parts.append(reasons[: LONGEST_TEXT // 3])
    if doubtful:
        parts.append(doubtful_sentence(doubtful))
    return framed_card(GREEN if taken else AMBER, *parts), files


def waiting_card(photo: PhotoOutcome, question: PhotoQuestion) -> CardAndFiles:
    """Asks which face of a photo is the member's, or whether its only face is used although it is doubtful."""
    face, *others = question.faces
    if others:
        text = which_face_question(photo=photo.name, faces=len(question.faces))
        options = [
            discord.SelectOption(
                label=face_option(number=face.number, width=face.width, sharpness=face.sharpness), value=str(face.id)
            )
            for face in question.faces
        ]
        menu = Select(
            custom_id=custom_id("whose", question.id, question.member),
            placeholder=NUMBER_IN_PICTURE,
            options=options,
        )
        rows = [Row(menu), Row(Button(label=NONE_OF_THEM, custom_id=custom_id("leaveout", question.id)))]
        return _question_card(text, question.picture, NUMBERED_PHOTO_ALT_TEXT, rows, spoiler=photo.spoiler)
    text = doubtful_photo_text(photo, face_width=face.width, sharpness=face.sharpness)
    row = _use_or_not(question.id, face.id, question.member)
    return _question_card(text, question.picture, FACE_ALT_TEXT, [row], spoiler=photo.spoiler)


def doubt_card(waiting: DoubtfulFace) -> CardAndFiles:
    """Asks whether the chosen face is used although it is doubtful."""
    row = _use_or_not(waiting.question, waiting.face, waiting.member)
    return _question_card(
        doubtful_face_text(waiting), waiting.crop, CHOSEN_FACE_ALT_TEXT, [row], spoiler=waiting.spoiler
    )


def _use_or_not(question: int, face: int, member: int) -> Row:
    return Row(
        Button(
            label=USE,
            style=discord.ButtonStyle.primary,
            custom_id=custom_id("useit", question, face, member),
        ),
        Button(label=LEAVE_OUT, custom_id=custom_id("leaveout", question)),
    )


def _question_card(text: str, picture: bytes | None, alt: str, rows: Sequence[Row], *, spoiler: bool) -> CardAndFiles:
    parts: list[Part] = [text[:LONGEST_TEXT]]
    files: list[discord.File] = []
    if picture is not None:
        files = [discord.File(BytesIO(picture), filename="photo.jpg")]
        parts.append(gallery(("photo.jpg", alt), spoiler=spoiler))
    return framed_card(AMBER, *parts, *rows), files
