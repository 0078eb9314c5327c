"""The reasons for not taking a photo, or for asking a moderator first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.messages import Message
from models.faces import ConfidenceBand, FaceFlaw, flaw_of_example

if TYPE_CHECKING:
    from bot.domain.quotas import Quota
    from models.faces import Guess


class FaceProblem(StrEnum):
    """A photo without a face that could be enrolled."""

    NO_FACE = "no-face"
    INDISTINCT = "indistinct"
    """The engine finds a face, but no encoding of it."""


@dataclass(frozen=True, slots=True)
class SeveralFaces:
    """None of the photo's `count` faces is clearly its subject."""

    count: int


@dataclass(frozen=True, slots=True)
class SmallFace:
    """The face is too small for a good example. `width`: in pixels of the original picture."""

    width: int


@dataclass(frozen=True, slots=True)
class BlurredFace:
    """The face is too blurred for a good example. `sharpness`: as `models.recognition.quality` measures it."""

    sharpness: float


@dataclass(frozen=True, slots=True)
class Resemblance:
    """The face is surely more like another member than like `member`. `confidence`: of that other name, in [0, 1]."""

    member: str
    other: str
    confidence: float


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """The member is known by this photo already. `is_copy`: the file is another one, saved anew."""

    is_copy: bool


@dataclass(frozen=True, slots=True)
class PhotoOfAnother:
    """Another member is known by this photo already. `is_copy`: the file is another one, saved anew."""

    is_copy: bool
    member: str
    group: str


@dataclass(frozen=True, slots=True)
class NoRoom:
    """The server has as much of a quota as it may, `limit`."""

    quota: Quota
    limit: int


PhotoDoubt = SmallFace | BlurredFace | Resemblance
"""The reasons to doubt that a face is a good example of a member."""

PhotoReason = FaceProblem | SeveralFaces | PhotoDoubt | KnownPhoto | PhotoOfAnother | NoRoom | Message
"""The reasons for not taking a photo. Message: the file can't be read, or an error stopped the work."""


def example_flaw(width: int, sharpness: float | None) -> SmallFace | BlurredFace | None:
    """The flaw of a face of this width (pixels) and sharpness as an example; None for a good example."""
    match flaw_of_example(width, sharpness):
        case FaceFlaw.SMALL:
            return SmallFace(width)
        case FaceFlaw.BLURRED:
            return BlurredFace(sharpness or 0.0)
        case _:
            return None


def find_resemblance(guess: Guess, member: int, name: str) -> Resemblance | None:
    """The other member that a face labelled `member` (id) and `name` surely resembles more; None without one.

    Without a photo of `member` to compare with, the result is None, too: compared with the other members alone, up to a third
    of all correct first photos surely resemble one of them. With an own photo, it is up to an eighth
    (`python -m bench.enrolment`).
    """
    if guess.band is not ConfidenceBand.SURE or guess.name is None or guess.member in {None, member}:
        return None
    if all(candidate.member != member for candidate in guess.candidates):
        return None
    return Resemblance(name, guess.name, guess.confidence)
