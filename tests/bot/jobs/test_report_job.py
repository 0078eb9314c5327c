"""The report of a group, as a worker makes it."""

from __future__ import annotations

from bot import jobs
from bot.domain.rosters import EnrolledEncoding
from bot.infra.compute import Compute
from tests.conftest import LONG_ENOUGH
from tests.support.people import VERSION, SyntheticPeople


async def test_a_missing_look_names_its_photos(compute: Compute) -> None:
    gallery, recent = SyntheticPeople(5).gallery_with_new_look(4)
    names = {member.id: member.name for member in gallery.members}
    rows = [
        EnrolledEncoding(100 + number, label, names[label], 1, "G", vector.tobytes())
        for number, (label, vector) in enumerate(zip(gallery.labels.tolist(), gallery.encodings, strict=True))
    ]
    lately = {row.photo for row, new in zip(rows, recent, strict=True) if new}
    found = await compute.run_isolated(LONG_ENOUGH, jobs.report_on_group, rows, lately, VERSION)
    ((member, look),) = found.members_with_missing_looks
    assert (member.name, look.older_share) == ("P0", 1)
    assert look.recent_share == 1 - len(look.missed) / 4
    assert set(look.missed) <= lately
