"""Members who look alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.faces import Likeness


@dataclass(frozen=True, slots=True)
class ComparedMember:
    """A compared member. `photos`: their number. `best`: ids of those that show the member best, the best first."""

    name: str
    group: str
    photos: int
    best: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A member who looks like another, with both distances of `models.similarity.twins.Distances` and their meaning."""

    member: ComparedMember
    distance: float
    euclidean: float
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Those nearest to `asked`, the nearest first, among `others` members of so many `groups`."""

    asked: ComparedMember
    nearest: tuple[LookAlike, ...]
    others: int
    groups: int


@dataclass(frozen=True, slots=True)
class GroupTwins:
    """How alike the members of a group are.

    `members` stand beside those they look like; `normalised` and `euclidean` have a row and a column for each. `first` and
    `second` are nearest by the normalised distance; `plainly`: by the Euclidean one, as places in `members`.
    """

    group: str
    members: tuple[ComparedMember, ...]
    normalised: tuple[tuple[float, ...], ...]
    euclidean: tuple[tuple[float, ...], ...]
    first: ComparedMember
    second: LookAlike
    plainly: tuple[int, int]

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.members) * (len(self.members) - 1) // 2

    def nearest_of_each(self) -> list[tuple[ComparedMember, ComparedMember, float]]:
        """Each member with the one nearest to them by the normalised distance, the nearest pair first."""
        found: list[tuple[ComparedMember, ComparedMember, float]] = []
        for place, row in enumerate(self.normalised):
            others = [other for other in range(len(row)) if other != place]
            nearest = min(others, key=lambda other, row=row: row[other])
            found.append((self.members[place], self.members[nearest], row[nearest]))
        return sorted(found, key=lambda one: one[2])


@dataclass(frozen=True, slots=True)
class DrawnTwins:
    """The twins of a group. `pair`, `matrix`: PNGs of the two, and of all distances."""

    found: GroupTwins
    pair: bytes
    matrix: bytes


@dataclass(frozen=True, slots=True)
class DrawnLookAlikes:
    """The look-alikes of a member, and a PNG of them."""

    found: LookAlikes
    picture: bytes
