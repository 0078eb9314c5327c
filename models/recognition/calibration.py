"""What a gallery teaches about scores: whether to whiten, how fast confidence grows, from where a name may be given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from models.encodings.whitening import Whitening, unit
from models.recognition.gallery import can_be_tried_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.encodings.background import Background, Scores
    from models.faces import Encodings

STRANGERS_NAMED = 0.05
"""Share of the simulated strangers, who look like members, that may be given a name."""

WRONG_NAME = 1.5
"""A wrong name costs as much as so many names not given (Chow 1970): a face must be so much likelier a member than nobody."""

PRIOR_MEMBERS = 19.0
"""The background's scores weigh as much as those of so many members, whatever the number of their photos: the photos of one
person are no independent strangers. Half of BTS resemble each other, and by photos they would keep names from all of BTS.
"""

PHOTOS_OF_A_MEMBER = 3
"""A member with fewer photos tells that much less."""

CLEAR_GAIN = 1.3
"""Leave-one-out overrules likeness to the background where it separates so many times better.

Without this margin it left one draw in six of ITZY (five photos a member) as they were, and 16% of TWICE were then named as
ITZY instead of 1%.
"""

PLENTY = 6.0
"""It overrules nothing that separates so well, in deviations times CLEAR_GAIN: there is no error to tell the two apart by.
Those of ../shared/faces separate by 0.1 (BTS, two photos a member) to 3.8 (TWICE, five).
"""

ALIKE = 4.0
"""Otherwise a gallery is whitened when it lies within so many deviations of the background's faces.

Of 179 photos of TWICE, ITZY and BTS all do, of 200 people in Labeled Faces in the Wild one.
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a score becomes the log-odds of a member against nobody: slope * (score - even). `price`: from which to name."""

    slope: float
    even: float
    price: float


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Scores that a gallery gives itself, leaving out what is scored.

    `strangers`: (n,) each photo's best score among other members, as if its own were not enrolled. `genuine`: (k,) each
    photo against the other photos of its member; empty with one photo a member. `weight`: of what it tells, in members.
    """

    strangers: NDArray[np.float32]
    genuine: NDArray[np.float32]
    weight: float

    def separation(self) -> float:
        """d': distance between the two kinds of score, in deviations."""
        variance = max(float(self.genuine.var() + self.strangers.var()) / 2, 1e-6)
        return float(self.genuine.mean() - self.strangers.mean()) / math.sqrt(variance)


def sums_by_owner(vectors: Encodings, owners: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """Sum of each owner's vectors: (count, d); `owners` (n,) holds rows of it."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, owners, vectors)
    return sums


def best_of_others(
    vectors: Encodings, members: NDArray[np.intp], centroids: NDArray[np.float32], owners: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Best score of each face (n, d) among the centroids (c, d) of others: (n,), or fewer where there are no others.

    `members`: (n,) whose each face is. `owners`: (c,) whose each centroid is.
    """
    scores = np.where(members[:, None] == owners[None], -np.inf, vectors @ centroids.T)
    best = scores.max(axis=1, initial=-np.inf)
    return best[np.isfinite(best)].astype(np.float32)


def try_out(vectors: Encodings, members: NDArray[np.intp], centres: NDArray[np.intp]) -> Trial:
    """Score the photos of a gallery against each other.

    `vectors`: (n, d), rows of unit length. `members`: (n,) whose each is. `centres`: (n,) which of its member's centres each
    belongs to, numbered through.
    """
    _, firsts, places = np.unique(centres, return_index=True, return_inverse=True)
    sums = sums_by_owner(vectors, places, len(firsts))
    companions = np.bincount(places)[places] > 1
    rest = unit((sums[places] - vectors)[companions])
    return Trial(
        best_of_others(vectors, members, unit(sums), members[firsts]),
        np.einsum("nd,nd->n", vectors[companions], rest),
        float(np.minimum(np.bincount(members) / PHOTOS_OF_A_MEMBER, 1).sum()),
    )


def choose_whitening(
    encodings: Encodings, owners: NDArray[np.intp], background: Background
) -> tuple[Whitening, Scores]:
    """The background's whitening or none, whichever suits a gallery, with the background's scores in that form.

    `encodings`: (n, d), as they are. `owners`: (n,) the member of each, from 0 on, each at least once.
    """
    count = int(owners.max(initial=-1)) + 1
    none = Whitening.none(encodings.shape[1])
    choices = [(none, background.raw), (background.whitening, background.whitened)]
    best = int(_alike(encodings, owners, count, background))
    if can_be_tried_out(owners):
        trials = [try_out(whitening.apply(encodings), owners, owners) for whitening, _ in choices]
        bar = CLEAR_GAIN * trials[best].separation()
        if bar < PLENTY and trials[1 - best].separation() > bar:
            best = 1 - best
    return choices[best]


def scale(scores: Scores, photos: int, trial: Trial | None = None) -> Scale:
    """The scale for centroids of so many photos: from a gallery's trial, leaning on the background's scores."""
    genuine, strangers = scores.at(photos)
    trial = trial or Trial(np.empty(0, np.float32), np.empty(0, np.float32), 0)
    own = np.concatenate([genuine, trial.genuine.astype(np.float64)])
    own_weights = _weights(len(genuine), len(trial.genuine), trial.weight)
    other = np.concatenate([strangers, trial.strangers.astype(np.float64)])
    other_weights = _weights(len(strangers), len(trial.strangers), trial.weight)
    slope, even = _logistic(own, own_weights, other, other_weights)
    passing = _quantile(other, other_weights, 1 - STRANGERS_NAMED)
    return Scale(slope, even, max(math.log(WRONG_NAME), slope * (passing - even)))


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
    """Slope and even point of a logistic regression in which both kinds weigh the same (Platt 1999)."""
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


def _alike(encodings: Encodings, owners: NDArray[np.intp], count: int, background: Background) -> bool:
    if not count:
        return True
    faces = unit(sums_by_owner(encodings, owners, count))
    mean = background.whitening.mean
    nearness = faces @ (mean / np.linalg.norm(mean))
    return bool(np.median(nearness) > background.nearness_mean - ALIKE * background.nearness_deviation)
