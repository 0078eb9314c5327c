"""The figures of the report on a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.models import LeaveOneOutCounts


@dataclass(frozen=True, slots=True)
class MemberReport:
    """A member in the report; see `models.learning.report.MemberAccuracy`. `need`: "few", "unreliable" or None."""

    name: str
    photos: int
    different: int
    asked: int
    right: int
    mixed_up: str | None
    mixed_up_photos: int
    need: str | None


@dataclass(frozen=True, slots=True)
class SuspectedPhoto:
    """A photo with a suspected label. `looks_like`: the id of the member that it looks like, None for nobody."""

    photo: int
    looks_like: int | None


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """The figures of the report on a group.

    `named`: the leave-one-out counts. `members_needing_photos`: the members who need photos, the most urgent first.
    `suspected`: the strongest first. `picture`: a PNG. `engine`: the engine's version.
    """

    photos: int
    named: LeaveOneOutCounts
    members: tuple[MemberReport, ...]
    members_needing_photos: tuple[MemberReport, ...]
    suspected: tuple[SuspectedPhoto, ...]
    picture: bytes
    engine: str
