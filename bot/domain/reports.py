"""The report on a roster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.models import LeaveOneOutCounts


@dataclass(frozen=True, slots=True)
class MemberReport:
    """How a member stands, as `models.learning.report.MemberAccuracy` has it; `need`: "few", "unreliable" or None."""

    name: str
    photos: int
    different: int
    asked: int
    right: int
    mixed_up: str | None
    mixed_up_photos: int
    need: str | None


@dataclass(frozen=True, slots=True)
class LabelDoubt:
    """A photo whose label looks wrong. `looks_like`: the id of another member, None where it looks like nobody."""

    photo: int
    looks_like: int | None


@dataclass(frozen=True, slots=True)
class RosterReport:
    """How a group stands. `named`: what the photos are named unseen; `needy`: who needs photos, most first;
    `doubts`: the strongest first; `picture`: a PNG.
    """

    photos: int
    named: LeaveOneOutCounts
    members: tuple[MemberReport, ...]
    needy: tuple[MemberReport, ...]
    doubts: tuple[LabelDoubt, ...]
    picture: bytes
    engine: str
