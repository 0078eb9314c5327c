"""May a new model answer instead of the one in use? Both are asked about photos that neither saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.copies import photo_numbers
from models.cross_validation import ask, deal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery import Gallery

FOLDS = 10
REPEATS = 3
"""The folds are dealt anew so many times, and all answers counted."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Names that one model gave to the probes, all repeats together."""

    right: int
    wrong: int

    @property
    def score(self) -> int:
        return self.right - self.wrong


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both models said of the same photos. `probes`: how many photos; 0 where nothing is in use yet."""

    probes: int
    old: Tally
    new: Tally

    @property
    def passes(self) -> bool:
        """Whether the new model may answer: it is not worse."""
        return self.new.score >= max(self.old.score, 0)


def compare(gallery: Gallery, old: NDArray[np.bool_], new: NDArray[np.bool_], *, seed: int = 0) -> Comparison:
    """Compare the model made of the photos `old` with the one made of `new`, (n,) bool each.

    The probes are what was accepted already, photos of both; each is held out from both models with its copies, whatever
    label those bear. A new label never judges itself. Raises LookupError when the background of the gallery's engine isn't
    known.
    """
    probes = np.flatnonzero(old & new)
    numbers = photo_numbers(gallery.encodings, gallery.version)
    tallies = np.zeros((2, 2), np.int64)
    for chance in np.random.default_rng(seed).spawn(REPEATS):
        fold = deal(numbers[probes], gallery.members[probes], FOLDS, chance)
        for one in np.unique(fold):
            asked = probes[fold == one]
            unseen = ~np.isin(numbers, numbers[asked])
            for row, model in enumerate((old, new)):
                answers = ask(gallery, model & unseen, asked)
                tallies[row] += answers.right.sum(), answers.wrong.sum()
    (right, wrong), (right_new, wrong_new) = tallies.tolist()
    return Comparison(len(probes), Tally(right, wrong), Tally(right_new, wrong_new))
