"""The gallery: labelled encodings to fit a recogniser to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings

UNIT_TOLERANCE = 1e-3
"""How far the length of an encoding may be from 1."""

ENOUGH_MEMBERS = 3
ENOUGH_PHOTOS = 12
"""The smallest gallery with a useful hold-out: photos in all, and members, of members with two photos at least."""


def can_hold_out(members: NDArray[np.integer[Any]]) -> bool:
    """Whether a gallery has photos enough to hold some out. `members`: (n,) the member of each photo."""
    _, photos = np.unique(members, return_counts=True)
    held = photos[photos > 1]
    return bool(held.size >= ENOUGH_MEMBERS and held.sum() >= ENOUGH_PHOTOS)


@dataclass(frozen=True, slots=True)
class GalleryMember:
    """A person whom a recogniser can name, with the group. `id`, `group`: ids of the database."""

    id: int
    name: str
    group: int
    group_name: str


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Encodings of members, all by one engine.

    `encodings`: (n, d) float32, rows of unit length. `labels`: (n,) int64, the member's id of each row. `members`: all members,
    each id once; a member without an encoding never gets a face. `version`: of the engine. Raises ValueError for shapes that
    don't fit together, rows that aren't of unit length, ids that occur twice, and labels of no member.
    """

    encodings: Encodings
    labels: NDArray[np.int64]
    members: tuple[GalleryMember, ...]
    version: str

    def __post_init__(self) -> None:
        if self.encodings.ndim != 2 or self.labels.shape != self.encodings.shape[:1]:
            raise ValueError(f"encodings {self.encodings.shape} and labels {self.labels.shape}, not (n, d) and (n,)")
        lengths = np.linalg.norm(self.encodings, axis=1)
        if not (np.abs(lengths - 1) < UNIT_TOLERANCE).all():
            raise ValueError(f"encodings {self.encodings.shape} with rows that are not of unit length")
        ids = [member.id for member in self.members]
        if len(set(ids)) != len(ids):
            raise ValueError(f"{len(ids)} members with {len(set(ids))} ids")
        strays = set(self.labels.tolist()) - set(ids)
        if strays:
            raise ValueError(f"labels of {len(strays)} members who are not among the {len(ids)}")

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[GalleryMember, Encodings]], version: str, dimensions: int) -> Gallery:
        """A gallery of `rows` (member, encodings); a member may have several rows.

        Encodings are (k, d) or a single (d,), where d is `dimensions`. Raises ValueError as the class does, and for an id with
        two names.
        """
        members: dict[int, GalleryMember] = {}
        parts = [np.empty((0, dimensions), np.float32)]
        labels: list[int] = []
        for member, encodings in rows:
            if members.setdefault(member.id, member) != member:
                raise ValueError(f"member {member.id} is both {members[member.id]} and {member}")
            part = np.atleast_2d(encodings)
            if part.shape[1] != dimensions:
                raise ValueError(f"encodings {part.shape} of {member.name}, not (k, {dimensions})")
            parts.append(part)
            labels += [member.id] * len(part)
        return cls(
            np.concatenate(parts).astype(np.float32, copy=False),
            np.array(labels, np.int64),
            tuple(members.values()),
            version,
        )

    def subset(self, photos: NDArray[np.bool_] | Sequence[int]) -> Gallery:
        """The gallery of some photos, by a mask (n,) or by indices. All members stay."""
        return Gallery(self.encodings[photos], self.labels[photos], self.members, self.version)

    def with_encodings(self) -> tuple[tuple[GalleryMember, ...], NDArray[np.intp]]:
        """The members with an encoding, in their order; and (n,) the index of each row's member among them."""
        members = tuple(member for member in self.members if (self.labels == member.id).any())
        place = {member.id: i for i, member in enumerate(members)}
        return members, np.array([place[label] for label in self.labels.tolist()], np.intp)
