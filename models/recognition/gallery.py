"""The labelled encodings that recognition learns a roster from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from models.faces import Encodings

UNIT_TOLERANCE = 1e-3

ENOUGH_MEMBERS = 3
ENOUGH_PHOTOS = 12
"""With so many photos, of so many members with at least two each, photos that are held out say something about the others."""


def can_be_tried_out(members: NDArray[np.integer[Any]]) -> bool:
    """Whether a gallery has enough photos for some to be held out; `members`: (n,) whose each is."""
    _, photos = np.unique(members, return_counts=True)
    held = photos[photos > 1]
    return bool(held.size >= ENOUGH_MEMBERS and held.sum() >= ENOUGH_PHOTOS)


@dataclass(frozen=True, slots=True)
class GalleryMember:
    """Somebody who can be named, and the group that she or he is asked for in."""

    id: int
    name: str
    group: int
    group_name: str


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Encodings of members, all by one engine.

    `encodings`: (n, d) float32, rows of unit length. `members`: (n,) int64, whose each is. `roster`: everybody who can be
    named, each id once; a member without an encoding may be among them, and is never named. `version`: the engine's.
    Raises ValueError when these don't fit together.
    """

    encodings: Encodings
    members: NDArray[np.int64]
    roster: tuple[GalleryMember, ...]
    version: str

    def __post_init__(self) -> None:
        if self.encodings.ndim != 2 or self.members.shape != self.encodings.shape[:1]:
            raise ValueError(f"encodings {self.encodings.shape} and members {self.members.shape}, not (n, d) and (n,)")
        lengths = np.linalg.norm(self.encodings, axis=1)
        if not (np.abs(lengths - 1) < UNIT_TOLERANCE).all():
            raise ValueError(f"encodings {self.encodings.shape} with rows that are not of unit length")
        ids = [member.id for member in self.roster]
        if len(set(ids)) != len(ids):
            raise ValueError(f"{len(ids)} members with {len(set(ids))} ids")
        strays = set(self.members.tolist()) - set(ids)
        if strays:
            raise ValueError(f"encodings of {len(strays)} members who are not in the roster of {len(ids)}")

    @classmethod
    def of(cls, rows: Iterable[tuple[GalleryMember, Encodings]], version: str, dimensions: int) -> Gallery:
        """A gallery of rows (member, encodings); a member may come in several rows.

        Encodings are (k, d) or a single (d,), d being `dimensions`. Raises ValueError as the class does, and when one id
        has two names.
        """
        roster: dict[int, GalleryMember] = {}
        parts = [np.empty((0, dimensions), np.float32)]
        members: list[int] = []
        for member, encodings in rows:
            if roster.setdefault(member.id, member) != member:
                raise ValueError(f"member {member.id} is both {roster[member.id]} and {member}")
            part = np.atleast_2d(encodings)
            if part.shape[1] != dimensions:
                raise ValueError(f"encodings {part.shape} of {member.name}, not (k, {dimensions})")
            parts.append(part)
            members += [member.id] * len(part)
        return cls(
            np.concatenate(parts).astype(np.float32, copy=False),
            np.array(members, np.int64),
            tuple(roster.values()),
            version,
        )
