"""The sentences about photos that are added to a member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.text.faces import face_quality
from bot.text.formatting import circled, counted
from bot.text.photos import photo_reason
from cogs.common.markup import plain
from cogs.common.texts import shown_only_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.usecases.roster.outcomes import PhotoOutcome
    from bot.usecases.roster.pending import DoubtfulFace

USE, LEAVE_OUT, NONE_OF_THEM = "Use it all the same", "Leave it out", "None of them"
NUMBER_IN_PICTURE = "The number in the picture"

FORM_TITLE = "Add a member"
GROUP_LABEL, NAME_LABEL, PHOTOS_LABEL = "Group", "Name", "Photos"
PHOTOS_RULE = "One to ten, each with this one face, large and clear."

NUMBERED_PHOTO_ALT_TEXT = "The photo with a number on each face"
FACE_ALT_TEXT = "The face in it"
CHOSEN_FACE_ALT_TEXT = "The face that was chosen"

LEFT_OUT = "Left out; I keep nothing of it."
USED_MEANWHILE = "That photo was used meanwhile, so I keep it. `/member photos` can remove it."


def sheet_alt_text(*, member: str, photos: Iterable[str]) -> str:
    """The picture with the taken faces, without markup."""
    return f"The faces taken of {member}: {', '.join(photos)}"


def taken_line(*, photo: str, face_width: int, sharpness: float | None) -> str:
    """A photo that was taken, and the quality of its face."""
    return f"{plain(photo)}: {face_quality(face_width, sharpness)}"


def confined_line(channel: int) -> str:
    """Photos that an age-restricted channel alone shows."""
    return f"-# From here they are {shown_only_in(channel)}; added elsewhere, everywhere."


def refused_line(photo: PhotoOutcome) -> str:
    """The reason why a photo was not taken."""
    return f"⚠️ {plain(photo.name)}: {_reason(photo)}."


def doubtful_sentence(photos: int) -> str:
    """The number of photos that get a card of their own."""
    return f"{counted(photos, 'photo')} more: see below."


def which_face_question(*, photo: str, faces: int) -> str:
    """Asks which face of a photo is the member's."""
    return f"⚠️ **{plain(photo)}**: I see {faces} faces in it. Which one is meant?"


def face_option(*, number: int, width: int, sharpness: float | None) -> str:
    """A face in the menu: its number in the picture, and its quality."""
    return f"{circled(number)} {face_quality(width, sharpness)}"


def doubtful_photo_text(photo: PhotoOutcome, *, face_width: int, sharpness: float | None) -> str:
    """The reason why the only face of a photo is doubtful."""
    return f"⚠️ **{plain(photo.name)}**: {_reason(photo)}.\n-# {face_quality(face_width, sharpness)}"


def doubtful_face_text(face: DoubtfulFace) -> str:
    """The reason why a chosen face is doubtful."""
    return f"⚠️ Taken alone, {plain(photo_reason(face.doubt))}.\n-# {face_quality(face.face_width, face.sharpness)}"


def _reason(photo: PhotoOutcome) -> str:
    return "" if photo.reason is None else plain(photo_reason(photo.reason))
