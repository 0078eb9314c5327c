"""The report of a gallery: accuracy by member, confusions, members who need photos, missing looks, suspected labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import mannwhitneyu

from models.encodings.copies import photo_numbers
from models.learning.cleaning import suspected_labels
from models.learning.cross_validation import cross_validate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.learning.cleaning import SuspectedLabel
    from models.recognition.gallery import Gallery, GalleryMember

REPEATS = 5
"""Random divisions into folds."""

ENOUGH = 5
"""Different photos that a member needs. Below, one more gains most (docs/recognition.md, "Accuracy today")."""

ENOUGH_RIGHT = 0.8
"""The share of held-out photos that must get the member's name."""

LOOK_PHOTOS = 3
"""Different recent photos that make a look. Two unusual ones are more often bad photos."""

LOOK_CHANCE = 0.05
"""The probability of random dates ranking the recent photos' held-out log-odds so low, below which a look is missing
(Mann and Whitney 1947). Counts of names alone can't tell three photos from chance.

Chosen on ../shared/faces, where three to five photos of a member are changed alike (eyes or mouth covered, squeezed,
recoloured, bleached). By sface too few changed photos get the name in 155 of 295 such galleries, and 83 of these are reported,
43 of the 65 with three changed photos; by retail 13 of 61, by dlib 13 of 65. With 200 random dates for each of 140 members of
unchanged galleries, 31 of 28,000 are reported; at 0.1 it is 226. By retail 40 of 14,000 are, by dlib 81.
"""

_EXACT_PAIRS = 4000
"""Pairs of a recent and an older photo up to which the test is exact, in 0.01 s. For 40,000 pairs that takes 13 s."""


class PhotoNeed(StrEnum):
    """Why a member needs photos."""

    FEW = "few"
    """Fewer than `ENOUGH` different ones."""

    UNRELIABLE = "unreliable"
    """Enough photos, but less than `ENOUGH_RIGHT` of the held-out ones get the right name."""


@dataclass(frozen=True, slots=True)
class LookAccuracy:
    """The accuracy of a member's look that the gallery lacks: the recent photos are recognised worse than the older ones.

    `recent`, `older`: different held-out photos. `recent_right`, `older_right`: those with the right name. `missed`: the other
    recent ones, indices in the gallery, ascending.
    """

    recent: int
    recent_right: int
    older: int
    older_right: int
    missed: tuple[int, ...]

    @property
    def recent_share(self) -> float:
        """The share of recent photos with the right name."""
        return self.recent_right / self.recent

    @property
    def older_share(self) -> float:
        """The share of older photos with the right name."""
        return self.older_right / self.older


@dataclass(frozen=True, slots=True)
class MemberAccuracy:
    """The accuracy of one member.

    `photos`: enrolled. `different`: without copies. `asked`: held-out photos with an answer, 0 without two different photos.
    `right`: those with the right name. `confused_with`: the other member whose name most photos got, None for none.
    `confused_photos`: the number of those photos. `look`: the look of the recent photos, None where the gallery has it.
    """

    member: GalleryMember
    photos: int
    different: int
    asked: int
    right: int
    confused_with: GalleryMember | None
    confused_photos: int
    look: LookAccuracy | None = None

    @property
    def share(self) -> float | None:
        """The share of held-out photos with the right name, None without any."""
        return self.right / self.asked if self.asked else None

    @property
    def need(self) -> PhotoNeed | None:
        """The reason for more photos of this member, None where there are enough, or where those of one look are missing."""
        if self.different < ENOUGH:
            return PhotoNeed.FEW
        reliable = self.share is not None and self.share >= ENOUGH_RIGHT
        return None if reliable or self.look is not None else PhotoNeed.UNRELIABLE


@dataclass(frozen=True, slots=True)
class IdentificationCounts:
    """Counts of held-out photos: all, with the right name, with another member's name."""

    asked: int
    right: int
    wrong: int

    @classmethod
    def from_confusion(cls, confusion: NDArray[np.int64]) -> IdentificationCounts:
        """The counts of a matrix (m, m + 1) of `confusions`."""
        asked, right = int(confusion.sum()), int(np.trace(confusion))
        return cls(asked, right, asked - right - int(confusion[:, -1].sum()))


