"""The cards of /review: a face with its guess, its source and the buttons for an answer."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.usecases.review import ReviewItem
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import BLUE, Button, Card, CardAndFiles, Part, Row, custom_id, framed_card
from cogs.corrections.cards import members_menu
from cogs.corrections.texts import NOT_A_FACE, NOT_A_MEMBER
from cogs.review.texts import (
    BACK,
    DONE,
    LOOK_AGAIN,
    MESSAGE_LINK,
    NO,
    PAGE_LINK,
    SAY_WHO,
    SKIP,
    SOMEBODY_ELSE,
    UNDO,
    USE,
    WHO,
    YES,
    crop_alt_text,
    face_description,
    face_question,
    face_title,
    note_sentence,
    nothing_left_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.reviews import FaceInReview
    from bot.usecases.review import ReviewPage

LONGEST_LINK = 512


def review_card(page: ReviewPage) -> CardAndFiles:
    """The next face with its crop and the buttons for an answer, or why there is none."""
    parts: list[Part] = []
    if page.note is not None:
        parts.append(f"-# {note_sentence(page.note)}")
    files: list[discord.File] = []
    if isinstance(page.content, ReviewItem):
        face = page.content.face
        file = discord.File(BytesIO(page.content.crop), filename=f"face-{face.face.id}.jpg")
        files.append(file)
        parts += [
            face_title(face_question(face), left=page.content.left),
            _picture(f"attachment://{file.filename}", face),
            face_description(face),
            _choices(face),
            _ways_out(face, page.undoable),
        ]
    else:
        row = Row(Button(label=LOOK_AGAIN, custom_id=custom_id("review:next")))
        if page.undoable is not None:
            row.add_item(_undo(page.undoable))
        parts += [nothing_left_text(page.content), row]
    return framed_card(BLUE, *parts), files


def choice_card(shown: ReviewItem, urls: Sequence[str]) -> Card:
    """The menu of members, and the buttons for a face that shows none. `urls`: of the crop that the card shows already."""
    id = shown.face.face.id
    return framed_card(
        BLUE,
        face_title(WHO, left=shown.left),
        *(_picture(url, shown.face) for url in urls),
        Row(members_menu(custom_id("review:member", id), shown.face.face)),
        Row(
            Button(label=NOT_A_MEMBER, custom_id=custom_id("review:stranger", id)),
            Button(label=NOT_A_FACE, custom_id=custom_id("review:noface", id)),
            Button(label=BACK, custom_id=custom_id("review:look", id)),
        ),
    )


def _picture(url: str, face: FaceInReview) -> discord.ui.MediaGallery[Card]:
    alt = crop_alt_text(face)[:LONGEST_ALT]
    return discord.ui.MediaGallery(discord.MediaGalleryItem(url, description=alt, spoiler=face.spoiler))


def _choices(face: FaceInReview) -> Row:
    """The frequent answers, five at most. `choice_card` has the others."""
    id = face.face.id
    row = Row()
    if face.proposal is not None:
        member, _ = face.proposal
        yes = discord.ButtonStyle.success
        row.add_item(Button(label=YES, style=yes, custom_id=custom_id("review:yes", id, member)))
        if face.flaw is not None:
            row.add_item(Button(label=USE, custom_id=custom_id("review:use", id, member)))
        row.add_item(Button(label=NO, style=discord.ButtonStyle.danger, custom_id=custom_id("review:no", id, member)))
    other = SOMEBODY_ELSE if face.proposal is not None else SAY_WHO
    row.add_item(Button(label=other, custom_id=custom_id("review:who", id)))
    row.add_item(Button(label=SKIP, custom_id=custom_id("review:skip", id)))
    return row


def _ways_out(face: FaceInReview, undoable: int | None) -> Row:
    """Undo, the end of the review, and a link to the face's source."""
    row = Row()
    if undoable is not None:
        row.add_item(_undo(undoable))
    row.add_item(Button(label=DONE, custom_id=custom_id("review:done")))
    if (link := _link(face)) is not None:
        row.add_item(link)
    return row


def _undo(face_id: int) -> Button:
    return Button(label=UNDO, emoji="↩️", custom_id=custom_id("review:undo", face_id))


def _link(face: FaceInReview) -> Button | None:
    """A link to the message with the picture, or to the page of a gathered photo."""
    if face.source is not None:
        web = face.source.startswith(("https://", "http://")) and len(face.source) <= LONGEST_LINK
        return Button(label=PAGE_LINK, url=face.source) if web else None
    if face.channel_id is None or face.source_message_id is None:
        return None
    url = f"https://discord.com/channels/{face.server_id}/{face.channel_id}/{face.source_message_id}"
    return Button(label=MESSAGE_LINK, url=url)
