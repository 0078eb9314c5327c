"""The values that travel: boxes, faces, names, answers. Light to import: arrays appear in types alone."""

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
    """One face a row: (n, d) float32, rows of unit length."""

Once = Literal["auto", "yes", "no"]
"""Whether a name may be given once in a picture: "auto" does so unless one name clearly fits two faces (a collage)."""

SMALLEST_EXAMPLE = 80
"""Pixels: narrower faces make encodings that poison a gallery (design.md, "What was measured about faces")."""

SHARP_EXAMPLE = 1.8
"""Two photos a member below this, beside three good ones, are worse than the three alone; above it they help."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright picture; right and bottom are exclusive."""

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
        """The box so many pixels to the right and down."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def grown(self, share: float) -> Box:
        """The box and so much more on every side, in shares of its longer one."""
        more = round(share * max(self.width, self.height))
        return Box(self.left - more, self.top - more, self.right + more, self.bottom + more)

    def as_list(self) -> list[int]:
        """`[left, top, right, bottom]`, as written to JSON and to the database."""
        return [self.left, self.top, self.right, self.bottom]


class Landmarks(Enum):
    """What the five landmarks of an engine's faces are, in order."""

    EYE_CORNERS_NOSE_BASE = 1
    """Both corners of one eye, both of the other, the base of the nose: dlib's."""

    EYES_NOSE_MOUTH = 2
    """One eye, the other, the tip of the nose, both corners of the mouth: those of YuNet and most others."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face: its box, the detector's score, and five landmarks ((5, 2) float32, pixels; see `Landmarks`)."""

    box: Box
    score: float
    landmarks: NDArray[np.float32]

    def moved(self, x: int, y: int) -> Face:
        """The face so many pixels to the right and down, as another picture has it."""
        import numpy as np

        return Face(self.box.moved(x, y), self.score, self.landmarks + np.array([x, y], np.float32))


class Band(StrEnum):
    """How far an answer is to be trusted."""

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


FEWEST_MAPPED = 3
"""Different photos that a map takes: two always lie on a line."""


class Projection(StrEnum):
    """How the encodings of a group are laid out in two dimensions; `models.similarity.maps` does it."""

    PCA = "pca"
    """Principal components (Pearson 1901): the two directions in which the faces differ most."""

    TSNE = "tsne"
    """t-SNE (van der Maaten and Hinton 2008): keeps neighbours together."""

    UMAP = "umap"
    """UMAP (McInnes, Healy and Melville 2018): keeps neighbours together, in tighter clusters."""

    @property
    def label(self) -> str:
        """As people write it: `t-SNE`."""
        return {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}[self.value]


class Flaw(StrEnum):
    """Why a face is doubtful, whoever it is; `models.recognition.quality` says when."""

    SMALL = "small"
    BLURRED = "blurred"
    TURNED = "turned"


class Basis(StrEnum):
    """What speaks for a name."""

    FACE = "face"
    """The face itself."""

    CONTEXT = "context"
    """The other faces beside it: members are seen among members. The face itself is rather nobody's."""

    ELIMINATION = "elimination"
    """Everybody else of the group is there, and nobody else."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member that a face may be. `confidence` is a probability in [0, 1]."""

    member: int
    name: str
    confidence: float
    group_name: str = ""


@dataclass(frozen=True, slots=True)
class Guess:
    """What recognition says of one face.

    `name` and `member` are None for a face that is nobody in the roster; `confidence` is then that of being nobody.
    `candidates` holds every member of the group, likeliest first. `basis`: what speaks for the name. Where that is not the
    face, the name is never sure, and all confidences are those of the face by itself.
    """

    member: int | None
    name: str | None
    confidence: float
    band: Band
    candidates: tuple[Candidate, ...] = field(default=())
    basis: Basis = Basis.FACE

    @property
    def nobody(self) -> float:
        """The probability that it is nobody in the roster: what the candidates leave."""
        return max(0.0, 1 - sum(candidate.confidence for candidate in self.candidates))


def flaw_of_example(face_width: int, sharpness: float | None) -> Flaw | None:
    """What makes a face no good example, if anything does.

    `face_width`: pixels of its box. `sharpness`: as `models.recognition.quality` measures it; None where nobody has.
    """
    if face_width < SMALLEST_EXAMPLE:
        return Flaw.SMALL
    if sharpness is not None and sharpness < SHARP_EXAMPLE:
        return Flaw.BLURRED
    return None


def reading_order(faces: Sequence[Face]) -> list[Face]:
    """Rows from the top, each from left to right; faces share a row when their middles are less than half a face apart."""
    rows: list[list[Face]] = []
    for face in sorted(faces, key=lambda face: (face.box.top + face.box.bottom, face.box.left)):
        first = rows[-1][0].box if rows else None
        if first and face.box.top + face.box.bottom - first.top - first.bottom < first.height:
            rows[-1].append(face)
        else:
            rows.append([face])
    return [face for row in rows for face in sorted(row, key=lambda face: (face.box.left, face.box.top))]
