"""The outcome of one evaluation trial, and its measures.

Terms as in ISO/IEC 19795 and NIST's FRVT 1:N: rank-1 (closed set), TPIR at FPIR (open set).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10
"""Bins of confidence, of equal width, of the calibration error (Naeini et al. 2015; Guo et al. 2017)."""


@dataclass(frozen=True, slots=True, eq=False)
class TrialOutcome:
    """The outcome of the probes of one trial.

    `truth`: (n,) int64, the member's index in the recogniser, or -1 - k for a stranger of source k. `likeliest`: (n,) int64,
    the index of the member with the highest score. `scores`: (n,) float64, that score. `named`: (n,) int64, the index of the
    member named at the recogniser's own threshold, -1 for none. `confidences`: (n,) float64, of `likeliest`.
    """

    truth: NDArray[np.int64]
    likeliest: NDArray[np.int64]
    scores: NDArray[np.float64]
    named: NDArray[np.int64]
    confidences: NDArray[np.float64]

    def rank_1(self) -> float:
        """The share of members' photos whose likeliest member is the right one."""
        return _share((self.likeliest == self.truth)[self.truth >= 0])

    def tpir(self, fpir: float) -> float:
        """The true positive identification rate: the share of members' photos named right, at the lowest threshold that names
        at most the share `fpir` of the strangers. NaN without strangers.
        """
        strangers = np.sort(self.scores[self.truth < 0])[::-1]
        if not strangers.size:
            return float("nan")
        passing = int(fpir * len(strangers) + 1e-9)
        # The threshold lies strictly above the first stranger who must not pass, so equal scores don't pass either.
        threshold = strangers[passing] if passing < len(strangers) else -np.inf
        right = (self.likeliest == self.truth) & (self.scores > threshold)
        return _share(right[self.truth >= 0])

    def right(self) -> float:
        """The share of members' photos with their name, at the recogniser's own thresholds."""
        return _share((self.named == self.truth)[self.truth >= 0])

    def wrong(self) -> float:
        """The share of members' photos with another member's name."""
        return _share(((self.named != self.truth) & (self.named >= 0))[self.truth >= 0])

    def strangers_named(self, source: int) -> float:
        """The share of strangers of one source with a name."""
        return _share((self.named >= 0)[self.truth == -1 - source])

    def calibration_error(self, *, strangers: bool) -> float:
        """The expected calibration error of the likeliest member's confidence.

        It is over members' photos. With `strangers` it is over members and strangers with equal total weights, NaN where
        there are no strangers.
        """
        members = self.truth >= 0
        if strangers and members.all():
            return float("nan")
        weights = members / max(members.sum(), 1)
        if strangers:
            weights = (weights + ~members / (~members).sum()) / 2
        bins = np.minimum((self.confidences * BINS).astype(np.int64), BINS - 1)
        gaps = weights * (self.confidences - (self.likeliest == self.truth))
        return float(np.abs(np.bincount(bins, gaps, BINS)).sum())

    def confusion(self, members: int, sources: int) -> NDArray[np.int64]:
        """Counts (members + sources, members + 1): a row a member and a source, a column a name, the last column for no
        name."""
        counts = np.zeros((members + sources, members + 1), np.int64)
        rows = np.where(self.truth >= 0, self.truth, members - 1 - self.truth)
        np.add.at(counts, (rows, np.where(self.named >= 0, self.named, members)), 1)
        return counts


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if hits.size else float("nan")
