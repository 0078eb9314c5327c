"""Engines of three parts: a detector with five landmarks, an alignment by them, and a network for the aligned chips.

A second network may encode the same faces, because two networks confuse different people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import dlib
import numpy as np

from models.faces import Landmarks, largest_faces
from models.networks.second_look import second_look
from models.networks.turned import with_turned
from models.networks.turning import look_again, straightened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings, Face, Picture
    from models.networks.landmark_detector import LandmarkDetector
    from models.networks.runtime import Embedder

Reference = tuple[tuple[float, float], ...]
"""The positions of the five landmarks in a chip: (x, y) each, in shares of its side."""


NARROW = 80
"""Faces narrower than so many pixels are refined in a thorough detection: a scan leaves them few pixels, so their landmarks are
less exact.

F1 of the names in 19 group photos of BTS (`python -m bench.group_photos --trials 20`), with five and nine photos a member:

    narrower than       none         60 px        80 px        100 px
    `sface`             83.2, 83.7   90.0, 91.7   90.3, 91.3   91.3, 92.2
    `retail`            90.3, 91.7   90.9, 92.7   91.0, 93.6   91.4, 92.7

But at 100 px the right names of single photos of BTS fall from 98.8 to 95.0% (`python -m bench.recognition --engines sface
--photos 5`). Up to 80 px no figure of that table changes by more than 0.5 points.
"""

MOST_REFINED = 100
"""Faces refined in a picture at most, the largest ones, which bounds the time. The bot names no more."""


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

        Without `smallest`, faces at every angle are found (`models.networks.turned`), and those narrower than NARROW are
        refined, which takes 4 to 7 ms each.
        """
        found = self.detector.detect(picture, smallest)
        if smallest:
            return found
        faces = with_turned(self.detector, picture, found)
        narrow = largest_faces([face for face in faces if face.box.width < NARROW], MOST_REFINED)
        return [(second_look(self.detector, picture, face) or face) if face in narrow else face for face in faces]

    def refined(self, picture: Picture, face: Face, known: Face | None = None) -> Face:
        """The face detected again when upright, at about the width of a chip; unchanged where that finds no face."""
        return straightened(self.detector, picture, face, known) or face

    def look_again(self, picture: Picture, known: Face) -> Face | None:
        """The face of another frame near its place in this one, turned as there or by up to 45 degrees more or less."""
        return look_again(self.detector, picture, known)

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """Encodings of the faces: (n, d) float32, rows of unit length, each the mean over the face and its mirror image."""
        encodings = self.encoder.encode(picture, faces)
        if self.companion is None:
            return encodings
        others = self.companion.encode(picture, faces)
        return np.hstack([math.sqrt(1 - self.share) * encodings, math.sqrt(self.share) * others]).astype(np.float32)

    def chips(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Aligned crops of the faces: (n, side, side, 3) uint8 RGB, black outside the picture."""
        return self.encoder.chips(picture, faces)


def _points(points: NDArray[np.floating]) -> dlib.dpoints:
    return dlib.dpoints([dlib.dpoint(x, y) for x, y in points.tolist()])
