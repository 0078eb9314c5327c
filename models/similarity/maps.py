"""The faces of a group in two dimensions: what looks alike lies near, and the same photos give the same map."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.encodings import background
from models.faces import FEWEST_MAPPED, Projection
from models.learning.cleaning import suspicious
from models.recognition.calibration import choose_whitening

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.learning.cleaning import Suspicion
    from models.recognition.gallery import Gallery, GalleryMember

SEED = 0

PERPLEXITY = 20.0
"""Of t-SNE, where there are photos enough: about those of two members. See `perplexity`; docs/measured.md has others."""

NEIGHBOURS = 10
"""Of UMAP, where there are photos enough: about as many as a member has."""

APART = 0.5
OVERLAPPING = 0.25
"""Mean silhouette of a member's photos from which they stand apart, and below which they overlap with somebody else's: the
"reasonable structure" and "no substantial structure" of Kaufman and Rousseeuw (1990, table 4).
"""


class TooFewPhotosError(ValueError):
    """A group has fewer than `FEWEST_MAPPED` different photos."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member's photos lie on a map.

    `silhouette`: the mean of theirs, in [-1, 1], None where the member has one photo, or nobody else has any. `nearest`: the
    other member whose photos lie nearest to most of them.
    """

    member: GalleryMember
    silhouette: float | None
    nearest: GalleryMember | None

    @property
    def apart(self) -> bool:
        """Whether the member stands apart from everybody else."""
        return self.silhouette is not None and self.silhouette >= APART

    @property
    def overlaps(self) -> GalleryMember | None:
        """With whom the member's photos overlap, None where they don't."""
        return self.nearest if self.silhouette is not None and self.silhouette < OVERLAPPING else None


@dataclass(frozen=True, slots=True, eq=False)
class FaceMap:
    """A group laid out in two dimensions.

    `points`: (n, 2) float64, one a photo of the gallery, in its order; x to the right, y upward, in no unit. `members`: (n,)
    int64, whose each is, as a place in `places`. `places`: the members with photos, in the roster's order. `outliers`: the
    labels that look wrong, strongest first, as `cleaning.suspicious` has them: photos whose encodings lie nearer to
    another member, or to nobody, than to their own, however the map lays them out. `kept`: the share of all variance that the
    map shows, for PCA alone.
    """

    points: NDArray[np.float64]
    members: NDArray[np.int64]
    places: tuple[Place, ...]
    outliers: tuple[Suspicion, ...]
    projection: Projection
    kept: float | None


def lay_out(gallery: Gallery, projection: Projection) -> FaceMap:
    """A map of a group's gallery.

    What is laid out are encodings after the whitening that a recogniser of this gallery alone would choose. Raises
    TooFewPhotosError below `FEWEST_MAPPED` different encodings, LookupError when the background of the engine isn't known.
    """
    # Sorted, so that the order of photos is none of the map's business; and each encoding once, since with two rows alike
    # UMAP gives another map each time (umap issue 1277).
    different, first, which = np.unique(gallery.encodings, axis=0, return_index=True, return_inverse=True)
    if len(different) < FEWEST_MAPPED:
        raise TooFewPhotosError(f"{len(different)} different photos, not {FEWEST_MAPPED}")
    roster = [member for member in gallery.roster if (gallery.members == member.id).any()]
    row = {member.id: place for place, member in enumerate(roster)}
    members = np.array([row[member] for member in gallery.members.tolist()], np.int64)
    whitening, _ = choose_whitening(different, members[first].astype(np.intp), background.load(gallery.version))
    points, kept = project(whitening.apply(different), projection)
    points = points[which.ravel()]
    return FaceMap(points, members, _places(points, members, roster), suspicious(gallery), projection, kept)


def project(encodings: Encodings, projection: Projection) -> tuple[NDArray[np.float64], float | None]:
    """Different encodings (n, d), at least three, as points (n, 2), and with PCA the share of their variance that these keep.

    The same rows in the same order give the same points, bit by bit, on one machine. t-SNE and UMAP begin with those of PCA.
    """
    rows = encodings.astype(np.float64)
    start, kept = _principal(rows)
    if projection is Projection.PCA:
        return start, kept
    if projection is Projection.TSNE:
        from sklearn.manifold import TSNE

        # As small as scikit-learn makes its own start, for the same reason (Kobak and Berens 2019). The gradient is the exact
        # one: that of Barnes and Hut is summed by several threads in no fixed order.
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

        # Far enough apart that thumbnails have room.
        umap = UMAP(
            n_neighbors=neighbours(len(rows)),
            min_dist=0.5,
            init=(10 * start / np.abs(start).max()).astype(np.float32),
            random_state=SEED,
            n_jobs=1,
        )
        return np.asarray(umap.fit_transform(rows), np.float64), None


def perplexity(photos: int) -> float:
    """The perplexity of t-SNE for so many photos: `PERPLEXITY`, and always less than (n - 1) / 3.

    That is the bound of van der Maaten's own program, bhtsne, which looks at 3 * perplexity neighbours of each point.
    """
    return min(PERPLEXITY, 0.95 * (photos - 1) / 3)


def neighbours(photos: int) -> int:
    """`n_neighbors` of UMAP for so many photos: `NEIGHBOURS`, and fewer than there are, as umap-learn wants it."""
    return min(NEIGHBOURS, photos - 1)


def silhouettes(
    points: NDArray[np.float64], members: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The silhouette of each point (Rousseeuw 1987): (n,), in [-1, 1]; and the nearest other member: (n,) int64, -1 for none.

    `points`: (n, 2). `members`: (n,) whose each is, numbered from 0 without gaps. A member's only point has the silhouette 0.
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
    # An axis has no sign of its own. It gets the one that lets it agree with a direction drawn once for all: the usual one, by
    # which its largest part is positive, turned maps over when one photo was added.
    chosen = np.random.default_rng(SEED).standard_normal(directions.shape[1:])
    axes = np.stack([axis if axis @ chosen >= 0 else -axis for axis in axes])
    variances = sizes**2
    return (rows - rows.mean(axis=0)) @ axes.T, float(variances[:2].sum() / variances.sum())


def _places(points: NDArray[np.float64], members: NDArray[np.int64], roster: list[GalleryMember]) -> tuple[Place, ...]:
    values, nearest = silhouettes(points, members)
    places: list[Place] = []
    for number, member in enumerate(roster):
        mine = members == number
        if len(roster) == 1:
            places.append(Place(member, None, None))
            continue
        other = int(np.bincount(nearest[mine]).argmax())
        places.append(Place(member, float(values[mine].mean()) if mine.sum() > 1 else None, roster[other]))
    return tuple(places)


@contextmanager
def _without_tensorflow() -> Generator[None]:
    """Lets umap be imported without TensorFlow, which its unused parametric half takes if it is there: 5 s and 460 MB."""
    known = "tensorflow" in sys.modules
    if not known:
        sys.modules["tensorflow"] = None  # pyright: ignore[reportArgumentType]  # what makes an import fail
    try:
        yield
    finally:
        if not known:
            del sys.modules["tensorflow"]
