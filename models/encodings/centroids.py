"""Several centres for a member who looks different across eras: photos in camps that would not know each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.encodings.whitening import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings

SMALLEST_CAMP = 2
"""Photos: a single odd one is more often a bad photo than an era."""

_STEPS = 20


def centres(vectors: Encodings, members: NDArray[np.intp], apart: float) -> NDArray[np.intp]:
    """Which centre each photo belongs to: (n,), numbered through, no centre with photos of two members.

    `vectors`: (n, d), rows of unit length. `members`: (n,) whose each is. `apart`: the cosine below which two camps are not
    the same look. Photos of one person of TWICE, ITZY or BTS fell apart at 0.3 in 1 draw of 1,000, those of two women of
    one group in 8 of 10.
    """
    found = np.zeros(len(vectors), np.intp)
    count = 0
    for member in np.unique(members):
        for camp in _camps(vectors, np.flatnonzero(members == member), apart):
            found[camp] = count
            count += 1
    return found


def _camps(vectors: Encodings, photos: NDArray[np.intp], apart: float) -> list[NDArray[np.intp]]:
    halves = _halves(vectors[photos])
    first, second = photos[halves], photos[~halves]
    if min(len(first), len(second)) < SMALLEST_CAMP:
        return [photos]
    middles = unit(np.stack([vectors[first].sum(axis=0), vectors[second].sum(axis=0)]))
    if middles[0] @ middles[1] >= apart:
        return [photos]
    return [*_camps(vectors, first, apart), *_camps(vectors, second, apart)]


def _halves(vectors: Encodings) -> NDArray[np.bool_]:
    """Spherical 2-means (Dhillon and Modha 2001) from the two photos that are least alike: (n,), one half or the other."""
    alike = vectors @ vectors.T
    seeds = np.unravel_index(int(alike.argmin()), alike.shape)
    middles = vectors[list(seeds)]
    halves = np.zeros(len(vectors), np.bool_)
    for _ in range(_STEPS):
        before, halves = halves, vectors @ middles[0] >= vectors @ middles[1]
        if (halves == before).all() or halves.all():
            break
        middles = unit(np.stack([vectors[halves].sum(axis=0), vectors[~halves].sum(axis=0)]))
    return halves
