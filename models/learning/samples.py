"""The photos of an evaluation: which may be enrolled, which are probes, and which show the same photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.encodings.copies import SAME_PHOTO_COSINES
from models.recognition.gallery import Gallery

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.recognition.gallery import GalleryMember

THUMBNAIL_SIDE = 32
"""Side of a `thumbnail` in pixels."""

SAME_PHOTO = 0.96
"""The minimum correlation of two thumbnails of the same photo, one of them mirrored or not.

On ../shared/faces photos of two people reach 0.947. Of 40 photos saved again at JPEG quality 60, one stays below when reduced
by a third, two when cropped, two when brightened.
"""


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationSet:
    """The photos of one evaluation, one face each, all by one engine.

    `encodings`: (n, d) float32, rows of unit length. `thumbnails`: (n, p) float32, each as of `thumbnail`. `people`: (n,)
    int64, the id of one of `members`, or -1 - k for a stranger of `sources[k]`. `enrollable`, `probes`: (n,) bool, the
    photos that may be enrolled and those that may be probes; a photo with both flags has one of the roles in each trial.
    `members`: of one group. `version`: of the engine. Raises ValueError for shapes that don't fit together.
    """

    encodings: Encodings
    thumbnails: NDArray[np.float32]
    people: NDArray[np.int64]
    enrollable: NDArray[np.bool_]
    probes: NDArray[np.bool_]
    members: tuple[GalleryMember, ...]
    sources: tuple[str, ...]
    version: str

    def __post_init__(self) -> None:
        count = len(self.encodings)
        lengths = {len(self.thumbnails), len(self.people), len(self.enrollable), len(self.probes)}
        if lengths != {count}:
            raise ValueError(f"{count} encodings, but {sorted(lengths)} thumbnails, people and flags")

    def gallery(self, enrolled: NDArray[np.bool_] | NDArray[np.intp]) -> Gallery:
        """The gallery of the photos of members at a mask (n,) or at indices (k,)."""
        return Gallery(self.encodings[enrolled], self.people[enrolled], self.members, self.version)

    def same_photo(self, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """A mask (n, k) of the photos that are the same as, or copies of, each of the photos at `places` (k,)."""
        thumbnails = self.thumbnails[places]
        mirrored = thumbnails.reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)[:, :, ::-1].reshape(thumbnails.shape)
        alike = np.maximum(self.thumbnails @ thumbnails.T, self.thumbnails @ mirrored.T) >= SAME_PHOTO
        return alike | (self.encodings @ self.encodings[places].T >= SAME_PHOTO_COSINES.get(self.version, np.inf))


def thumbnail(chip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A small grey copy of a chip (side, side, 3) uint8, centred and of unit length: (THUMBNAIL_SIDE²,) float32."""
    import cv2

    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)


def draw_enrolled(sample: EvaluationSet, photos: int | None, chance: np.random.Generator) -> NDArray[np.intp]:
    """Indices (k,) of the photos to enrol: `photos` of each member, drawn at random without copies; all where it is None.

    A member with fewer different photos has all of them enrolled. Raises ValueError for a member without an enrollable photo.
    """
    if photos is None:
        drawn = np.flatnonzero(sample.enrollable)
    else:
        drawn = np.array(
            [place for member in sample.members for place in _draw_member(sample, member.id, photos, chance)], np.intp
        )
    without = [member.name for member in sample.members if not (sample.people[drawn] == member.id).any()]
    if without:
        raise ValueError(f"there is no photo to enrol of {', '.join(without)}")
    return drawn


def _draw_member(sample: EvaluationSet, member: int, photos: int, chance: np.random.Generator) -> list[int]:
    order = chance.permutation(np.flatnonzero(sample.enrollable & (sample.people == member)))
    same_photo = sample.same_photo(order)[order]
    drawn: list[int] = []
    for turn in range(len(order)):
        if len(drawn) < photos and not same_photo[turn, drawn].any():
            drawn.append(turn)
    return order[drawn].tolist()
