"""The report of rosters with known figures, and its chart."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from models.drawing.charts import report_chart
from models.learning.report import (
    ENOUGH,
    ENOUGH_RIGHT,
    GalleryReport,
    IdentificationCounts,
    MemberAccuracy,
    PhotoNeed,
    report,
)
from models.recognition.gallery import Gallery, GalleryMember
from tests.support.people import VERSION, D, SyntheticPeople

pytestmark = pytest.mark.slow


@pytest.fixture
def world() -> SyntheticPeople:
    return SyntheticPeople(5)


def test_distinct_members_need_nothing(world: SyntheticPeople) -> None:
    found = report(world.gallery({1: range(5)}, 6))
    assert [member.need for member in found.members] == [None] * 5
    assert IdentificationCounts.from_confusion(found.confusion) == IdentificationCounts(30, 30, 0)
    assert found.members_needing_photos == found.suspected == ()
    assert found.confusion.sum(axis=1).tolist() == [6] * 5
    assert found.version == VERSION


def test_members_with_few_different_photos_need_more(world: SyntheticPeople) -> None:
    """Copies of one photo count once."""
    face = world.photos(0)
    rows = [(GalleryMember(0, "P0", 1, "G"), np.vstack([face] * 7))]
    rows += [
        (GalleryMember(person, f"P{person}", 1, "G"), world.photos(person, 2 * person + 1)) for person in (1, 2, 3)
    ]
    found = report(Gallery.from_rows(rows, VERSION, D))
    assert [(member.photos, member.different, member.need) for member in found.members] == [
        (7, 1, PhotoNeed.FEW),
        (3, 3, PhotoNeed.FEW),
        (5, ENOUGH, None),
        (7, 7, None),
    ]
    assert [accuracy.member.id for accuracy in found.members_needing_photos] == [0, 1]
    assert found.members[0].share is None
    assert found.confusion[0].tolist() == [0] * 5


def test_twins_are_mixed_up_and_need_photos(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(5)}, 6)
    encodings = gallery.encodings.copy()
    twins = world.photos(30, 12)
    encodings[:12] = twins
    found = report(replace(gallery, encodings=encodings))
    first, second, *others = found.members
    assert (first.confused_with, second.confused_with) == (second.member, first.member)
    assert [first.confused_photos, second.confused_photos] == [found.confusion[0, 1], found.confusion[1, 0]]
    for member, row, place in zip(found.members, found.confusion, range(5), strict=True):
        assert (member.asked, member.right) == (row.sum(), row[place])
    counts = IdentificationCounts.from_confusion(found.confusion)
    assert counts.right == sum(member.right for member in found.members)
    assert counts.wrong == first.confused_photos + second.confused_photos
    assert {first.need, second.need} == {PhotoNeed.UNRELIABLE}
    assert {other.confused_with for other in others} == {None}
    assert found.confusion[0, 1] > 0
    assert found.confusion[:2, 2:5].sum() == 0


def test_a_wrong_label_is_among_the_suspected(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(5)}, 6)
    labels = gallery.labels.copy()
    labels[8] = 4
    (label,) = report(replace(gallery, labels=labels)).suspected
    assert (label.photo, label.label, label.looks_like) == (8, 4, 1)


def test_a_new_look_of_few_photos_is_missing(world: SyntheticPeople) -> None:
    gallery, recent = world.gallery_with_new_look(4)
    first, *others = report(gallery, recent).members
    look = first.look
    assert look is not None
    assert (look.recent, look.older, look.older_share) == (4, 8, 1)
    assert look.recent_share < ENOUGH_RIGHT
    assert len(look.missed) == look.recent - look.recent_right
    assert recent[list(look.missed)].all()
    assert first.right == look.recent_right + look.older_right
    unreliable = replace(first, right=first.asked // 2)
    assert unreliable.need is None, "the look is asked for, not any photos"
    assert replace(unreliable, look=None).need is PhotoNeed.UNRELIABLE
    assert [member.look for member in others] == [None] * 4
    assert [member.look for member in report(gallery).members] == [None] * 5, "no dates, no look"


def test_more_photos_of_a_look_teach_it(world: SyntheticPeople) -> None:
    gallery, recent = world.gallery_with_new_look(24)
    assert [member.look for member in report(gallery, recent).members] == [None] * 5


def test_a_look_needs_three_different_recent_photos_and_older_ones(world: SyntheticPeople) -> None:
    gallery, recent = world.gallery_with_new_look(3)
    photos = np.flatnonzero(recent)
    assert report(gallery, recent).members[0].look is not None
    copied = gallery.encodings.copy()
    copied[photos[2]] = copied[photos[1]]
    assert report(replace(gallery, encodings=copied), recent).members[0].look is None
    assert report(gallery, recent | (gallery.labels == 0)).members[0].look is None


def test_random_dates_make_no_look(world: SyntheticPeople) -> None:
    """The photos that are not recognised are as often old ones as recent ones."""
    gallery, _ = world.gallery_with_new_look(4)
    found = [report(gallery, world.chance.random(len(gallery.labels)) < 0.4, repeats=1).members[0] for _ in range(12)]
    assert found[0].right < found[0].asked
    assert sum(member.look is not None for member in found) <= 2


def test_a_roster_without_photos_needs_them_all() -> None:
    members = tuple(GalleryMember(i, f"M{i}", 1, "G") for i in range(3))
    found = report(Gallery(np.empty((0, D), np.float32), np.empty(0, np.int64), members, VERSION))
    assert [member.need for member in found.members] == [PhotoNeed.FEW] * 3
    assert IdentificationCounts.from_confusion(found.confusion) == IdentificationCounts(0, 0, 0)


def accuracy(name: str, photos: int, right: int | None) -> MemberAccuracy:
    asked = 0 if right is None else photos
    return MemberAccuracy(GalleryMember(hash(name) % 1000, name, 1, "G"), photos, photos, asked, right or 0, None, 0)


def pixels(found: GalleryReport, title: str = "누구") -> np.ndarray:
    with Image.open(BytesIO(report_chart(title, found))) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("members", [0, 1, 2, 9, 30])
def test_the_picture_has_a_margin_whatever_the_roster(members: int) -> None:
    """No text reaches an edge, with long names and without."""
    names = ("하늘", "A very long name, much too long for a label", "\U0001f600", "Ha-eun")
    found = GalleryReport(
        tuple(accuracy(names[i % 4] + str(i), 12, 6) for i in range(members)),
        np.full((members, members + 1), 10, np.int64),
        (),
        VERSION,
    )
    drawn = pixels(found, "A long title, " * 30)
    for edge in (drawn[:10], drawn[-10:], drawn[:, :16], drawn[:, -16:]):
        assert (edge == drawn[0, 0]).all()


def test_a_wrong_name_is_visible_among_right_ones() -> None:
    members = tuple(accuracy(f"M{i}", 100, 99) for i in range(9))
    right = np.hstack([np.diag(np.full(9, 100)), np.zeros((9, 1), int)])
    wrong = right.copy()
    wrong[2, 2], wrong[2, 5] = 99, 1
    before, after = (pixels(GalleryReport(members, counts, (), VERSION)) for counts in (right, wrong))
    changed = (abs(before - after).sum(axis=2) > 60).sum()
    assert changed > 30 * 30


def test_shares_and_needs_are_drawn() -> None:
    counts = np.array([[5, 0, 0], [0, 5, 0]], np.int64)
    drawn = [
        pixels(GalleryReport((accuracy("A", photos, right), accuracy("B", 10, 10)), counts, (), VERSION))
        for photos, right in ((10, 10), (10, 5), (2, 2), (1, None))
    ]
    assert len({picture.tobytes() for picture in drawn}) == 4
