"""The outcomes of submitted photos, and of the addition of a member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.faces import FaceCrop
    from bot.domain.photos import PhotoReason


@dataclass(frozen=True, slots=True)
class FaceChoice:
    """A face of a photo in question. `number`: as drawn in the picture. `width`: in pixels of the original."""

    id: int
    number: int
    width: int
    sharpness: float | None


@dataclass(frozen=True, slots=True)
class PhotoQuestion:
    """The question to a moderator about a doubtful photo.

    `id`: of the question. `member`: the member's id. `picture`: a JPEG of the crop of its one face, or of the whole photo with
    numbered faces.
    """

    id: int
    member: int
    faces: tuple[FaceChoice, ...]
    picture: bytes


@dataclass(frozen=True, slots=True)
class PhotoOutcome:
    """The outcome of a submitted photo.

    `crop`: the enrolled face, or None. `reason`: the reason why it isn't enrolled. `question`: set where a moderator can still
    have it enrolled. `spoiler`: it was submitted as one.
    """

    name: str
    crop: FaceCrop | None
    reason: PhotoReason | None
    question: PhotoQuestion | None = None
    spoiler: bool = False


@dataclass(frozen=True, slots=True)
class AddedMember:
    """A member to whom photos were added. `outcomes`: one for each photo. `photos`: the number of all photos of the member.

    `only_in`: the id of the age-restricted channel that alone may show the new photos, if they come from one.
    """

    group: str
    member: str
    outcomes: tuple[PhotoOutcome, ...]
    photos: int
    only_in: int | None = None
