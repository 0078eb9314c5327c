"""The report of a gallery: accuracy by member, confusions, members who need photos, suspected labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

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


class PhotoNeed(StrEnum):
    """Why a member needs photos."""

    FEW = "few"
    """Fewer than `ENOUGH` different ones."""

    UNRELIABLE = "unreliable"
    """Enough photos, but less than `ENOUGH_RIGHT` of the held-out ones get the right name."""


@dataclass(frozen=True, slots=True)
class MemberAccuracy:
    """The accuracy of one member.

    `photos`: enrolled. `different`: without copies. `asked`: held-out photos with an answer, 0 without two different photos.
    `right`: those with the right name. `confused_with`: the other member whose name most photos got, None for none.
    `confused_photos`: the number of those photos.
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
        """The share of held-out photos with the right name, None without any."""
        return self.right / self.asked if self.asked else None

    @property
    def need(self) -> PhotoNeed | None:
        """The reason for more photos of this member, None where there are enough."""
        if self.different < ENOUGH:
            return PhotoNeed.FEW
        return PhotoNeed.UNRELIABLE if self.share is None or self.share < ENOUGH_RIGHT else None


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


def confusions(gallery: Gallery, *, repeats: int = REPEATS, seed: int = 0) -> NDArray[np.int64]:
    """The confusion matrix of held-out photos: (m, m + 1) int64, a row a member, a column a name, and the last column for no
    name.

    Each photo counts once, with its most frequent answer over the repeats. Photos of members without another photo are left
    out. Raises LookupError when the gallery's engine has no measured background.
    """
    members = len(gallery.members)
    rounds = cross_validate(gallery, repeats=repeats, seed=seed)
    truth = rounds[0].truth
    # Answers of each photo by name, where its member was known. The last column is for no name.
    names = np.zeros((len(truth), members + 1), np.int64)
    for answers in rounds:
        photos = np.flatnonzero(answers.has_other_photo)
        names[photos, np.where(answers.named >= 0, answers.named, members)[photos]] += 1
    asked = names.sum(axis=1) > 0
    confusion = np.zeros((members, members + 1), np.int64)
    np.add.at(confusion, (truth[asked], names[asked].argmax(axis=1)), 1)
    return confusion


def report(gallery: Gallery, *, repeats: int = REPEATS, seed: int = 0) -> GalleryReport:
    """Cross-validate a gallery and report on its members.

    Raises LookupError when the gallery's engine has no measured background.
    """
    confusion = confusions(gallery, repeats=repeats, seed=seed)
    numbers = photo_numbers(gallery.encodings, gallery.version)
    accuracies: list[MemberAccuracy] = []
    for place, (member, counts) in enumerate(zip(gallery.members, confusion, strict=True)):
        mine = gallery.labels == member.id
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
                gallery.members[most] if others[most] else None,
                int(others[most]),
            )
        )
    return GalleryReport(tuple(accuracies), confusion, suspected_labels(gallery, seed=seed), gallery.version)
