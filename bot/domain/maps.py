"""A map of a group's faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.faces import ProjectionMethod


@dataclass(frozen=True, slots=True)
class MapPlace:
    """The place of a member's photos on a map.

    `is_separate`: they overlap with no other member's. `overlaps`: the name of the member whose photos overlap with them most.
    """

    name: str
    photos: int
    is_separate: bool
    overlaps: str | None


@dataclass(frozen=True, slots=True)
class MapOutlier:
    """A photo that is unlike the others of its member.

    `photo`: its id. `name`: the member's name. `looks_like`: the name of the member that it looks like, None for nobody.
    """

    photo: int
    name: str
    looks_like: str | None


@dataclass(frozen=True, slots=True)
class GroupMap:
    """A map of a group.

    `photos`: the number of photos on it. `total_photos`: the number of the group's photos. `explained_variance`: the share of
    the variance that it shows, None unless the projection is PCA. `picture`: a PNG. `engine`: the engine's version.
    """

    group: str
    projection: ProjectionMethod
    photos: int
    total_photos: int
    places: tuple[MapPlace, ...]
    outliers: tuple[MapOutlier, ...]
    explained_variance: float | None
    picture: bytes
    engine: str
