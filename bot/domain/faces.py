"""Faces as jobs return them: detected, encoded, named, cropped; and pictures that are refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.messages import Message

if TYPE_CHECKING:
    from models.faces import Box, FaceFlaw, Guess, OncePolicy


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A picture or a video that can't be read. `message`: the reason, and a remedy."""

    message: Message


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """A square crop of a face.

    `face_width`: pixels of the original picture. `sharpness`: as `models.recognition.quality` measures it. `phash`: the JPEG's
    perceptual hash, 16 hexadecimal digits.
    """

    jpeg: bytes
    face_width: int
    sharpness: float
    phash: str | None = None


@dataclass(frozen=True, slots=True)
class IdentifyOptions:
    """The options for naming the faces of a picture.

    `group`: its id, None to find it. `once`: whether a member is in a picture once at most. `threshold`: the confidence from
    which a name is sure. `max_bytes`: the size of the tagged picture at most. `max_faces`: the largest so many are named.
    `crops`: whether each face is cropped.
    """

    group: int | None
    once: OncePolicy
    threshold: float
    max_bytes: int
    max_faces: int
    crops: bool = False


@dataclass(frozen=True, slots=True)
class IdentifiedFace:
    """A face of a picture.

    `number`: its place in reading order, from 1. `box`: in pixels of the upright original. `vector`: its encoding, (d,) float32
    as bytes. `flaws`: the reasons to doubt the guess. `crop`: None unless crops were asked for.
    """

    number: int
    box: Box
    guess: Guess
    vector: bytes
    flaws: tuple[FaceFlaw, ...] = ()
    crop: FaceCrop | None = None


@dataclass(frozen=True, slots=True)
class IdentifiedPicture:
    """An answered picture.

    `size`: (width, height) upright. `tagged`: a JPEG. `engine`: its version. `seconds`: by stage. `left_out`: the number of
    smaller faces beyond those that are named.
    """

    size: tuple[int, int]
    group_name: str | None
    faces: tuple[IdentifiedFace, ...]
    tagged: bytes
    engine: str
    seconds: dict[str, float] = field(default_factory=dict)
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class PhotoFingerprint:
    """The marks of a copy: the perceptual hash of a face's crop, and its encoding, (d,) float32 as bytes."""

    phash: str | None
    vector: bytes


@dataclass(frozen=True, slots=True)
class CopyMatches:
    """The photos that a face copies. `members`: ids of their members. `earlier`: places of faces before it in the same list."""

    members: frozenset[int] = frozenset()
    earlier: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CropEncodings:
    """Encodings of crops, (d,) float32 as bytes each; None where the engine finds no face. `engine`: its version."""

    vectors: tuple[bytes | None, ...]
    engine: str


@dataclass(frozen=True, slots=True)
class EnrolmentContext:
    """The roster that a new photo is compared with: its serialised recogniser, and the id of the photo's group."""

    recogniser: bytes
    group: int


@dataclass(frozen=True, slots=True)
class GatheredFace:
    """The one face of a gathered photo. `size`: the photo's, (width, height). `vector`: its encoding, (d,) float32 as bytes."""

    size: tuple[int, int]
    box: Box
    crop: FaceCrop
    vector: bytes
    flaws: tuple[FaceFlaw, ...]
    engine: str
