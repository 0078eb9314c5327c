"""Calibration of scores by a gallery: whether to whiten, the slope of the confidence, the acceptance threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from models.encodings.whitening import Whitening, unit_rows
from models.recognition.gallery import can_hold_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.encodings.background import Background, ScoreQuantiles
    from models.faces import Encodings

TARGET_FPIR = 0.05
"""The share of simulated strangers, who look like members, that may get a name (FPIR)."""

WRONG_NAME_COST = 1.5
"""The cost of a wrong name, in missing names (Chow 1970): the odds of a member against a stranger must be this high."""

PRIOR_MEMBERS = 19.0
"""The weight of the background's scores, in members.

Members count and photos don't, because the photos of one person are no independent strangers. Half of BTS resemble each other;
with weights by photo they would raise the threshold until no member of BTS gets a name.
"""

FULL_WEIGHT_PHOTOS = 3
"""Number of photos at which a member has full weight; fewer count in proportion."""

SEPARATION_GAIN = 1.3
"""Minimum factor in separation at which the leave-one-out scores overrule the resemblance to the background.

Without it one draw in six of ITZY (five photos a member) stays without whitening, and 16% of TWICE then get a name of ITZY
instead of 1%.
"""

WELL_SEPARATED = 6.0
"""A separation, in deviations times SEPARATION_GAIN, that is never overruled: there are no errors to compare.

Galleries of ../shared/faces have separations from 0.1 (BTS, two photos a member) to 3.8 (TWICE, five).
"""


@dataclass(frozen=True, slots=True)
class LogOddsScale:
    """The log-odds of a member against a stranger for a score: slope * (score - midpoint).

    `acceptance`: the minimum log-odds of an accepted name.
    """

    slope: float
    midpoint: float
    acceptance: float


@dataclass(frozen=True, slots=True, eq=False)
class LeaveOneOutScores:
    """Scores of a gallery's photos against the rest of the gallery.

    `strangers`: (n,) float32, the best score of each photo among the other members. `genuine`: (k,) float32, the score of each
    photo against the other photos of its cluster; empty with one photo a member. `weight`: of these scores, in members.
    """

    strangers: NDArray[np.float32]
    genuine: NDArray[np.float32]
    weight: float

    def separation(self) -> float:
        """d': the distance between the means of both kinds of score, in standard deviations."""
        variance = max(float(self.genuine.var() + self.strangers.var()) / 2, 1e-6)
        return float(self.genuine.mean() - self.strangers.mean()) / math.sqrt(variance)


