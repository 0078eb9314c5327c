"""A group's report on a terminal."""

from __future__ import annotations

from bot.commands.models import report_lines
from bot.domain.models import LeaveOneOutCounts
from bot.domain.reports import MemberReport, MissingLook, ReportFigures
from bot.usecases.models import GroupReport


def test_a_missing_look_has_a_line() -> None:
    looks = {"Mina": MissingLook(0.58, 0.97, (12, 15)), "Momo": None, "Sana": MissingLook(0.25, 1.0, (9,))}
    members = tuple(MemberReport(name, 5, 5, 5, 5, None, 0, None, look) for name, look in looks.items())
    found = ReportFigures(15, LeaveOneOutCounts(15, 15, 0), members, (), (), b"", "dlib-1")
    assert report_lines(GroupReport(1, "TWICE", found, (), ())) == [
        "Mina: 5 photos, 5 of 5 right",
        "Momo: 5 photos, 5 of 5 right",
        "Sana: 5 photos, 5 of 5 right",
        "recent photos of Sana are recognised at 25%, older ones at 100%; add some of the look of photo 9",
        "recent photos of Mina are recognised at 58%, older ones at 97%; add some of the look of photo 15",
    ]
