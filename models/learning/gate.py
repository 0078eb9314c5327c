"""The gate: a new model replaces the one in use if it does as well on photos that neither of them has fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.encodings.copies import photo_numbers
from models.learning.cross_validation import FOLDS, assign_folds, identify_held_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.recognition.gallery import Gallery, GalleryMember

REPEATS = 3
"""Random divisions into folds. A single one refuses good batches more often."""

SCORE_TOLERANCE = 1.0
"""The tolerance of the score, in names, because thresholds change with each photo. Without it good batches for TWICE with
five photos a member passed in 80% of 60 trials by the score alone; with it in 97%.
"""

MARGIN_TOLERANCE = 1.0
"""The largest fall of a member's mean margin. The score alone sees a wrong label too late: it stays as long as right photos
are in the majority. By the score alone 67% of the batches passed in which all labels of one member had another's name.

At 0.7 four points fewer of these pass than at 1, and six points fewer of the good ones (TWICE and ITZY, three and five in use).
"""

FRESH_MARGIN = 0.5
"""The mean margin that the new model needs on photos of members without another photo in the old model. At 0 one
shuffled batch in thirty passed with one photo a member in use, at 0.5 none of 180.
"""

_LARGEST_LOG_ODDS = 6.0
"""The bound of log-odds in a margin."""


@dataclass(frozen=True, slots=True)
class GateScore:
    """Right and wrong names of one model on the probes, means over the repeats."""

    right: float
    wrong: float

    @property
    def score(self) -> float:
        """Right names minus wrong names."""
        return self.right - self.wrong


@dataclass(frozen=True, slots=True)
class GateComparison:
    """The comparison of both models on the same photos.

    `probes`: the number of photos, 0 where the models have no photo in common. `fallen`: members whose mean margin fell by
    more than `MARGIN_TOLERANCE`. `fresh`: the mean margin of photos of members without another photo in the old model,
    None without such photos. A margin is the log-odds of the right member minus those of the likeliest other one.
    """

    probes: int
    old: GateScore
    new: GateScore
    fallen: tuple[GalleryMember, ...] = ()
    fresh: float | None = None

    @property
    def passes(self) -> bool:
        """Whether the new model passes: the score holds, no member has fallen, and new members are distinct."""
        scores = self.new.score >= max(self.old.score - SCORE_TOLERANCE, 0)
        return scores and not self.fallen and (self.fresh is None or self.fresh >= FRESH_MARGIN)


def compare(gallery: Gallery, old: NDArray[np.bool_], new: NDArray[np.bool_], *, seed: int = 0) -> GateComparison:
    """Compare the model of the photos `old` with that of `new`, masks (n,) bool.

    The probes are photos of both. Each is held out from both models, with its copies under any label. So no new label judges
    itself or another new label. Raises LookupError when the gallery's engine has no measured background.
    """
    probes = np.flatnonzero(old & new)
    numbers = photo_numbers(gallery.encodings, gallery.version)
    scores = np.zeros((2, 2), np.int64)
    # By member: the sum of the changes in margin, and their number.
    changes = np.zeros((2, len(gallery.members)))
    fresh: list[float] = []
    for chance in np.random.default_rng(seed).spawn(REPEATS):
        fold = assign_folds(numbers[probes], gallery.labels[probes], FOLDS, chance)
        for number in np.unique(fold):
            asked = probes[fold == number]
            unseen = ~np.isin(numbers, numbers[asked])
            both = [identify_held_out(gallery, model & unseen, asked) for model in (old, new)]
            for score, answers in zip(scores, both, strict=True):
                score += answers.right.sum(), answers.wrong.sum()
            margins = [
                np.clip(answers.own_log_odds, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)
                - np.clip(answers.rival_log_odds, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)
                for answers in both
            ]
            unknown = ~both[0].has_other_photo & both[1].has_other_photo
            fresh += margins[1][unknown].tolist()
            np.add.at(changes[0], both[0].truth[~unknown], (margins[1] - margins[0])[~unknown])
            np.add.at(changes[1], both[0].truth[~unknown], 1)
    fallen = np.flatnonzero(changes[0] < -MARGIN_TOLERANCE * changes[1])
    before, after = (GateScore(right / REPEATS, wrong / REPEATS) for right, wrong in scores.tolist())
    return GateComparison(
        len(probes),
        before,
        after,
        tuple(gallery.members[place] for place in fallen.tolist()),
        float(np.mean(fresh)) if fresh else None,
    )