def sums_by_owner(vectors: Encodings, owners: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """The sum of each owner's `vectors` (n, d): (count, d) float32. `owners`: (n,), the row of the sum for each vector."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, owners, vectors)
    return sums


def best_of_others(
    vectors: Encodings, members: NDArray[np.intp], centroids: NDArray[np.float32], owners: NDArray[np.intp]
) -> NDArray[np.float32]:
    """The best score of each face (n, d) among the centroids (c, d) of other members: (n,) float32.

    `members`: (n,) the member of each face. `owners`: (c,) the member of each centroid. Faces without one
    have no entry.
    """
    scores = np.where(members[:, None] == owners[None], -np.inf, vectors @ centroids.T)
    best = scores.max(axis=1, initial=-np.inf)
    return best[np.isfinite(best)].astype(np.float32)


def leave_one_out(vectors: Encodings, members: NDArray[np.intp], clusters: NDArray[np.intp]) -> LeaveOneOutScores:
    """Score each photo of a gallery against the others.

    `vectors`: (n, d), rows of unit length. `members`: (n,) the member of each. `clusters`: (n,) the cluster of each, numbered
    from 0, as of `models.encodings.centroids.cluster_numbers`.
    """
    _, firsts, places = np.unique(clusters, return_index=True, return_inverse=True)
    sums = sums_by_owner(vectors, places, len(firsts))
    companions = np.bincount(places)[places] > 1
    rest = unit_rows((sums[places] - vectors)[companions])
    return LeaveOneOutScores(
        best_of_others(vectors, members, unit_rows(sums), members[firsts]),
        np.einsum("nd,nd->n", vectors[companions], rest),
        float(np.minimum(np.bincount(members) / FULL_WEIGHT_PHOTOS, 1).sum()),
    )


def choose_whitening(
    encodings: Encodings, owners: NDArray[np.intp], background: Background
) -> tuple[Whitening, ScoreQuantiles]:
    """The whitening for a gallery, the background's or none, and the background's scores after it.

    `encodings`: (n, d), not whitened. `owners`: (n,) the member of each, numbered from 0 without gaps.
    """
    count = int(owners.max(initial=-1)) + 1
    none = Whitening.none(encodings.shape[1])
    choices = [(none, background.raw), (background.whitening, background.whitened)]
    best = int(_resembles_background(encodings, owners, count, background))
    if can_hold_out(owners):
        scores = [leave_one_out(whitening.apply(encodings), owners, owners) for whitening, _ in choices]
        bar = SEPARATION_GAIN * scores[best].separation()
        if bar < WELL_SEPARATED and scores[1 - best].separation() > bar:
            best = 1 - best
    return choices[best]


def scale(scores: ScoreQuantiles, photos: int, left_out: LeaveOneOutScores | None = None) -> LogOddsScale:
    """The scale for centroids of `photos` photos each, from the background's scores and a gallery's own.

    `left_out`: the gallery's scores, None where there are none.
    """
    genuine, strangers = scores.for_photos(photos)
    left_out = left_out or LeaveOneOutScores(np.empty(0, np.float32), np.empty(0, np.float32), 0)
    own = np.concatenate([genuine, left_out.genuine.astype(np.float64)])
    own_weights = _weights(len(genuine), len(left_out.genuine), left_out.weight)
    other = np.concatenate([strangers, left_out.strangers.astype(np.float64)])
    other_weights = _weights(len(strangers), len(left_out.strangers), left_out.weight)
    slope, midpoint = _logistic(own, own_weights, other, other_weights)
    passing = _quantile(other, other_weights, 1 - TARGET_FPIR)
    return LogOddsScale(slope, midpoint, max(math.log(WRONG_NAME_COST), slope * (passing - midpoint)))


def _weights(background: int, gallery: int, weight: float) -> NDArray[np.float64]:
    own = np.full(gallery, weight / max(gallery, 1))
    weights = np.concatenate([np.full(background, PRIOR_MEMBERS / background), own])
    return weights / weights.sum()


def _logistic(
    genuine: NDArray[np.float64],
    genuine_weights: NDArray[np.float64],
    strangers: NDArray[np.float64],
    strangers_weights: NDArray[np.float64],
) -> tuple[float, float]:
    """Slope and midpoint of a logistic regression in which both kinds have the same total weight (Platt 1999)."""
    x = np.concatenate([genuine, strangers])
    sign = np.concatenate([np.ones(len(genuine)), -np.ones(len(strangers))])
    weights = np.concatenate([genuine_weights, strangers_weights])
    middle, spread = float(x.mean()), float(x.std())
    z = (x - middle) / spread

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        steep = math.exp(line[0])
        margin = sign * (steep * z + line[1])
        pull = -sign * weights * expit(-margin)
        return float(weights @ np.logaddexp(0, -margin)), np.array([steep * (pull @ z), pull.sum()])

    line = minimize(loss, np.zeros(2), jac=True, method="BFGS").x
    slope = math.exp(line[0])
    return slope / spread, middle - spread * float(line[1]) / slope


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    order = np.argsort(values)
    middles = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(share, middles, values[order]))


def _resembles_background(encodings: Encodings, owners: NDArray[np.intp], count: int, background: Background) -> bool:
    if not count:
        return True
    faces = unit_rows(sums_by_owner(encodings, owners, count))
    mean = background.whitening.mean
    nearness = faces @ (mean / np.linalg.norm(mean))
    return bool(
        np.median(nearness) > background.nearness_mean - background.nearness_bound * background.nearness_deviation
    )
