"""Cross-validation of a gallery: each photo is identified by a recogniser without the photo and its copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.encodings.copies import photo_numbers
from models.recognition.gallery import Gallery
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 10
"""Folds. With ten, members with up to ten photos lose one at a time, and all fits together take a twentieth of a second."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutAnswers:
    """Answers for held-out photos within their own group: arrays with one entry a photo.

    Members are indices of the gallery's members. `truth`: int64, the labelled member. `own_log_odds`: float64, log-odds of that
    member against a stranger, -inf where the recogniser had no other photo of the member. `rival`: int64, the likeliest other
    member of the group, -1 for none. `rival_log_odds`: float64, the rival's log-odds, -inf for none. `named`: int64, the member
    accepted at the recogniser's own thresholds for the face alone, -1 for none.
    """

    truth: NDArray[np.int64]
    own_log_odds: NDArray[np.float64]
    rival: NDArray[np.int64]
    rival_log_odds: NDArray[np.float64]
    named: NDArray[np.int64]

    @property
    def has_other_photo(self) -> NDArray[np.bool_]:
        """Whether the recogniser had another photo of the member: (n,)."""
        return np.isfinite(self.own_log_odds)

    @property
    def likeliest(self) -> NDArray[np.int64]:
        """The member with the highest log-odds in the group: (n,) int64, -1 where the recogniser had no photo of the group."""
        return np.where(self.has_other_photo & (self.own_log_odds >= self.rival_log_odds), self.truth, self.rival)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the labelled member was named: (n,)."""
        return self.named == self.truth

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Whether another member was named: (n,)."""
        return (self.named >= 0) & ~self.right


def assign_folds(
    numbers: NDArray[np.int64], members: NDArray[np.int64], folds: int, chance: np.random.Generator
) -> NDArray[np.int64]:
    """The fold of each photo: (n,) int64 in [0, folds). The photos of each member are spread evenly, and copies share a fold.

    `numbers`: (n,) the photo's number, as of `photo_numbers`. `members`: (n,) the member of each photo.
    """
    _, firsts, photos = np.unique(numbers, return_index=True, return_inverse=True)
    owners = members[firsts]
    shuffled = chance.permutation(len(firsts))
    order = shuffled[np.argsort(owners[shuffled], kind="stable")]
    fold = np.empty(len(firsts), np.int64)
    # The sequence of folds goes on from member to member. Otherwise all single photos would fall into the first fold.
    fold[order] = np.arange(len(order)) % folds
    return fold[photos]


def identify_held_out(gallery: Gallery, learned: NDArray[np.bool_], asked: NDArray[np.intp]) -> HeldOutAnswers:
    """Identify the photos at `asked` (k,) with a recogniser fitted to others: one answer each.

    `learned`: (n,) mask of the photos to fit. Raises LookupError when the gallery's engine has no measured background.
    """
    place = {member.id: i for i, member in enumerate(gallery.members)}
    groups = np.array([member.group for member in gallery.members], np.int64)
    truth = np.array([place[member] for member in gallery.labels[asked].tolist()], np.int64)
    recogniser = fit(gallery.subset(learned))
    columns = [place[member.id] for member in recogniser.members]
    log_odds = np.full((len(asked), len(place)), -np.inf)
    log_odds[:, columns] = recogniser.log_odds(gallery.encodings[asked])
    log_odds[groups[truth][:, None] != groups] = -np.inf
    rows = np.arange(len(asked))
    own = log_odds[rows, truth]
    worth = log_odds.copy()
    worth[:, columns] -= recogniser.acceptances
    best = worth.argmax(axis=1)
    named = np.where(worth[rows, best] > 0, best, -1)
    log_odds[rows, truth] = -np.inf
    rival = log_odds.argmax(axis=1)
    other = log_odds[rows, rival]
    return HeldOutAnswers(truth, own, np.where(np.isfinite(other), rival, -1), other, named)


def cross_validate(
    gallery: Gallery, *, learnable: NDArray[np.bool_] | None = None, folds: int = FOLDS, repeats: int = 1, seed: int = 0
) -> tuple[HeldOutAnswers, ...]:
    """Answers for all photos of a gallery, once for each of `repeats` random divisions into folds.

    `learnable`: (n,) mask of the photos that may be fitted, None for all; the others get answers too. Raises LookupError when
    the gallery's engine has no measured background.
    """
    count = len(gallery.labels)
    may = np.ones(count, np.bool_) if learnable is None else learnable
    numbers = photo_numbers(gallery.encodings, gallery.version)
    rounds: list[HeldOutAnswers] = []
    for chance in np.random.default_rng(seed).spawn(repeats):
        fold = assign_folds(numbers, gallery.labels, folds, chance)
        asked = [np.flatnonzero(fold == number) for number in np.unique(fold)]
        parts = [identify_held_out(gallery, may & (fold != fold[places[0]]), places) for places in asked]
        rounds.append(_joined(parts, asked, count))
    return tuple(rounds)


def _joined(parts: list[HeldOutAnswers], places: list[NDArray[np.intp]], count: int) -> HeldOutAnswers:
    whole = HeldOutAnswers(
        np.empty(count, np.int64),
        np.empty(count, np.float64),
        np.empty(count, np.int64),
        np.empty(count, np.float64),
        np.empty(count, np.int64),
    )
    for part, mine in zip(parts, places, strict=True):
        whole.truth[mine], whole.own_log_odds[mine], whole.rival[mine] = part.truth, part.own_log_odds, part.rival
        whole.rival_log_odds[mine], whole.named[mine] = part.rival_log_odds, part.named
    return whole
