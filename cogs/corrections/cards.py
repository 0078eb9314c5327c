"""The dialog that corrects a face: its number, the member, and the modal for any other name."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import discord

from cogs.answers.texts import face_text
from cogs.common.discord_limits import LONGEST_LABEL, LONGEST_OPTION, MAX_OPTIONS
from cogs.common.layout import Button, Card, CardAndFiles, Part, Row, Select, custom_id, gallery, message_card
from cogs.common.modals import PersistentModal
from cogs.corrections.texts import (
    ANOTHER_NAME,
    NAME_EXAMPLES,
    NAME_LABEL,
    NOT_A_FACE,
    NOT_A_MEMBER,
    NUMBER_IN_PICTURE,
    OTHER_NAME_TITLE,
    RIGHT_NAME,
    crop_alt_text,
    is_not_button,
    picture_number,
    which_face_question,
    who_heading,
    who_question,
)

if TYPE_CHECKING:
    from bot.domain.answers import Answer, AnsweredFace, AnsweredPicture

SOMEBODY_ELSE = "else"
"""The value of the menu's last option, beside the ids of members."""

NAME = "name"
"""The custom_id of the text field in `OtherNameModal`."""


def which_face_card(answer: Answer, card_id: int) -> Card:
    """The first step for several faces: the menu of their numbers."""
    several = len(answer.pictures) > 1
    options = [
        discord.SelectOption(
            label=face_text(face)[:LONGEST_OPTION],
            value=str(face.id),
            description=picture_number(picture.position + 1) if several else None,
        )
        for picture, face in answer.faces[:MAX_OPTIONS]
    ]
    title = which_face_question(faces=len(answer.faces), most=MAX_OPTIONS)
    menu = Select(custom_id=custom_id("which", answer.id, card_id), placeholder=NUMBER_IN_PICTURE, options=options)
    return message_card(title, Row(menu))


def who_card(
    answer: Answer, picture: AnsweredPicture, face: AnsweredFace, card_id: int, crop: bytes | None
) -> CardAndFiles:
    """The second step: the crop of the face where there is one, the menu of members, and the buttons for no member."""
    ids = answer.id, card_id, face.id
    nobody = Row(
        Button(label=NOT_A_MEMBER, custom_id=custom_id("stranger", *ids)),
        Button(label=NOT_A_FACE, custom_id=custom_id("noface", *ids)),
    )
    if face.named_member is not None:
        member, name = face.named_member
        nobody.add_item(Button(label=is_not_button(name)[:LONGEST_LABEL], custom_id=custom_id("isnt", *ids, member)))
    question = who_question(face=face.number, picture=picture.position + 1 if len(answer.pictures) > 1 else None)
    parts: list[Part] = [who_heading(question)]
    files: list[discord.File] = []
    if crop is not None:
        files.append(discord.File(BytesIO(crop), filename=f"face-{face.number}.jpg"))
        parts.append(gallery((files[0].filename, crop_alt_text(question)), spoiler=picture.spoiler))
    return message_card(*parts, Row(members_menu(custom_id("member", *ids), face)), nobody), files


def members_menu(custom_id: str, face: AnsweredFace) -> Select:
    """The likely members, the likeliest first, and an option for somebody else."""
    candidates = face.guess.candidates[: MAX_OPTIONS - 1]
    several_groups = len({candidate.group_name for candidate in candidates}) > 1
    options = [
        discord.SelectOption(
            label=candidate.name,
            value=str(candidate.member),
            description=candidate.group_name if several_groups else None,
        )
        for candidate in candidates
    ]
    options.append(discord.SelectOption(label=ANOTHER_NAME, value=SOMEBODY_ELSE, emoji="🔎"))
    return Select(custom_id=custom_id, placeholder=RIGHT_NAME, options=options)


class OtherNameModal(PersistentModal, title=OTHER_NAME_TITLE):
    """A text field that takes any spelling of a name."""

    name: discord.ui.Label[Any] = discord.ui.Label(
        text=NAME_LABEL,
        component=discord.ui.TextInput(custom_id=NAME, max_length=100, placeholder=NAME_EXAMPLES),
    )
