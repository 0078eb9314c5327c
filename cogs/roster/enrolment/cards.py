"""The cards after photos were added: the taken faces, the reasons for the others, and a question for each doubtful photo."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.rosters import MemberPhotos
from bot.text.faces import face_quality
from bot.text.formatting import circled, counted
from bot.text.photos import photo_reason
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
from cogs.common.markup import plain
from cogs.common.texts import shown_only_in
from cogs.roster.texts import photo_count_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.usecases.roster.enrolment import AddedMember, PhotoOutcome, PhotoQuestion
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
        alt = f"The faces taken of {added.member}: {', '.join(name for name, _ in taken)}"
        parts.append(gallery(("faces.jpg", alt), spoiler=any(photo.spoiler for photo in added.outcomes)))
        qualities = (f"{plain(name)}: {face_quality(crop.face_width, crop.sharpness)}" for name, crop in taken)
        parts.append("\n".join(qualities)[: LONGEST_TEXT // 2])
        if added.only_in is not None:
            parts.append(f"-# From here they are {shown_only_in(added.only_in)}; added elsewhere, everywhere.")
    if refused:
        reasons = "\n".join(f"⚠️ {plain(photo.name)}: {_reason(photo)}." for photo in refused)
        parts.append(reasons[: LONGEST_TEXT // 3])
    if doubtful:
        parts.append(f"{counted(doubtful, 'photo')} more: see below.")
    return framed_card(GREEN if taken else AMBER, *parts), files


def waiting_card(photo: PhotoOutcome, question: PhotoQuestion) -> CardAndFiles:
    """Asks which face of a photo is the member's, or whether its only face is used although it is doubtful."""
    face, *others = question.faces
    if others:
        text = f"⚠️ **{plain(photo.name)}**: I see {len(question.faces)} faces in it. Which one is meant?"
        options = [
            discord.SelectOption(
                label=f"{circled(face.number)} {face_quality(face.width, face.sharpness)}", value=str(face.id)
            )
            for face in question.faces
        ]
        menu = Select(
            custom_id=custom_id("whose", question.id, question.member),
            placeholder="The number in the picture",
            options=options,
        )
        rows = [Row(menu), Row(Button(label="None of them", custom_id=custom_id("leaveout", question.id)))]
        return _question_card(
            text, question.picture, "The photo with a number on each face", rows, spoiler=photo.spoiler
        )
    text = f"⚠️ **{plain(photo.name)}**: {_reason(photo)}.\n-# {face_quality(face.width, face.sharpness)}"
    row = _use_or_not(question.id, face.id, question.member)
    return _question_card(text, question.picture, "The face in it", [row], spoiler=photo.spoiler)


def doubt_card(waiting: DoubtfulFace) -> CardAndFiles:
    """Asks whether the chosen face is used although it is doubtful."""
    quality = face_quality(waiting.face_width, waiting.sharpness)
    text = f"⚠️ Taken alone, {plain(photo_reason(waiting.doubt))}.\n-# {quality}"
    row = _use_or_not(waiting.question, waiting.face, waiting.member)
    return _question_card(text, waiting.crop, "The face that was chosen", [row], spoiler=waiting.spoiler)


def _reason(photo: PhotoOutcome) -> str:
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


def _question_card(text: str, picture: bytes | None, alt: str, rows: Sequence[Row], *, spoiler: bool) -> CardAndFiles:
    parts: list[Part] = [text[:LONGEST_TEXT]]
    files: list[discord.File] = []
    if picture is not None:
        files = [discord.File(BytesIO(picture), filename="photo.jpg")]
        parts.append(gallery(("photo.jpg", alt), spoiler=spoiler))
    return framed_card(AMBER, *parts, *rows), files
