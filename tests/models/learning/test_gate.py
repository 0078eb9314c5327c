"""A better model may answer, a poisoned one may not; and new labels have no say in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.learning.gate import FRESH_MARGIN, Comparison, GateScore, compare
from models.recognition.gallery import Gallery
from tests.support.people import World

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.slow

MEMBERS = 7


def batch(world: World, before: int, after: int) -> tuple[Gallery, NDArray[np.bool_]]:
    """A gallery, and which of its photos, so many a member, are in use already."""
    gallery = world.gallery({1: range(MEMBERS)}, before + after)
    return gallery, np.arange(len(gallery.members)) % (before + after) < before


def every(old: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.ones_like(old)


@pytest.fixture(params=[0, pytest.param(1, marks=pytest.mark.thorough)])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


@pytest.mark.parametrize("before", [1, 3])
def test_right_labels_pass(world: World, before: int) -> None:
    gallery, old = batch(world, before, 2)
    comparison = compare(gallery, old, every(old))
    assert comparison.passes
    assert comparison.probes == MEMBERS * before
    assert comparison.new.right >= comparison.old.right
    assert (comparison.fresh is None) == (before > 1)


@pytest.mark.parametrize("before", [1, 3])
def test_a_batch_that_says_sana_to_every_momo_is_held_back(world: World, before: int) -> None:
    """All new labels agree with each other: they would vouch for themselves."""
    gallery, old = batch(world, before, 3)
    lies = replace(gallery, members=np.where(~old & (gallery.members == 2), 5, gallery.members))
    comparison = compare(lies, old, every(old))
    assert not comparison.passes
    assert 2 in {member.id for member in comparison.fallen}


@pytest.mark.parametrize("before", [1, 3])
def test_a_batch_whose_labels_change_places_is_held_back(world: World, before: int) -> None:
    gallery, old = batch(world, before, 3)
    lies = replace(gallery, members=np.where(old, gallery.members, (gallery.members + 1) % MEMBERS))
    assert not compare(lies, old, every(old)).passes


def test_where_nothing_is_in_use_everything_passes(world: World) -> None:
    gallery, old = batch(world, 1, 2)
    comparison = compare(gallery, np.zeros_like(old), every(old))
    assert comparison == Comparison(0, GateScore(0, 0), GateScore(0, 0))
    assert comparison.passes


def test_a_new_member_is_no_reason_to_hold_a_batch_back(world: World) -> None:
    gallery, _ = batch(world, 3, 0)
    old = gallery.members != 4
    comparison = compare(gallery, old, every(old))
    assert comparison.passes
    assert comparison.probes == 3 * (MEMBERS - 1)


def test_a_label_that_was_put_right_is_no_probe_and_may_pass(world: World) -> None:
    """The photo was accepted as 1 and is now said to be 0: a row of each label, one in each model."""
    gallery, _ = batch(world, 4, 0)
    encodings = np.vstack([gallery.encodings, gallery.encodings[:1]])
    both = replace(gallery, encodings=encodings, members=np.append(gallery.members, 1))
    count = len(both.members)
    old, new = np.arange(count) != 0, np.arange(count) != count - 1
    comparison = compare(both, old, new)
    assert comparison.probes == count - 2
    assert comparison.passes


@pytest.mark.parametrize("shift", [0, 1])
def test_copies_of_a_probe_are_held_out_whatever_they_are_called(world: World, shift: int) -> None:
    """A batch of copies of each member's only photo: without the photo nobody knows the member, the new model neither."""
    gallery, _ = batch(world, 1, 0)
    doubled = replace(
        gallery,
        encodings=np.vstack([gallery.encodings, gallery.encodings]),
        members=np.concatenate([gallery.members, (gallery.members + shift) % MEMBERS]),
    )
    old = np.arange(2 * MEMBERS) < MEMBERS
    comparison = compare(doubled, old, every(old))
    assert comparison.probes == MEMBERS
    assert comparison.old == GateScore(0, 0)
    assert comparison.new.right == 0


def test_losing_a_member_is_noticed(world: World) -> None:
    gallery, _ = batch(world, 4, 0)
    whole = np.ones(len(gallery.members), np.bool_)
    emptied = whole & ((gallery.members != 3) | (np.arange(len(whole)) % 4 == 0))
    comparison = compare(gallery, whole, emptied)
    assert not comparison.passes
    assert 3 in {member.id for member in comparison.fallen}


def test_the_same_model_passes_and_comparisons_are_seeded(world: World) -> None:
    gallery, old = batch(world, 2, 1)
    same = compare(gallery, old, old)
    assert same.passes
    assert same.old == same.new
    assert compare(gallery, old, every(old), seed=5) == compare(gallery, old, every(old), seed=5)


def test_the_rule() -> None:
    good = GateScore(8, 1)
    assert Comparison(10, good, GateScore(7, 1)).passes
    assert not Comparison(10, good, GateScore(6.6, 1)).passes
    assert not Comparison(10, GateScore(0, 2), GateScore(1, 2)).passes
    assert Comparison(10, GateScore(0, 2), GateScore(2, 2), fresh=FRESH_MARGIN).passes
    assert not Comparison(10, GateScore(0, 2), GateScore(2, 2), fresh=FRESH_MARGIN - 0.1).passes


@pytest.mark.parametrize("photos", [0, 1, 2])
def test_tiny_galleries_are_compared(world: World, photos: int) -> None:
    gallery = world.gallery({1: range(1)}, photos)
    all_of_them = np.ones(photos, np.bool_)
    comparison = compare(gallery, all_of_them, all_of_them)
    assert comparison.passes
    assert comparison.probes == photos
