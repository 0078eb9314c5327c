"""The reasons for not taking a photo, as words without markup: the same on Discord and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.messages import Message
from bot.domain.photos import (
    BlurredFace,
    FaceProblem,
    KnownPhoto,
    NoRoom,
    PhotoOfAnother,
    Resemblance,
    SeveralFaces,
    SmallFace,
)
from bot.domain.quotas import Quota
from bot.text.formatting import percent
from models.faces import MIN_EXAMPLE_SHARPNESS, MIN_EXAMPLE_WIDTH

if TYPE_CHECKING:
    from bot.domain.photos import PhotoReason

FACE_PROBLEMS = {
    FaceProblem.NO_FACE: "I see no face in it; a larger or clearer picture, seen from the front, works best",
    FaceProblem.INDISTINCT: "this face can't be told from others; take another photo",
}

THINGS = {Quota.CROP_BYTES: "crops of faces"} | {
    quota: quota.value for quota in (Quota.GROUPS, Quota.MEMBERS, Quota.PHOTOS)
}
"""The things of a roster that have quotas."""


def photo_reason(reason: PhotoReason) -> str:
    """The rest of a sentence after the photo's name and a colon, without the full stop."""
    match reason:
        case FaceProblem():
            return FACE_PROBLEMS[reason]
        case SeveralFaces(count):
            return f"I see {count} faces in it; cut it to the one that is meant"
        case SmallFace(width):
            return f"the face is only {width} pixels wide; {MIN_EXAMPLE_WIDTH} or more make a good example"
        case BlurredFace(sharpness):
            needed = MIN_EXAMPLE_SHARPNESS
            return f"the face is blurred: its sharpness is {sharpness:.1f}, and {needed} or more makes a good example"
        case Resemblance(member, other, confidence):
            return f"it looks more like {other} ({percent(confidence)}) than {member}"
        case KnownPhoto(saved_anew):
            return _known(saved_anew=saved_anew)
        case PhotoOfAnother(saved_anew, member, group):
            return f"{_known(saved_anew=saved_anew)}, as one of {member} ({group})"
        case NoRoom(quota):
            return f"this server may have no more {THINGS[quota]}"
        case Message():
            return str(reason).removesuffix(".")


def _known(*, saved_anew: bool) -> str:
    return "I have this picture already, saved anew" if saved_anew else "I have this very picture already"
