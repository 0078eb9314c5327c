"""Values that travel between processes: boxes, faces, guesses. Light to import: numpy appears in annotations alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    """An upright RGB picture: (height, width, 3) uint8."""

    Encodings = NDArray[np.float32]
    """Encodings of n faces: (n, d) float32, rows of unit length."""

OncePolicy = Literal["auto", "yes", "no"]
"""Whether each name occurs at most once in a picture. "auto": yes, except in a collage, where one name clearly fits two
faces."""

MIN_EXAMPLE_WIDTH = 48
"""Pixels of a face's width. By sface and trio photos reduced to 40 px and more are as good examples as unchanged ones, also
alone; below 40 they are worse (docs/recognition.md, "Poor faces").
"""

MIN_EXAMPLE_SHARPNESS = 1.8
"""A sharpness, as `models.recognition.quality.sharpness` measures it. Two photos a member below it, beside three good ones,
give worse results than the three alone; above it they improve them (docs/recognition.md, "Poor faces").
"""


class SimilarityLevel(StrEnum):
    """The meaning of the distance of two members: from possible twins down to nothing alike."""

    TWINS = "twins"
    SIBLINGS = "siblings"
    ALIKE = "alike"
    APART = "apart"
    UNLIKE = "unlike"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright picture. `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    def overlap(self, other: Box) -> float:
        """Intersection over union with another box, in [0, 1]."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        return width * height / (self.area + other.area - width * height)

    def moved(self, x: int, y: int) -> Box:
        """The box moved by `x` pixels to the right and `y` pixels down."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def grown(self, share: float) -> Box:
        """The box enlarged on each side by a share of its longer side."""
        more = round(share * max(self.width, self.height))
        return Box(self.left - more, self.top - more, self.right + more, self.bottom + more)

    def as_list(self) -> list[int]:
        """`[left, top, right, bottom]`, the form in JSON and in the database."""
        return [self.left, self.top, self.right, self.bottom]


class Landmarks(Enum):
    """The meaning of an engine's five landmarks, in order."""

    EYE_CORNERS_NOSE_BASE = 1
    """Both corners of one eye, both corners of the other, the base of the nose: dlib."""

    EYES_NOSE_MOUTH = 2
    """One eye, the other eye, the tip of the nose, both corners of the mouth: YuNet and most others."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face. `score`: of the detector. `landmarks`: (5, 2) float32, x and y in pixels; see `Landmarks`."""

    box: Box
    score: float
    landmarks: NDArray[np.float32]

    def moved(self, x: int, y: int) -> Face:
        """The face moved by `x` pixels to the right and `y` pixels down."""
        import numpy as np

        return Face(self.box.moved(x, y), self.score, self.landmarks + np.array([x, y], np.float32))


class ConfidenceBand(StrEnum):
    """How reliable a guess is."""

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


MIN_MAP_PHOTOS = 3
"""The smallest number of different photos on a map: two always lie on a line."""


class ProjectionMethod(StrEnum):
    """The projection of a group's encodings to two dimensions, by `models.similarity.maps`."""

    PCA = "pca"
    """Principal components (Pearson 1901): the two directions with the largest variance."""

    TSNE = "tsne"
    """t-SNE (van der Maaten and Hinton 2008): keeps neighbours together."""

    UMAP = "umap"
    """UMAP (McInnes, Healy and Melville 2018): keeps neighbours together, in tighter clusters."""

    @property
    def label(self) -> str:
        """The usual spelling: `t-SNE`."""
        return {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}[self.value]


class FaceFlaw(StrEnum):
    """A flaw of a face. `models.recognition.quality` has the limits."""

    SMALL = "small"
    BLURRED = "blurred"
    TURNED = "turned"


class GuessBasis(StrEnum):
    """The evidence for a name."""

    FACE = "face"
    """The face itself."""

    CONTEXT = "context"
    """The other faces of the picture: members appear beside members. The face itself is likelier a stranger's."""

    ELIMINATION = "elimination"
    """All other members of the group are in the picture, without strangers."""


@dataclass(frozen=True, slots=True)
class MemberCandidate:
    """One possible member for a face. `confidence`: a probability in [0, 1]."""

    member: int
    name: str
    confidence: float
    group_name: str = ""


@dataclass(frozen=True, slots=True)
class Guess:
    """The identification of one face.

    `name`, `member`: None for a stranger; then `confidence` is the probability of a stranger. `candidates`: all members of the
    group, the likeliest first. `basis`: the evidence for the name. A name on another basis than the face is never sure, and its
    confidences are those of the face alone.
    """

    member: int | None
    name: str | None
    confidence: float
    band: ConfidenceBand
    candidates: tuple[MemberCandidate, ...] = field(default=())
    basis: GuessBasis = GuessBasis.FACE

    @property
    def stranger_probability(self) -> float:
        """The probability of a stranger: the remainder of the candidates' confidences."""
        return max(0.0, 1 - sum(candidate.confidence for candidate in self.candidates))


def flaw_of_example(face_width: int, sharpness: float | None) -> FaceFlaw | None:
    """The flaw that makes a face a bad example for a gallery, None for a good one.

    `face_width`: pixels of its box. `sharpness`: as `models.recognition.quality` measures it, None where it is unknown.
    """
    if face_width < MIN_EXAMPLE_WIDTH:
        return FaceFlaw.SMALL
    if sharpness is not None and sharpness < MIN_EXAMPLE_SHARPNESS:
        return FaceFlaw.BLURRED
    return None


def largest_faces(faces: Sequence[Face], most: int) -> list[Face]:
    """The faces with the largest boxes, `most` of them, in their order."""
    kept = sorted(range(len(faces)), key=lambda place: -faces[place].box.area)[:most]
    return [faces[place] for place in sorted(kept)]


def reading_order(faces: Sequence[Face]) -> list[Face]:
    """The faces in rows from the top, each from left to right. Faces share a row when their middles differ by less than half
    a face."""
    rows: list[list[Face]] = []
    for face in sorted(faces, key=lambda face: (face.box.top + face.box.bottom, face.box.left)):
        first = rows[-1][0].box if rows else None
        if first and face.box.top + face.box.bottom - first.top - first.bottom < first.height:
            rows[-1].append(face)
        else:
            rows.append([face])
    return [face for row in rows for face in sorted(row, key=lambda face: (face.box.left, face.box.top))]
