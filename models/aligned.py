"""Engines of three parts: a detector that gives five landmarks, an alignment by them, and a network for the aligned chips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import dlib
import numpy as np

from models.faces import Landmarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings, Face, Picture
    from models.runtime import Embedder

Reference = tuple[tuple[float, float], ...]
"""Where the five landmarks lie in a chip, as shares of its side: (x, y) each."""


class Detector(Protocol):
    """Finds faces with five landmarks: eye, eye, nose, corner of the mouth, corner, from left to right."""

    def detect(self, picture: Picture) -> list[Face]:
        """Every face of the picture, in reading order."""
        ...


@dataclass(frozen=True, slots=True)
class AlignedEngine:
    """An `Engine`: faces of `detector`, turned and scaled until their landmarks lie on `reference`, encoded by `embedder`."""

    name: str
    version: str
    detector: Detector
    reference: Reference
    embedder: Embedder

    @property
    def landmarks(self) -> Landmarks:
        """What the points of a face are."""
        return Landmarks.EYES_NOSE_MOUTH

    @property
    def dimensions(self) -> int:
        """Length d of an encoding."""
        return self.embedder.dimensions

    def detect(self, picture: Picture) -> list[Face]:
        """Every face of the picture, in reading order."""
        return self.detector.detect(picture)

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """One row a face: (n, d) float32 of unit length, each the mean of the face and its mirror image."""
        return self.embedder.encode(self.chips(picture, faces))

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
