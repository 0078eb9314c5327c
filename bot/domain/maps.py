"""A map of a group's faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.faces import Projection


@dataclass(frozen=True, slots=True)
class MapPlace:
    """Where a member's photos lie, as `maps.Place` has it: apart from everybody's, or overlapping with somebody's."""

    name: str
    photos: int
    apart: bool
    overlaps: str | None


@dataclass(frozen=True, slots=True)
class MapOutlier:
    """A photo that looks unlike the others of its member: by its id, whose it is, and whom it looks like, None for nobody."""

    photo: int
    name: str
    looks_like: str | None


@dataclass(frozen=True, slots=True)
class GroupMap:
    """A map of a group: `photos` of the `of` that it has, and a PNG. `kept`: the share of all variance, for PCA alone."""

    group: str
    projection: Projection
    photos: int
    of: int
    places: tuple[MapPlace, ...]
    outliers: tuple[MapOutlier, ...]
    kept: float | None
    picture: bytes
    engine: str
