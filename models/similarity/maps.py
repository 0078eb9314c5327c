"""A group's faces in two dimensions: similar faces lie near each other, and the same photos give the same map."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.encodings import background
from models.faces import MIN_MAP_PHOTOS, ProjectionMethod
from models.learning.cleaning import suspected_labels
from models.recognition.calibration import choose_whitening

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.learning.cleaning import SuspectedLabel
    from models.recognition.gallery import Gallery, GalleryMember

SEED = 0

PERPLEXITY = 20.0
"""The perplexity of t-SNE for photos enough: about the photos of two members. docs/measured.md compares others."""

NEIGHBOURS = 10
"""The number of neighbours of UMAP for photos enough: about the photos of one member."""

SEPARATED = 0.5
OVERLAPPING = 0.25
"""Bounds of the mean silhouette of a member's photos: from SEPARATED on the member stands apart, below OVERLAPPING the member
overlaps with another. They are the bounds of "reasonable structure" and "no substantial structure" in Kaufman and Rousseeuw
(1990, table 4).
"""


class TooFewPhotosError(ValueError):
    """A group has fewer than `MIN_MAP_PHOTOS` different photos."""


@dataclass(frozen=True, slots=True)
class MemberPlacement:
    """The placement of one member's photos on a map.

    `silhouette`: the mean of the photos', in [-1, 1]; None for a member with one photo, and for the only member. `nearest`: the
    other member who is nearest to most of the photos, None for the only member.
    """

    member: GalleryMember
    silhouette: float | None
    nearest: GalleryMember | None

    @property
    def is_separate(self) -> bool:
        """Whether the member stands apart from all others."""
        return self.silhouette is not None and self.silhouette >= SEPARATED

    @property
    def overlaps(self) -> GalleryMember | None:
        """The member whose photos overlap with this one's, None where there is none."""
        return self.nearest if self.silhouette is not None and self.silhouette < OVERLAPPING else None


@dataclass(frozen=True, slots=True, eq=False)
class FaceMap:
    """A group's photos in two dimensions.

    `points`: (n, 2) float64, one point a photo in the gallery's order; x to the right, y upward, without a unit. `members`:
    (n,) int64, the index in `places` of each photo's member. `places`: the members with photos, in the gallery's order.
    `outliers`: the suspected labels, strongest first, as of `cleaning.suspected_labels`; they come from the encodings,
    whatever the map shows. `explained_variance`: the share of the variance on the map, for PCA alone.
    """

    points: NDArray[np.float64]
    members: NDArray[np.int64]
    places: tuple[MemberPlacement, ...]
    outliers: tuple[SuspectedLabel, ...]
    projection: ProjectionMethod
    explained_variance: float | None


def lay_out(gallery: Gallery, projection: ProjectionMethod) -> FaceMap:
    """The map of a group's gallery.

    It shows encodings after the whitening that a recogniser of this gallery alone would choose. Raises TooFewPhotosError below
    `MIN_MAP_PHOTOS` different encodings, and LookupError when the gallery's engine has no measured background.
    """
    # np.unique sorts, so that the order of the photos has no effect; and it drops equal rows, with which UMAP gives another
    # map each time (umap issue 1277).
    different, first, which = np.unique(gallery.encodings, axis=0, return_index=True, return_inverse=True)
    if len(different) < MIN_MAP_PHOTOS:
        raise TooFewPhotosError(f"{len(different)} different photos, not {MIN_MAP_PHOTOS}")
    members, owners = gallery.with_encodings()
    whitening, _ = choose_whitening(different, owners[first], background.load(gallery.version))
    points, explained_variance = project(whitening.apply(different), projection)
    points = points[which.ravel()]
    places = _places(points, owners, members)
    return FaceMap(points, owners.astype(np.int64), places, suspected_labels(gallery), projection, explained_variance)


