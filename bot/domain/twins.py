"""Members who look alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.faces import SimilarityLevel


@dataclass(frozen=True, slots=True)
class ComparedMember:
    """A member in a comparison. `photos`: the number of photos. `best`: the ids of the best photos, the best one first."""

    name: str
    group: str
    photos: int
    best: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A member who looks like another, with both distances of `models.similarity.twins.MemberDistances` and their meaning."""

    member: ComparedMember
    distance: float
    euclidean: float
    likeness: SimilarityLevel


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """The look-alikes of the member `asked`.

    `nearest`: the nearest member first. `others`: the number of members that were compared. `groups`: the number of their
    groups.
    """

    asked: ComparedMember
    nearest: tuple[LookAlike, ...]
    others: int
    groups: int


@dataclass(frozen=True, slots=True)
class GroupTwins:
    """The distances of the members of a group, and the two who look most alike.

    `members`: in an order with look-alikes side by side. `normalised`, `euclidean`: distances, with a row and a column for
    each member. `first`, `second`: the nearest two by the normalised distance. `nearest_euclidean`: the nearest two by the
    Euclidean distance, as positions in `members`.
    """

    group: str
    members: tuple[ComparedMember, ...]
    normalised: tuple[tuple[float, ...], ...]
    euclidean: tuple[tuple[float, ...], ...]
    first: ComparedMember
    second: LookAlike
    nearest_euclidean: tuple[int, int]

    @property
    def pairs(self) -> int:
        """The number of pairs of members."""
        return len(self.members) * (len(self.members) - 1) // 2

    def nearest_of_each(self) -> list[tuple[ComparedMember, ComparedMember, float]]:
        """(member, nearest other member, normalised distance) for each member, the nearest pair first."""
        pairs: list[tuple[ComparedMember, ComparedMember, float]] = []
        for place, row in enumerate(self.normalised):
            others = [other for other in range(len(row)) if other != place]
            nearest = min(others, key=lambda other, row=row: row[other])
            pairs.append((self.members[place], self.members[nearest], row[nearest]))
        return sorted(pairs, key=lambda pair: pair[2])


@dataclass(frozen=True, slots=True)
class DrawnTwins:
    """The twins of a group, with pictures. `pair`: a PNG of the two. `matrix`: a PNG of all distances."""

    found: GroupTwins
    pair: bytes
    matrix: bytes


@dataclass(frozen=True, slots=True)
class DrawnLookAlikes:
    """The look-alikes of a member, and a PNG of them."""

    found: LookAlikes
    picture: bytes
