"""How much members look alike: distances between them, the most alike pair, the nearest to somebody, their best photo."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

from models.encodings import background
from models.encodings.whitening import unit
from models.recognition.calibration import sums_by_owner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.recognition.gallery import Gallery, GalleryMember

NEAREST = 5

FULL_SHARPNESS, FULL_WIDTH = 2.2, 178
"""A sharpness, and a face's width in pixels, beyond which a kept crop looks no better: it holds no wider face."""


class Likeness(StrEnum):
    """What a normalised distance means, in a fan's words."""

    TWINS = "could be twins"
    SIBLINGS = "could be siblings"
    ALIKE = "look a bit alike"
    APART = "are not much alike"
    UNLIKE = "are nothing alike"

    @property
    def of_one(self) -> str:
        """The same of one who is compared with another: `Momo looks a bit alike`."""
        return _OF_ONE[self]


_OF_ONE = {
    Likeness.TWINS: "could be a twin",
    Likeness.SIBLINGS: "could be a sibling",
    Likeness.ALIKE: "looks a bit alike",
    Likeness.APART: "is not much alike",
    Likeness.UNLIKE: "is nothing alike",
}

_UP_TO = {Likeness.TWINS: 0.2, Likeness.SIBLINGS: 0.3, Likeness.ALIKE: 0.38, Likeness.APART: 0.5}
"""Measured on 176 photos of the 20 members of ../shared/faces/groups. Two halves of one member's photos are 0.03 to 0.21 apart
with dlib, 0.03 to 0.17 with retail. Of the 190 pairs of members the nearest twentieth is up to 0.29 apart, the nearest
quarter up to 0.38 with dlib, 0.39 with retail.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """How far members are from each other.

    `roster`: (m,) those with an encoding. `photos`: (m,) int64, how many each has. `euclidean`: (m, m) float64, between the
    mean encodings as the engine gives them: the face distance of face_recognition. `normalised`: (m, m) float64 in [0, 1],
    (1 - cosine) / 2 between the members' centroids as recognition makes them: encodings less the mean face of idols,
    whitened, of unit length, summed and scaled to unit length. 0 is one and the same face, 0.5 no more alike than any two
    idols, 1 opposites. Both are symmetric with zeros in the diagonal. `typical`: (n,) float64, the cosine of each of the
    gallery's photos with its member's centroid.
    """

    roster: tuple[GalleryMember, ...]
    photos: NDArray[np.int64]
    euclidean: NDArray[np.float64]
    normalised: NDArray[np.float64]
    typical: NDArray[np.float64]

    def places(self, group: int) -> list[int]:
        """Where in the roster the members of a group are."""
        return [place for place, member in enumerate(self.roster) if member.group == group]

    def is_same(self, first: int, second: int) -> bool:
        """Whether two places hold one person, enrolled in two groups: called alike, and nearer than most who aren't."""
        one, other = self.roster[first], self.roster[second]
        named_alike = one.name.casefold() == other.name.casefold() and one.group != other.group
        return named_alike and bool(self.normalised[first, second] <= _UP_TO[Likeness.SIBLINGS])

    def nearest(self, place: int, most: int = NEAREST) -> list[int]:
        """The places of the members nearest to the one at `place` by normalised distance, of all groups, nearest first."""
        others = [other for other in range(len(self.roster)) if other != place and not self.is_same(place, other)]
        return sorted(others, key=lambda other: self.normalised[place, other])[:most]


def distances(gallery: Gallery) -> Distances:
    """The distances between the members of a gallery; those without an encoding are left out.

    Raises LookupError when the background of the gallery's engine isn't known.
    """
    roster = tuple(member for member in gallery.roster if (gallery.members == member.id).any())
    row = {member.id: i for i, member in enumerate(roster)}
    owners = np.array([row[member] for member in gallery.members.tolist()], np.intp)
    count = len(roster)
    photos = np.bincount(owners, minlength=count)
    means = sums_by_owner(gallery.encodings, owners, count).astype(np.float64) / photos[:, None]
    vectors = background.load(gallery.version).whitening.apply(gallery.encodings)
    centroids = unit(sums_by_owner(vectors, owners, count))
    cosines = (centroids @ centroids.T).astype(np.float64)
    return Distances(
        roster,
        photos.astype(np.int64),
        _symmetric(cdist(means, means).astype(np.float64, copy=False)),
        _symmetric(np.clip((1 - cosines) / 2, 0.0, 1.0)),
        np.einsum("nd,nd->n", vectors, centroids[owners]).astype(np.float64),
    )


def nearest_pair(apart: NDArray[np.float64]) -> tuple[int, int]:
    """The two places that are nearest in a matrix of distances (m, m), the smaller first. Raises ValueError for m < 2."""
    if len(apart) < 2:
        raise ValueError(f"no pair among {len(apart)} members")
    rows, columns = np.triu_indices(len(apart), 1)
    nearest = int(apart[rows, columns].argmin())
    return int(rows[nearest]), int(columns[nearest])


def seriation_order(apart: NDArray[np.float64]) -> list[int]:
    """An order of the places of a matrix of distances (m, m) in [0, 1] in which those near each other stand side by side.

    Along the Fiedler vector of the graph of likenesses (spectral seriation, Atkins et al. 1998).
    """
    if len(apart) < 3:
        return list(range(len(apart)))
    alike = 1 - apart
    laplacian = np.diag(alike.sum(axis=1)) - alike
    _, vectors = np.linalg.eigh(laplacian)
    return [int(place) for place in np.argsort(vectors[:, 1], kind="stable")]


def likeness(normalised: float) -> Likeness:
    """What a normalised distance means."""
    return next((words for words, most in _UP_TO.items() if normalised <= most), Likeness.UNLIKE)


def best_photos_first(
    typical: Sequence[float], widths: Sequence[int], sharpnesses: Sequence[float | None]
) -> list[int]:
    """The places of a member's photos, the one that shows them best first: typical of them, sharp and large.

    `typical`: the cosine with the centroid. `widths`: of the face, in pixels. `sharpnesses`: as `recognition.quality` measures
    them; None, where nobody did, counts as clear.
    """

    def shown(place: int) -> float:
        clear = min(1.0, (sharpnesses[place] or FULL_SHARPNESS) / FULL_SHARPNESS)
        return (1 + typical[place]) * clear * min(1.0, widths[place] / FULL_WIDTH)

    return sorted(range(len(typical)), key=shown, reverse=True)


def _symmetric(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without what rounding left of asymmetry and in the diagonal."""
    even = (apart + apart.T) / 2
    np.fill_diagonal(even, 0.0)
    return even