@dataclass(frozen=True, slots=True, eq=False)
class GalleryReport:
    """The report of a gallery.

    `members`: in the gallery's order. `confusion`: see `confusions`. `suspected`: the suspected labels, strongest first.
    `version`: of the engine.
    """

    members: tuple[MemberAccuracy, ...]
    confusion: NDArray[np.int64]
    suspected: tuple[SuspectedLabel, ...]
    version: str

    @property
    def members_needing_photos(self) -> tuple[MemberAccuracy, ...]:
        """The members who need photos: those with the fewest first, then those with the lowest share."""
        needy = (member for member in self.members if member.need is not None)
        return tuple(sorted(needy, key=lambda member: (min(member.different, ENOUGH), member.share or 0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class _HeldOutPhotos:
    """The photos of a gallery, each held out: arrays with one entry a photo.

    `truth`: int64, the labelled member's index. `names`: int64, the index of the most frequent name over the repeats, the
    number of members for no name, -1 for a photo without an answer. `log_odds`: float64, the mean log-odds of the labelled
    member.
    """

    truth: NDArray[np.int64]
    names: NDArray[np.int64]
    log_odds: NDArray[np.float64]

    @classmethod
    def of(cls, gallery: Gallery, repeats: int, seed: int) -> _HeldOutPhotos:
        members = len(gallery.members)
        rounds = cross_validate(gallery, repeats=repeats, seed=seed)
        # Answers of each photo by name, where its member was known. The last column is for no name.
        answers = np.zeros((len(gallery.labels), members + 1), np.int64)
        for found in rounds:
            photos = np.flatnonzero(found.has_other_photo)
            answers[photos, np.where(found.named >= 0, found.named, members)[photos]] += 1
        return cls(
            rounds[0].truth,
            np.where(answers.any(axis=1), answers.argmax(axis=1), -1),
            np.mean([found.own_log_odds for found in rounds], axis=0),
        )

    def confusion(self, members: int) -> NDArray[np.int64]:
        """See `confusions`."""
        confusion = np.zeros((members, members + 1), np.int64)
        asked = self.names >= 0
        np.add.at(confusion, (self.truth[asked], self.names[asked]), 1)
        return confusion

    def missing_look(self, recent: NDArray[np.intp], older: NDArray[np.intp]) -> LookAccuracy | None:
        """The look of a member's `recent` photos (k,), None where it isn't missing. `older`: (l,) the others; no copies."""
        if len(recent) < LOOK_PHOTOS or not len(older):
            return None
        right = self.names == self.truth
        look = LookAccuracy(
            len(recent),
            int(right[recent].sum()),
            len(older),
            int(right[older].sum()),
            tuple(recent[~right[recent]].tolist()),
        )
        if look.recent_share >= min(ENOUGH_RIGHT, look.older_share):
            return None
        method = "exact" if len(recent) * len(older) <= _EXACT_PAIRS else "asymptotic"
        test = mannwhitneyu(self.log_odds[recent], self.log_odds[older], alternative="less", method=method)
        return look if test.pvalue < LOOK_CHANCE else None


def confusions(gallery: Gallery, *, repeats: int = REPEATS, seed: int = 0) -> NDArray[np.int64]:
    """The confusion matrix of held-out photos: (m, m + 1) int64, a row a member, a column a name, and the last column for no
    name.

    Each photo counts once, with its most frequent answer over the repeats. Photos of members without another photo are left
    out. Raises LookupError when the gallery's engine has no measured background.
    """
    return _HeldOutPhotos.of(gallery, repeats, seed).confusion(len(gallery.members))


def report(
    gallery: Gallery, recent: NDArray[np.bool_] | None = None, *, repeats: int = REPEATS, seed: int = 0
) -> GalleryReport:
    """Cross-validate a gallery and report on its members.

    `recent`: (n,) mask of the photos that arrived lately, None for none. Raises LookupError when the gallery's engine has no
    measured background.
    """
    if recent is None:
        recent = np.zeros(len(gallery.labels), np.bool_)
    held_out = _HeldOutPhotos.of(gallery, repeats, seed)
    confusion = held_out.confusion(len(gallery.members))
    numbers = photo_numbers(gallery.encodings, gallery.version)
    accuracies: list[MemberAccuracy] = []
    for place, (member, counts) in enumerate(zip(gallery.members, confusion, strict=True)):
        mine = np.flatnonzero(gallery.labels == member.id)
        # The first of several copies counts.
        different = np.sort(mine[np.unique(numbers[mine], return_index=True)[1]])
        others = counts[:-1].copy()
        others[place] = 0
        most = int(others.argmax())
        accuracies.append(
            MemberAccuracy(
                member,
                len(mine),
                len(different),
                int(counts.sum()),
                int(counts[place]),
                gallery.members[most] if others[most] else None,
                int(others[most]),
                held_out.missing_look(different[recent[different]], different[~recent[different]]),
            )
        )
    return GalleryReport(tuple(accuracies), confusion, suspected_labels(gallery, seed=seed), gallery.version)
