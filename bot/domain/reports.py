"""The figures of the report on a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.models import LeaveOneOutCounts


@dataclass(frozen=True, slots=True)
class MissingLook:
    """A member's recent photos, which are recognised worse than the older ones; see `models.learning.report.LookAccuracy`.

    `recent_share`, `older_share`: of the held-out photos with the right name, in [0, 1]. `missed`: the ids of the recent photos
    without it, at least one, ascending.
    """

    recent_share: float
    older_share: float
    missed: tuple[int, ...]


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
    look: MissingLook | None


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

    @property
    def members_with_missing_looks(self) -> list[tuple[MemberReport, MissingLook]]:
        """The members whose recent photos show a missing look, the least recognised first."""
        found = ((member, member.look) for member in self.members if member.look is not None)
        return sorted(found, key=lambda pair: pair[1].recent_share)
