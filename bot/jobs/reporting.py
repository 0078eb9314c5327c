"""How a group stands, found out in a process of its own: figures, a picture, and labels that look wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.jobs.rosters import gallery_of
from bot.jobs.training import named_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.infra.deadline import Deadline
    from bot.jobs.rosters import RosterRow
    from bot.jobs.training import Named
    from models.learning.report import Report
    from models.recognition.gallery import Gallery


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """How a member stands, as `models.learning.report.Standing` has it; `need`: "few", "unreliable" or None."""

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
    named: Named
    members: tuple[MemberStanding, ...]
    needy: tuple[MemberStanding, ...]
    doubts: tuple[LabelDoubt, ...]
    picture: bytes
    engine: str


def report(until: Deadline, rows: Sequence[RosterRow], engine: str) -> RosterReport:
    """How the group of `rows` stands, found out apart. Raises BrokenOffError."""
    from bot.infra.compute import aside
    from models.learning.isolation import apart
    from models.learning.report import Tally

    aside()
    found, picture = apart(until.left(), draw_report, gallery_of(rows, engine), rows[0].group_name)
    standing = {
        one.member.id: MemberStanding(
            one.member.name,
            one.photos,
            one.different,
            one.asked,
            one.right,
            one.mixed_up.name if one.mixed_up else None,
            one.mixed_up_photos,
            one.need.value if one.need else None,
        )
        for one in found.members
    }
    return RosterReport(
        len(rows),
        named_of(Tally.of(found.confusion)),
        tuple(standing.values()),
        tuple(standing[one.member.id] for one in found.needy),
        tuple(LabelDoubt(rows[doubt.photo].photo, doubt.looks_like) for doubt in found.suspicions),
        picture,
        engine,
    )


def draw_report(gallery: Gallery, group: str) -> tuple[Report, bytes]:
    """The report on a group's gallery, and the picture of it."""
    from models.drawing.charts import report_chart
    from models.learning.report import report as report_on

    found = report_on(gallery)
    return found, report_chart(group, found)
