"""How a roster stands: who is recognised, who is mixed up with whom, who needs photos, which labels look wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from models.cleaning import suspicious
from models.copies import photo_numbers
from models.cross_validation import cross_validate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.cleaning import Suspicion
    from models.gallery import Gallery, Member

REPEATS = 5
"""So many times the photos are dealt into folds anew."""

ENOUGH = 5
"""Different photos a member should have: below, one more gains most (docs/recognition.md, "What it is worth today")."""

WELL_KNOWN = 0.8
"""Share of her or his unseen photos that a member should be named in."""


class Need(StrEnum):
    """Why a member needs photos."""

    FEW = "few"
    """Fewer than `ENOUGH` different ones."""

    UNRELIABLE = "unreliable"
    """Enough, but fewer than `WELL_KNOWN` of the unseen ones are named right."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one member stands.

    `photos`: enrolled; `different`: copies of one photo counted once. `right`: share named right while unseen, over all
    repeats, None where there are no two different photos, so that none could be. `mixed_up`: the other member whose name
    unseen photos get most, None where they get none; `mixed_up_share`: how many get it.
    """

    member: Member
    photos: int
    different: int
    right: float | None
    mixed_up: Member | None
    mixed_up_share: float

    @property
    def need(self) -> Need | None:
        """Why more photos of this member are needed, None where they aren't."""
        if self.different < ENOUGH:
            return Need.FEW
        return Need.UNRELIABLE if self.right is None or self.right < WELL_KNOWN else None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """How a roster stands.

    `members`: in the roster's order. `confusion`: (m, m + 1) int64, how many unseen photos of each member (rows) got each
    name (columns), and none (the last); each photo counts once, as what it was called most often. Photos of members who
    have no other one are left out. `suspicions`: labels that look wrong, strongest first. `version`: the engine's.
    """

    members: tuple[Standing, ...]
    confusion: NDArray[np.int64]
    suspicions: tuple[Suspicion, ...]
    version: str

    @property
    def right(self) -> float | None:
        """Mean of the members' shares of photos named right; None where nobody could be tried."""
        shares = [standing.right for standing in self.members if standing.right is not None]
        return float(np.mean(shares)) if shares else None

    @property
    def needy(self) -> tuple[Standing, ...]:
        """Who needs photos, the fewest first, then the least recognised."""
        needy = (standing for standing in self.members if standing.need is not None)
        return tuple(sorted(needy, key=lambda standing: (min(standing.different, ENOUGH), standing.right or 0.0)))


def report(gallery: Gallery, *, repeats: int = REPEATS, seed: int = 0) -> Report:
    """Ask every photo of a gallery of a recogniser that never saw it, and say how the members stand.

    Raises LookupError when the background of the gallery's engine isn't known.
    """
    members = len(gallery.roster)
    rounds = cross_validate(gallery, repeats=repeats, seed=seed)
    truth = rounds[0].truth
    numbers = photo_numbers(gallery.encodings, gallery.version)
    # How often each photo got each name while its member was known; the last column is for nobody.
    names = np.zeros((len(truth), members + 1), np.int64)
    for answers in rounds:
        photos = np.flatnonzero(answers.known)
        names[photos, np.where(answers.named >= 0, answers.named, members)[photos]] += 1
    asked = names.sum(axis=1) > 0
    confusion = np.zeros((members, members + 1), np.int64)
    np.add.at(confusion, (truth[asked], names[asked].argmax(axis=1)), 1)
    standings: list[Standing] = []
    for place, member in enumerate(gallery.roster):
        mine = truth == place
        counts = names[mine].sum(axis=0)
        total = int(counts.sum())
        others = counts[:members].copy()
        others[place] = 0
        most = int(others.argmax())
        standings.append(
            Standing(
                member,
                int(mine.sum()),
                len(np.unique(numbers[mine])),
                float(counts[place] / total) if total else None,
                gallery.roster[most] if others[most] else None,
                float(others[most] / total) if total else 0.0,
            )
        )
    return Report(tuple(standings), confusion, suspicious(gallery, seed=seed), gallery.version)
