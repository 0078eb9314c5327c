"""Distances between members: the nearest pair, the nearest members of one, a seriation, and each member's best photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

from models.encodings import background
from models.encodings.whitening import unit_rows
from models.faces import SimilarityLevel
from models.recognition.calibration import sums_by_owner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.recognition.gallery import Gallery, GalleryMember

NEAREST = 5

FULL_SHARPNESS, FULL_WIDTH = 2.2, 178
"""A sharpness, and a face's width in pixels, above which a crop looks no better; crops have no wider faces."""


_LARGEST_DISTANCE = {
    SimilarityLevel.TWINS: 0.2,
    SimilarityLevel.SIBLINGS: 0.3,
    SimilarityLevel.ALIKE: 0.38,
    SimilarityLevel.APART: 0.5,
}
"""The largest distance of each likeness.

Measured on 176 photos of the 20 members of ../shared/faces/groups. Two halves of one member's photos are 0.04 to 0.19 apart
with sface, 0.03 to 0.21 with dlib, 0.03 to 0.17 with trio. Of the 190 pairs of members the nearest twentieth is up to 0.30
apart with sface, 0.29 with the others; the nearest quarter up to 0.38 with sface and dlib, 0.39 with trio.
"""


@dataclass(frozen=True, slots=True, eq=False)
class MemberDistances:
    """Distances between members.

    `members`: the m members with an encoding. `photos`: (m,) int64, the number of photos of each. `euclidean`: (m, m) float64,
    between mean encodings, as the face distance of face_recognition. `normalised`: (m, m) float64 in [0, 1], (1 - cosine) / 2
    between whitened centroids: 0 for the same face, 0.5 for two unrelated idols, 1 for opposites. Both are symmetric, with a
    zero diagonal. `typical`: (n,) float64, the cosine of each photo of the gallery with its member's whitened centroid.
    """

    members: tuple[GalleryMember, ...]
    photos: NDArray[np.int64]
    euclidean: NDArray[np.float64]
    normalised: NDArray[np.float64]
    typical: NDArray[np.float64]

    def places(self, group: int) -> list[int]:
        """Indices of a group's members."""
        return [place for place, member in enumerate(self.members) if member.group == group]

    def is_same(self, first: int, second: int) -> bool:
        """Whether two members are one person enrolled in two groups: the same name, and a distance below most other pairs'."""
        member, other = self.members[first], self.members[second]
        named_alike = member.name.casefold() == other.name.casefold() and member.group != other.group
        return named_alike and bool(self.normalised[first, second] <= _LARGEST_DISTANCE[SimilarityLevel.SIBLINGS])

    def nearest(self, place: int, most: int = NEAREST) -> list[int]:
        """Indices of the `most` members nearest to the member at `place`, of all groups, by normalised distance, nearest
        first."""
        others = [other for other in range(len(self.members)) if other != place and not self.is_same(place, other)]
        return sorted(others, key=lambda other: self.normalised[place, other])[:most]


def member_distances(gallery: Gallery) -> MemberDistances:
    """The distances between a gallery's members, without those who have no encoding.

    Raises LookupError when the gallery's engine has no measured background.
    """
    members, owners = gallery.with_encodings()
    count = len(members)
    photos = np.bincount(owners, minlength=count)
    means = sums_by_owner(gallery.encodings, owners, count).astype(np.float64) / photos[:, None]
    vectors = background.load(gallery.version).whitening.apply(gallery.encodings)
    centroids = unit_rows(sums_by_owner(vectors, owners, count))
    cosines = (centroids @ centroids.T).astype(np.float64)
    return MemberDistances(
        members,
        photos.astype(np.int64),
        _symmetric(cdist(means, means).astype(np.float64, copy=False)),
        _symmetric(np.clip((1 - cosines) / 2, 0.0, 1.0)),
        np.einsum("nd,nd->n", vectors, centroids[owners]).astype(np.float64),
    )


def nearest_pair(matrix: NDArray[np.float64]) -> tuple[int, int]:
    """The indices of the nearest pair in a distance matrix (m, m), the smaller first. Raises ValueError for m < 2."""
    if len(matrix) < 2:
        raise ValueError(f"no pair among {len(matrix)} members")
    rows, columns = np.triu_indices(len(matrix), 1)
    nearest = int(matrix[rows, columns].argmin())
    return int(rows[nearest]), int(columns[nearest])


def seriation_order(matrix: NDArray[np.float64]) -> list[int]:
    """An order of the rows of a distance matrix (m, m) in [0, 1] that puts near ones next to each other.

    It follows the Fiedler vector of the similarity graph (spectral seriation, Atkins et al. 1998).
    """
    if len(matrix) < 3:
        return list(range(len(matrix)))
    alike = 1 - matrix
    laplacian = np.diag(alike.sum(axis=1)) - alike
    _, vectors = np.linalg.eigh(laplacian)
    return [int(place) for place in np.argsort(vectors[:, 1], kind="stable")]


def similarity_level(normalised: float) -> SimilarityLevel:
    """The likeness of a normalised distance."""
    return next((alike for alike, most in _LARGEST_DISTANCE.items() if normalised <= most), SimilarityLevel.UNLIKE)


def best_photos_first(
    typical: Sequence[float], widths: Sequence[int], sharpnesses: Sequence[float | None]
) -> list[int]:
    """Indices of a member's photos, the best one first: typical, sharp and large.

    `typical`: the cosine of each with the centroid. `widths`: of the faces, in pixels. `sharpnesses`: as of
    `recognition.quality`; None counts as sharp.
    """

    def shown(place: int) -> float:
        clear = min(1.0, (sharpnesses[place] or FULL_SHARPNESS) / FULL_SHARPNESS)
        return (1 + typical[place]) * clear * min(1.0, widths[place] / FULL_WIDTH)

    return sorted(range(len(typical)), key=shown, reverse=True)


def _symmetric(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix made exactly symmetric with a zero diagonal, without rounding errors."""
    mean = (matrix + matrix.T) / 2
    np.fill_diagonal(mean, 0.0)
    return mean
