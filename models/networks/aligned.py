"""Engines of three parts: a detector that gives five landmarks, an alignment by them, and a network for the aligned chips.

A second network may look at the same faces: what one confuses, the other may tell apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import dlib
import numpy as np

from models.faces import Landmarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings, Face, Picture
    from models.networks.runtime import Embedder

Reference = tuple[tuple[float, float], ...]
"""Where the five landmarks lie in a chip, as shares of its side: (x, y) each."""


CLOSE = 130
"""Pixels that a face is wide when it is looked at closely: about as wide as its chip."""

_MARGIN, _SAME_FACE = 0.5, 0.4


class Detector(Protocol):
    """Finds faces with five landmarks: eye, eye, nose, corner of the mouth, corner, from left to right."""

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """Every face of the picture, in reading order; those narrower than `smallest` pixels may be missed."""
        ...

    def scan(self, picture: Picture, scale: float) -> list[Face]:
        """The faces that are found in the picture at that scale."""
        ...


class Companion(Protocol):
    """A second network, with an alignment of its own."""

    @property
    def dimensions(self) -> int:
        """Length d of an encoding."""
        ...

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """One row a face: (n, d) float32 of unit length."""
        ...


@dataclass(frozen=True, slots=True)
class AlignedEngine:
    """An `Engine`: faces of `detector`, turned and scaled until their landmarks lie on `reference`, encoded by `embedder`.

    With a `companion`, its encodings follow the embedder's in each row, and the cosine of two rows is the mean of both
    networks' cosines, in which the companion has this `share`.
    """

    name: str
    version: str
    detector: Detector
    reference: Reference
    embedder: Embedder
    companion: Companion | None = None
    share: float = 0.0

    @property
    def landmarks(self) -> Landmarks:
        """What the points of a face are."""
        return Landmarks.EYES_NOSE_MOUTH

    @property
    def dimensions(self) -> int:
        """Length d of an encoding."""
        return self.embedder.dimensions + (self.companion.dimensions if self.companion else 0)

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """Every face of the picture, in reading order; those narrower than `smallest` pixels may be missed."""
        return self.detector.detect(picture, smallest)

    def refined(self, picture: Picture, face: Face) -> Face:
        """The face with the landmarks that are found when it alone is looked at, CLOSE wide; as it is if it isn't found."""
        side = max(face.box.width, face.box.height)
        area = face.box.grown(_MARGIN)
        left, top = max(0, area.left), max(0, area.top)
        around = picture[top : area.bottom, left : area.right]
        moved = [other.moved(left, top) for other in self.detector.scan(around, CLOSE / side)]
        best = max(moved, key=lambda other: other.box.overlap(face.box), default=face)
        return best if best.box.overlap(face.box) >= _SAME_FACE else face

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """One row a face: (n, d) float32 of unit length, each the mean of the face and its mirror image."""
        encodings = self.embedder.encode(self.chips(picture, faces))
        if self.companion is None:
            return encodings
        others = self.companion.encode(picture, faces)
        return np.hstack([math.sqrt(1 - self.share) * encodings, math.sqrt(self.share) * others]).astype(np.float32)

    def chips(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """The faces upright and cut out: (n, side, side, 3) uint8 RGB; black where they reach beyond the picture."""
        side = self.embedder.side
        if not faces:
            return np.empty((0, side, side, 3), np.uint8)
        picture = np.ascontiguousarray(picture)
        corners = _points(np.array(self.reference) * side)
        size = dlib.chip_dims(side, side)
        cuts = [dlib.chip_details(corners, _points(face.landmarks), size) for face in faces]
        return np.stack([dlib.extract_image_chip(picture, cut) for cut in cuts])


def _points(points: NDArray[np.floating]) -> dlib.dpoints:
    return dlib.dpoints([dlib.dpoint(x, y) for x, y in points.tolist()])
