"""Clusters of a member's photos: a member who looks different in different eras gets a centroid for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.encodings.whitening import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings

MIN_CLUSTER_PHOTOS = 2
"""Photos. A single unusual photo is more often a bad photo than an era."""

_STEPS = 20
"""Iterations of 2-means at most."""


def cluster_numbers(vectors: Encodings, members: NDArray[np.intp], threshold: float) -> NDArray[np.intp]:
    """The cluster of each photo: (n,), numbered from 0; each cluster has photos of one member.

    `vectors`: (n, d), rows of unit length. `members`: (n,) the member of each row. `threshold`: the cosine between two
    centroids below which their clusters stay separate. At 0.3 the photos of one person of TWICE, ITZY or BTS separate in
    1 draw of 1,000, the photos of two women of one group in 8 of 10.
    """
    found = np.zeros(len(vectors), np.intp)
    count = 0
    for member in np.unique(members):
        for cluster in _clusters(vectors, np.flatnonzero(members == member), threshold):
            found[cluster] = count
            count += 1
    return found


def _clusters(vectors: Encodings, photos: NDArray[np.intp], threshold: float) -> list[NDArray[np.intp]]:
    halves = _halves(vectors[photos])
    first, second = photos[halves], photos[~halves]
    if min(len(first), len(second)) < MIN_CLUSTER_PHOTOS:
        return [photos]
    middles = unit_rows(np.stack([vectors[first].sum(axis=0), vectors[second].sum(axis=0)]))
    if middles[0] @ middles[1] >= threshold:
        return [photos]
    return [*_clusters(vectors, first, threshold), *_clusters(vectors, second, threshold)]


def _halves(vectors: Encodings) -> NDArray[np.bool_]:
    """A mask (n,) of one half by spherical 2-means (Dhillon and Modha 2001), started from the two least similar photos."""
    alike = vectors @ vectors.T
    seeds = np.unravel_index(int(alike.argmin()), alike.shape)
    middles = vectors[list(seeds)]
    halves = np.zeros(len(vectors), np.bool_)
    for _ in range(_STEPS):
        before, halves = halves, vectors @ middles[0] >= vectors @ middles[1]
        if (halves == before).all() or halves.all():
            break
        middles = unit_rows(np.stack([vectors[halves].sum(axis=0), vectors[~halves].sum(axis=0)]))
    return halves
