"""How a roster stands, in figures whose answers are known, and as a picture that can be read."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from models.drawing.charts import report_chart
from models.learning.report import ENOUGH, IdentificationCounts, MemberAccuracy, Need, Report, report
from models.recognition.gallery import Gallery, GalleryMember
from tests.support.people import VERSION, D, World

pytestmark = pytest.mark.slow


@pytest.fixture
def world() -> World:
    return World(5)


def test_members_who_are_apart_stand_well(world: World) -> None:
    told = report(world.gallery({1: range(5)}, 6))
    assert [one.need for one in told.members] == [None] * 5
    assert IdentificationCounts.of(told.confusion) == IdentificationCounts(30, 30, 0)
    assert told.needy == told.suspicions == ()
    assert told.confusion.sum(axis=1).tolist() == [6] * 5
    assert told.version == VERSION


def test_who_has_few_different_photos_needs_some(world: World) -> None:
    """Copies of one photo are one."""
    face = world.photos(0)
    rows = [(GalleryMember(0, "P0", 1, "G"), np.vstack([face] * 7))]
    rows += [
        (GalleryMember(person, f"P{person}", 1, "G"), world.photos(person, 2 * person + 1)) for person in (1, 2, 3)
    ]
    told = report(Gallery.of(rows, VERSION, D))
    assert [(one.photos, one.different, one.need) for one in told.members] == [
        (7, 1, Need.FEW),
        (3, 3, Need.FEW),
        (5, ENOUGH, None),
        (7, 7, None),
    ]
    assert [one.member.id for one in told.needy] == [0, 1]
    assert told.members[0].share is None
    assert told.confusion[0].tolist() == [0] * 5


def test_twins_are_mixed_up_and_need_photos(world: World) -> None:
    gallery = world.gallery({1: range(5)}, 6)
    encodings = gallery.encodings.copy()
    twins = world.photos(30, 12)
    encodings[:12] = twins
    told = report(replace(gallery, encodings=encodings))
    first, second, *others = told.members
    assert (first.confused_with, second.confused_with) == (second.member, first.member)
    assert [first.confused_photos, second.confused_photos] == [told.confusion[0, 1], told.confusion[1, 0]]
    for one, row, place in zip(told.members, told.confusion, range(5), strict=True):
        assert (one.asked, one.right) == (row.sum(), row[place])
    tally = IdentificationCounts.of(told.confusion)
    assert tally.right == sum(one.right for one in told.members)
    assert tally.wrong == first.confused_photos + second.confused_photos
    assert {first.need, second.need} == {Need.UNRELIABLE}
    assert {one.confused_with for one in others} == {None}
    assert told.confusion[0, 1] > 0
    assert told.confusion[:2, 2:5].sum() == 0


def test_a_wrong_label_is_among_the_suspicions(world: World) -> None:
    gallery = world.gallery({1: range(5)}, 6)
    members = gallery.members.copy()
    members[8] = 4
    (suspicion,) = report(replace(gallery, members=members)).suspicions
    assert (suspicion.photo, suspicion.label, suspicion.looks_like) == (8, 4, 1)


def test_a_roster_without_photos_needs_them_all() -> None:
    roster = tuple(GalleryMember(i, f"M{i}", 1, "G") for i in range(3))
    told = report(Gallery(np.empty((0, D), np.float32), np.empty(0, np.int64), roster, VERSION))
    assert [one.need for one in told.members] == [Need.FEW] * 3
    assert IdentificationCounts.of(told.confusion) == IdentificationCounts(0, 0, 0)


def one(name: str, photos: int, right: int | None) -> MemberAccuracy:
    asked = 0 if right is None else photos
    return MemberAccuracy(GalleryMember(hash(name) % 1000, name, 1, "G"), photos, photos, asked, right or 0, None, 0)


def pixels(told: Report, title: str = "누구") -> np.ndarray:
    with Image.open(BytesIO(report_chart(title, told))) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("members", [0, 1, 2, 9, 30])
def test_the_picture_has_a_margin_whatever_the_roster(members: int) -> None:
    """Nothing is cut off at an edge, with long names and without."""
    names = ("하늘", "A very long name, much too long for a label", "\U0001f600", "Ha-eun")
    told = Report(
        tuple(one(names[i % 4] + str(i), 12, 6) for i in range(members)),
        np.full((members, members + 1), 10, np.int64),
        (),
        VERSION,
    )
    drawn = pixels(told, "A long title, " * 30)
    for edge in (drawn[:10], drawn[-10:], drawn[:, :16], drawn[:, -16:]):
        assert (edge == drawn[0, 0]).all()


def test_a_wrong_name_is_seen_among_right_ones() -> None:
    members = tuple(one(f"M{i}", 100, 99) for i in range(9))
    right = np.hstack([np.diag(np.full(9, 100)), np.zeros((9, 1), int)])
    wrong = right.copy()
    wrong[2, 2], wrong[2, 5] = 99, 1
    before, after = (pixels(Report(members, counts, (), VERSION)) for counts in (right, wrong))
    changed = (abs(before - after).sum(axis=2) > 60).sum()
    assert changed > 30 * 30


def test_shares_and_needs_are_told() -> None:
    counts = np.array([[5, 0, 0], [0, 5, 0]], np.int64)
    drawn = [
        pixels(Report((one("A", photos, right), one("B", 10, 10)), counts, (), VERSION))
        for photos, right in ((10, 10), (10, 5), (2, 2), (1, None))
    ]
    assert len({one.tobytes() for one in drawn}) == 4
