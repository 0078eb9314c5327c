"""May a new model answer instead of the one in use? Both are asked about photos that neither saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.encodings.copies import photo_numbers
from models.learning.cross_validation import FOLDS, ask_held_out, assign_folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.recognition.gallery import Gallery, GalleryMember

REPEATS = 3
"""The folds are dealt anew so many times: one deal holds a good batch back oftener."""

SCORE_TOLERANCE = 1.0
"""The score may be lower by one name: thresholds are fitted anew with every photo. Without this, good batches for TWICE with
five photos a member passed in 80% of 60 trials, by the score alone; with it in 97%.
"""

MARGIN_TOLERANCE = 1.0
"""A member's mean margin may fall by so much. Names alone notice a lie too late: while the right photos are in the majority,
the score stays. By the score alone 67% of the batches passed in which one member's labels all said another's name.

At 0.7 four points fewer of these pass than at 1, and six fewer of the good ones (TWICE and ITZY, three and five in use).
"""

FRESH_MARGIN = 0.5
"""Photos of members whom the old model doesn't know without them must have so high a mean margin in the new one. At 0 one
shuffled batch in thirty passed where one photo a member was in use, at 0.5 none of 180.
"""

_LARGEST_LOG_ODDS = 6.0
"""Log-odds beyond which more of them say nothing new."""


@dataclass(frozen=True, slots=True)
class GateScore:
    """Names that one model gave to the probes, on average over the repeats."""

    right: float
    wrong: float

    @property
    def score(self) -> float:
        """Right names less wrong names."""
        return self.right - self.wrong


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both models said of the same photos.

    `probes`: how many photos; 0 where nothing is in use that the new model has too, so that there is nothing to ask. `fallen`:
    members whose photos look less like them, or more like somebody else, than before; see `MARGIN_TOLERANCE`. `fresh`: the mean
    margin of photos of members whom the old model doesn't know without them, None where there are none; a margin is the
    log-odds of the right member less those of the likeliest other one.
    """

    probes: int
    old: GateScore
    new: GateScore
    fallen: tuple[GalleryMember, ...] = ()
    fresh: float | None = None

    @property
    def passes(self) -> bool:
        """Whether the new model may answer: its score isn't worse, nobody has fallen, and who is fresh is told apart."""
        scores = self.new.score >= max(self.old.score - SCORE_TOLERANCE, 0)
        return scores and not self.fallen and (self.fresh is None or self.fresh >= FRESH_MARGIN)


def compare(gallery: Gallery, old: NDArray[np.bool_], new: NDArray[np.bool_], *, seed: int = 0) -> Comparison:
    """Compare the model made of the photos `old` with the one made of `new`, (n,) bool each.

    The probes are what was accepted already, photos of both; each is held out from both models with its copies, whatever
    label those bear. So a new label never judges itself, nor another new one. Raises LookupError when the background of the
    gallery's engine isn't known.
    """
    probes = np.flatnonzero(old & new)
    numbers = photo_numbers(gallery.encodings, gallery.version)
    scores = np.zeros((2, 2), np.int64)
    # By member: the sum of the changes of her margin, and how many they are.
    changes = np.zeros((2, len(gallery.roster)))
    fresh: list[float] = []
    for chance in np.random.default_rng(seed).spawn(REPEATS):
        fold = assign_folds(numbers[probes], gallery.members[probes], FOLDS, chance)
        for one in np.unique(fold):
            asked = probes[fold == one]
            unseen = ~np.isin(numbers, numbers[asked])
            both = [ask_held_out(gallery, model & unseen, asked) for model in (old, new)]
            for score, answers in zip(scores, both, strict=True):
                score += answers.right.sum(), answers.wrong.sum()
            margins = [
                np.clip(its.own, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)
                - np.clip(its.other, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)
                for its in both
            ]
            unknown = ~both[0].known & both[1].known
            fresh += margins[1][unknown].tolist()
            np.add.at(changes[0], both[0].truth[~unknown], (margins[1] - margins[0])[~unknown])
            np.add.at(changes[1], both[0].truth[~unknown], 1)
    fallen = np.flatnonzero(changes[0] < -MARGIN_TOLERANCE * changes[1])
    before, after = (GateScore(right / REPEATS, wrong / REPEATS) for right, wrong in scores.tolist())
    return Comparison(
        len(probes),
        before,
        after,
        tuple(gallery.roster[place] for place in fallen.tolist()),
        float(np.mean(fresh)) if fresh else None,
    )
