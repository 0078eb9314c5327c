"""Faces as jobs see them: found, encoded, named, cut out, refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.messages import Message

if TYPE_CHECKING:
    from models.faces import Box, Flaw, Guess, Once


@dataclass(frozen=True, slots=True)
class Refused:
    """A picture that could not be answered or enrolled; `sentence` says why and what to do."""

    sentence: str | Message


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """A face cut out of its picture: a square JPEG, the face's width in pixels, its sharpness (`models.recognition.quality`).

    `phash`: the JPEG's perceptual hash, 16 hexadecimal digits.
    """

    jpeg: bytes
    face_width: int
    sharpness: float
    phash: str | None = None


@dataclass(frozen=True, slots=True)
class IdentifyOptions:
    """How faces are to be named: the group's id, or None to find it; whether each member is in a picture once at most;
    from which confidence a name is sure; how large the tagged picture may be; whether each face is cut out.
    """

    group: int | None
    once: Once
    threshold: float
    most_bytes: int
    crops: bool = False


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face with its place in reading order from 1, its guess, its encoding as float32 bytes, and why it is doubtful.

    `crop` is None unless faces were to be cut out.
    """

    number: int
    box: Box
    guess: Guess
    vector: bytes
    flaws: tuple[Flaw, ...] = ()
    crop: FaceCrop | None = None


@dataclass(frozen=True, slots=True)
class IdentifiedPicture:
    """An answered picture. `size` is (width, height) upright; `tagged` is a JPEG; `seconds` holds one entry a stage."""

    size: tuple[int, int]
    group_name: str | None
    faces: tuple[SeenFace, ...]
    tagged: bytes
    engine: str
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FacePrint:
    """What a copy of a face is told by: its crop's perceptual hash, and its encoding as float32 bytes."""

    phash: str | None
    vector: bytes


@dataclass(frozen=True, slots=True)
class CopyMatches:
    """Whose photos a face is a copy of, by the members' ids, and of which faces before it, by their places."""

    members: frozenset[int] = frozenset()
    earlier: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CropEncodings:
    """One entry a crop: its encoding as float32 bytes, None where the engine finds no face in it."""

    vectors: tuple[bytes | None, ...]
    engine: str


@dataclass(frozen=True, slots=True)
class EnrolmentContext:
    """Whom a photo may show instead: the recogniser of the roster, and the id of the group that it is added to."""

    recogniser: bytes
    group: int


@dataclass(frozen=True, slots=True)
class GatheredFace:
    """The one face of a gathered photo of this size: where it is, how it is kept, its encoding as float32 bytes."""

    size: tuple[int, int]
    box: Box
    crop: FaceCrop
    vector: bytes
    flaws: tuple[Flaw, ...]
    engine: str
