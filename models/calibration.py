"""What a gallery teaches about scores: whether to centre, where strangers end, how fast confidence grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.background import Background
    from models.faces import Encodings

STRANGERS_NAMED = 0.01
"""Share of the simulated strangers who may score above the threshold."""

PRIOR_PHOTOS = 20.0
"""The background's threshold and slope weigh as much as so many photos of the gallery."""

ENOUGH_PHOTOS = 12
ENOUGH_MEMBERS = 3
"""With so many photos, of so many members with at least two each, leave-one-out has a say in whether to centre."""

CLEAR_GAIN = 1.3
"""It overrules likeness to the background where it separates so many times better. Without this margin it left one draw in
six of ITZY (five photos a member) not centred, and 16 % of TWICE were then named as ITZY instead of 1 %.
"""

ALIKE = 4.0
"""Otherwise a gallery is centred when it lies within so many deviations of the background's faces.

Of 179 photos of TWICE, ITZY and BTS all do, of 200 people in Labeled Faces in the Wild one.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How scores are made and read.

    `mean`: (d,) float32, zeros where not centring. `thresholds`: (m,) float64, one a member, alike in a group. The
    log-odds of a member against nobody are slope * (score - threshold).
    """

    mean: NDArray[np.float32]
    slope: float
    thresholds: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Scores that a gallery gives itself, leaving out what is scored.

    `others`: (n, m) each photo against each centroid, -inf against its own. `genuine`: (k,) each photo against the other
    photos of its member; empty with one photo a member.
    """

    others: NDArray[np.float32]
    genuine: NDArray[np.float32]

    def strangers(self, columns: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Best score of each photo among `columns` (m,) as if its own member were not enrolled; no row without another."""
        best = self.others[:, columns if columns is not None else slice(None)].max(axis=1, initial=-np.inf)
        return best[np.isfinite(best)]

    def separation(self) -> float:
        """d': distance between the two kinds of score, in deviations."""
        return self._distance() / np.sqrt(self._variance())

    def slope(self) -> float:
        """How fast log-odds grow with the score: what a logistic fit finds where both kinds are normal and spread alike."""
        return self._distance() / self._variance()

    def _distance(self) -> float:
        return float(self.genuine.mean() - self.strangers().mean())

    def _variance(self) -> float:
        return max(float(self.genuine.var() + self.strangers().var()) / 2, 1e-6)


def centred(encodings: Encodings, mean: NDArray[np.float32]) -> Encodings:
    """Encodings (n, d) less a mean face (d,), of unit length again."""
    return unit(encodings - mean)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (n, d) scaled to unit length; a row of zeros stays one."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-9))


def sums_by_member(vectors: Encodings, owners: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """Sum of each member's vectors: (count, d); `owners` (n,) holds rows of it."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, owners, vectors)
    return sums


def try_out(vectors: Encodings, owners: NDArray[np.intp], count: int) -> Trial:
    """Score the photos of a gallery against each other.

    `vectors`: (n, d) centred, of unit length. `owners`: (n,) the member of each, from 0 to count - 1, each at least once.
    """
    sums = sums_by_member(vectors, owners, count)
    rows = np.arange(len(vectors))
    scores = vectors @ unit(sums).T
    scores[rows, owners] = -np.inf
    companions = np.bincount(owners, minlength=count)[owners] > 1
    others = unit((sums[owners] - vectors)[companions])
    return Trial(scores, np.einsum("nd,nd->n", vectors[companions], others))


def calibrate(
    encodings: Encodings, owners: NDArray[np.intp], groups: NDArray[np.int64], background: Background
) -> Calibration:
    """Fit to a gallery, leaning on the background where the gallery is small.

    `encodings`: (n, d), not centred. `owners`: (n,) the member of each. `groups`: (m,) the group of each member.
    """
    count = len(groups)
    choices = [(np.zeros_like(background.mean), background.raw), (background.mean, background.centred)]
    trials = [try_out(centred(encodings, mean), owners, count) for mean, _ in choices]
    best = int(_alike(encodings, owners, count, background))
    if _enough(owners) and trials[1 - best].separation() > CLEAR_GAIN * trials[best].separation():
        best = 1 - best
    (mean, prior), trial = choices[best], trials[best]
    # One threshold for all groups would be that of the group whose members resemble each other most: enrolling BTS and ITZY
    # beside TWICE raised it from 0.51 to 0.60, and 11 of 22 names in photos of all nine of TWICE were lost.
    thresholds = np.empty(count)
    for group in np.unique(groups):
        strangers = trial.strangers(groups == group)
        own = float(np.quantile(strangers, 1 - STRANGERS_NAMED)) if strangers.size else prior.threshold
        thresholds[groups == group] = _lean(own, strangers.size, prior.threshold)
    slope = prior.slope
    if trial.strangers().size and trial.genuine.size:
        slope = _lean(trial.slope(), trial.genuine.size, slope)
    return Calibration(mean, slope, thresholds)


def _lean(own: float, photos: int, prior: float) -> float:
    return (photos * own + PRIOR_PHOTOS * prior) / (photos + PRIOR_PHOTOS)


def _enough(owners: NDArray[np.intp]) -> bool:
    photos = np.bincount(owners)
    return bool((photos > 1).sum() >= ENOUGH_MEMBERS and photos[photos > 1].sum() >= ENOUGH_PHOTOS)


def _alike(encodings: Encodings, owners: NDArray[np.intp], count: int, background: Background) -> bool:
    if not count:
        return True
    faces = unit(sums_by_member(encodings, owners, count))
    nearness = faces @ (background.mean / np.linalg.norm(background.mean))
    return bool(np.median(nearness) > background.nearness_mean - ALIKE * background.nearness_deviation)
