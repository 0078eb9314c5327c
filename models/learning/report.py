"""How a roster stands: who is recognised, who is mixed up with whom, who needs photos, which labels look wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from models.encodings.copies import photo_numbers
from models.learning.cleaning import suspicious_labels
from models.learning.cross_validation import cross_validate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.learning.cleaning import SuspiciousLabel
    from models.recognition.gallery import Gallery, GalleryMember

REPEATS = 5
"""So many times the photos are dealt into folds anew."""

ENOUGH = 5
"""Different photos a member should have: below, one more gains most (docs/recognition.md, "What it is worth today")."""

ENOUGH_RIGHT = 0.8
"""Share of her or his unseen photos that a member should be named in."""


class Need(StrEnum):
    """Why a member needs photos."""

    FEW = "few"
    """Fewer than `ENOUGH` different ones."""

    UNRELIABLE = "unreliable"
    """Enough, but fewer than `ENOUGH_RIGHT` of the unseen ones are named right."""


@dataclass(frozen=True, slots=True)
class MemberAccuracy:
    """How one member stands.

    `photos`: enrolled; `different`: copies of one photo counted once. `asked`: how many were asked about unseen, none where
    there are no two different ones; `right`: how many of these got the right name. `confused_with`: the other member whose name
    most of them got, None where none did; `confused_photos`: how many.
    """

    member: GalleryMember
    photos: int
    different: int
    asked: int
    right: int
    confused_with: GalleryMember | None
    confused_photos: int

    @property
    def share(self) -> float | None:
        """The share of unseen photos named right; None where none could be asked about."""
        return self.right / self.asked if self.asked else None

    @property
    def need(self) -> Need | None:
        """Why more photos of this member are needed, None where they aren't."""
        if self.different < ENOUGH:
            return Need.FEW
        return Need.UNRELIABLE if self.share is None or self.share < ENOUGH_RIGHT else None


@dataclass(frozen=True, slots=True)
class IdentificationCounts:
    """Of so many photos, asked about unseen, how many got their member's name, and how many another's."""

    asked: int
    right: int
    wrong: int

    @classmethod
    def of(cls, confusion: NDArray[np.int64]) -> IdentificationCounts:
        """What a matrix of `confusions` adds up to."""
        asked, right = int(confusion.sum()), int(np.trace(confusion))
        return cls(asked, right, asked - right - int(confusion[:, -1].sum()))


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """How a roster stands.

    `members`: in the roster's order. `confusion`: see `confusions`. `suspicions`: labels that look wrong, strongest first.
    `version`: the engine's.
    """

    members: tuple[MemberAccuracy, ...]
    confusion: NDArray[np.int64]
    suspicions: tuple[SuspiciousLabel, ...]
    version: str

    @property
    def needy(self) -> tuple[MemberAccuracy, ...]:
        """Who needs photos, the fewest first, then the least recognised."""
        needy = (one for one in self.members if one.need is not None)
        return tuple(sorted(needy, key=lambda one: (min(one.different, ENOUGH), one.share or 0.0)))


def confusions(gallery: Gallery, *, repeats: int = REPEATS, seed: int = 0) -> NDArray[np.int64]:
    """How many photos of each member (rows) got each name (columns) unseen, and none (the last): (m, m + 1) int64.

    Each photo counts once, as what it was called most often. Photos of members who have no other one are left out.
    Raises LookupError when the background of the gallery's engine isn't known.
    """
    members = len(gallery.roster)
    rounds = cross_validate(gallery, repeats=repeats, seed=seed)
    truth = rounds[0].truth
    # How often each photo got each name while its member was known; the last column is for nobody.
    names = np.zeros((len(truth), members + 1), np.int64)
    for answers in rounds:
        photos = np.flatnonzero(answers.known)
        names[photos, np.where(answers.named >= 0, answers.named, members)[photos]] += 1
    asked = names.sum(axis=1) > 0
    confusion = np.zeros((members, members + 1), np.int64)
    np.add.at(confusion, (truth[asked], names[asked].argmax(axis=1)), 1)
    return confusion


def report(gallery: Gallery, *, repeats: int = REPEATS, seed: int = 0) -> Report:
    """Ask every photo of a gallery of a recogniser that never saw it, and say how the members stand.

    Raises LookupError when the background of the gallery's engine isn't known.
    """
    confusion = confusions(gallery, repeats=repeats, seed=seed)
    numbers = photo_numbers(gallery.encodings, gallery.version)
    accuracies: list[MemberAccuracy] = []
    for place, (member, counts) in enumerate(zip(gallery.roster, confusion, strict=True)):
        mine = gallery.members == member.id
        others = counts[:-1].copy()
        others[place] = 0
        most = int(others.argmax())
        accuracies.append(
            MemberAccuracy(
                member,
                int(mine.sum()),
                len(np.unique(numbers[mine])),
                int(counts.sum()),
                int(counts[place]),
                gallery.roster[most] if others[most] else None,
                int(others[most]),
            )
        )
    return Report(tuple(accuracies), confusion, suspicious_labels(gallery, seed=seed), gallery.version)
