"""Engines of three parts: a detector with five landmarks, an alignment by them, and a network for the aligned chips.

A second network may encode the same faces, because two networks confuse different people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import dlib
import numpy as np

from models.faces import Landmarks
from models.networks.rotations import nearest_turn, roll
from models.networks.turned import with_turned
from models.networks.turning import REGRESSION, SURE, TILTED, look_again, straightened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings, Face, Picture
    from models.networks.landmark_detector import LandmarkDetector
    from models.networks.runtime import Embedder

OBLIQUE = 15.0
"""Degrees of the landmarks in a close-up from which a straighter one follows.

The face is then tilted by 25 degrees or more. With five, three and one photos 98.0, 97.5 and 88.1% of TWICE get their name by
`sface`. From 8 degrees on these are 97.8, 96.5 and 86.7%, and six of nine faces of a group photo need another close-up.
"""

Reference = tuple[tuple[float, float], ...]
"""The positions of the five landmarks in a chip: (x, y) each, in shares of its side."""


class FaceEncoder(Protocol):
    """A network for faces with five landmarks, with an alignment of its own."""

    @property
    def dimensions(self) -> int:
        """Length d of an encoding."""
        ...

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """Encodings of the faces: (n, d) float32, rows of unit length."""
        ...


@dataclass(frozen=True, slots=True)
class AlignedEncoder:
    """A network for chips: faces are rotated and scaled until their landmarks lie on `reference`; `embedder` encodes them."""

    reference: Reference
    embedder: Embedder

    @property
    def dimensions(self) -> int:
        """Length d of an encoding."""
        return self.embedder.dimensions

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """Encodings of the faces: (n, d) float32, rows of unit length, each the mean over the face and its mirror image."""
        return self.embedder.encode(self.chips(picture, faces))

    def chips(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Aligned crops of the faces: (n, side, side, 3) uint8 RGB, black outside the picture."""
        side = self.embedder.side
        if not faces:
            return np.empty((0, side, side, 3), np.uint8)
        picture = np.ascontiguousarray(picture)
        corners = _points(np.array(self.reference) * side)
        size = dlib.chip_dims(side, side)
        details = [dlib.chip_details(corners, _points(face.landmarks), size) for face in faces]
        return np.stack([dlib.extract_image_chip(picture, detail) for detail in details])


@dataclass(frozen=True, slots=True)
class AlignedEngine:
    """An `Engine` of a detector and a network for its faces.

    The encodings of a `companion` follow in each row. The cosine of two rows is the mean of both networks' cosines, with the
    weight `share` for the companion.
    """

    name: str
    version: str
    detector: LandmarkDetector
    encoder: AlignedEncoder
    companion: FaceEncoder | None = None
    share: float = 0.0

    @property
    def landmarks(self) -> Landmarks:
        """The meaning of a face's landmarks."""
        return Landmarks.EYES_NOSE_MOUTH

    @property
    def dimensions(self) -> int:
        """Length d of an encoding."""
        return self.encoder.dimensions + (self.companion.dimensions if self.companion else 0)

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """All faces of the picture, in reading order. Faces narrower than `smallest` pixels may be missing.

        Without `smallest`, faces at every angle are found (`models.networks.turned`).
        """
        found = self.detector.detect(picture, smallest)
        return found if smallest else with_turned(self.detector, picture, found)

    def refined(self, picture: Picture, face: Face, known: Face | None = None) -> Face:
        """The face detected again when upright, at about the width of a chip; unchanged where that finds no face.

        A face that the detector is sure of, and that is hardly tilted, stays as it is: `encode` looks at it closely.
        """
        if face.score >= SURE and abs(roll(face)) < TILTED:
            return face
        return straightened(self.detector, picture, face, known) or face

    def look_again(self, picture: Picture, known: Face) -> Face | None:
        """The face of another frame near its place in this one, turned as there or by up to 45 degrees more or less."""
        return look_again(self.detector, picture, known)

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """Encodings of the faces: (n, d) float32, rows of unit length, each the mean over the face and its mirror image.

        The landmarks of each face come from close-ups (`models.networks.close_ups`).
        """
        faces = self.with_exact_landmarks(picture, faces)
        encodings = self.encoder.encode(picture, faces)
        if self.companion is None:
            return encodings
        others = self.companion.encode(picture, faces)
        return np.hstack([math.sqrt(1 - self.share) * encodings, math.sqrt(self.share) * others]).astype(np.float32)

    def with_exact_landmarks(self, picture: Picture, faces: Sequence[Face]) -> list[Face]:
        """The faces with landmarks of close-ups; a face that isn't seen there keeps its own."""
        turns = [float(nearest_turn(face)) for face in faces]
        exact = self._close_ups(picture, faces, turns)
        tilts = [_tilt(face, turn) for face, turn in zip(exact, turns, strict=True)]
        tilted = [place for place, tilt in enumerate(tilts) if abs(tilt) >= OBLIQUE]
        straight = [turns[place] + REGRESSION * tilts[place] for place in tilted]
        for place, face in zip(
            tilted, self._close_ups(picture, [faces[place] for place in tilted], straight), strict=True
        ):
            exact[place] = face
        return exact

    def _close_ups(self, picture: Picture, faces: Sequence[Face], turns: Sequence[float]) -> list[Face]:
        found = self.detector.close_ups(picture, faces, turns)
        return [
            face if landmarks is None else replace(face, landmarks=landmarks)
            for face, landmarks in zip(faces, found, strict=True)
        ]

    def chips(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Aligned crops of the faces: (n, side, side, 3) uint8 RGB, black outside the picture."""
        return self.encoder.chips(picture, faces)


def _tilt(face: Face, turn: float) -> float:
    """Degrees clockwise from upright, in [-180, 180), of a face in a picture that is turned by `turn` degrees anticlockwise."""
    return (roll(face) - turn + 180) % 360 - 180


def _points(points: NDArray[np.floating]) -> dlib.dpoints:
    return dlib.dpoints([dlib.dpoint(x, y) for x, y in points.tolist()])