def project(encodings: Encodings, projection: ProjectionMethod) -> tuple[NDArray[np.float64], float | None]:
    """Points (n, 2) for different encodings (n, d), three at least, and for PCA their share of the variance.

    The same rows in the same order give the same points, bit by bit, on one machine. t-SNE and UMAP start from those of PCA.
    """
    rows = encodings.astype(np.float64)
    start, explained_variance = _principal(rows)
    if projection is ProjectionMethod.PCA:
        return start, explained_variance
    if projection is ProjectionMethod.TSNE:
        from sklearn.manifold import TSNE

        # The start is as small as scikit-learn's own (Kobak and Berens 2019). The gradient is the exact one, because threads
        # sum that of Barnes and Hut in no fixed order.
        tsne = TSNE(
            perplexity=perplexity(len(rows)),
            init=(1e-4 * start / start[:, 0].std()).astype(np.float32),
            random_state=SEED,
            method="exact",
            n_jobs=1,
        )
        return np.asarray(tsne.fit_transform(rows), np.float64), None
    with _without_tensorflow(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap import UMAP

        # This distance leaves room for thumbnails.
        umap = UMAP(
            n_neighbors=neighbours(len(rows)),
            min_dist=0.5,
            init=(10 * start / np.abs(start).max()).astype(np.float32),
            random_state=SEED,
            n_jobs=1,
        )
        return np.asarray(umap.fit_transform(rows), np.float64), None


def perplexity(photos: int) -> float:
    """The perplexity of t-SNE for a number of photos: `PERPLEXITY`, and always less than (photos - 1) / 3.

    bhtsne, van der Maaten's own program, has this bound: it needs 3 * perplexity neighbours of each point.
    """
    return min(PERPLEXITY, 0.95 * (photos - 1) / 3)


def neighbours(photos: int) -> int:
    """`n_neighbors` of UMAP for a number of photos: `NEIGHBOURS`, and always less than the photos, as umap-learn requires."""
    return min(NEIGHBOURS, photos - 1)


def silhouettes(
    points: NDArray[np.float64], members: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The silhouette of each point (Rousseeuw 1987): (n,) in [-1, 1]; and the nearest other member: (n,) int64, -1 for none.

    `points`: (n, 2). `members`: (n,) the member of each point, numbered from 0 without gaps. The only point of a member has the
    silhouette 0.
    """
    owned: NDArray[np.float64] = np.eye(int(members.max()) + 1)[members]
    counts = owned.sum(axis=0)
    distances: NDArray[np.float64] = np.linalg.norm(points[:, None] - points, axis=2)
    totals = distances @ owned
    if len(counts) == 1:
        return np.zeros(len(points)), np.full(len(points), -1, np.int64)
    everyone = np.arange(len(points))
    own = totals[everyone, members] / np.maximum(counts[members] - 1, 1)
    means = totals / counts
    means[everyone, members] = np.inf
    nearest = means.argmin(axis=1).astype(np.int64)
    other = means[everyone, nearest]
    larger = np.maximum(own, other)
    usual = (larger > 0) & (counts[members] > 1)
    return np.where(usual, (other - own) / np.where(usual, larger, 1.0), 0.0), nearest


def _principal(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    _, sizes, directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    axes = directions[:2]
    # The sign of an axis is arbitrary. Here it agrees with one random direction. With the usual rule, by which the largest
    # component is positive, one more photo could mirror the whole map.
    chosen = np.random.default_rng(SEED).standard_normal(directions.shape[1:])
    axes = np.stack([axis if axis @ chosen >= 0 else -axis for axis in axes])
    variances = sizes**2
    return (rows - rows.mean(axis=0)) @ axes.T, float(variances[:2].sum() / variances.sum())


def _places(
    points: NDArray[np.float64], owners: NDArray[np.intp], members: Sequence[GalleryMember]
) -> tuple[MemberPlacement, ...]:
    values, nearest = silhouettes(points, owners)
    places: list[MemberPlacement] = []
    for number, member in enumerate(members):
        mine = owners == number
        if len(members) == 1:
            places.append(MemberPlacement(member, None, None))
            continue
        other = int(np.bincount(nearest[mine]).argmax())
        places.append(MemberPlacement(member, float(values[mine].mean()) if mine.sum() > 1 else None, members[other]))
    return tuple(places)


@contextmanager
def _without_tensorflow() -> Generator[None]:
    """Import umap without TensorFlow, which its unused parametric part would import: 5 s and 460 MB."""
    known = "tensorflow" in sys.modules
    if not known:
        sys.modules["tensorflow"] = None  # pyright: ignore[reportArgumentType]  # None makes an import fail
    try:
        yield
    finally:
        if not known:
            del sys.modules["tensorflow"]
