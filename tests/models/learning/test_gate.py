"""The gate accepts better models and refuses those with wrong labels; new labels are no probes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.learning.gate import FRESH_MARGIN, GateComparison, GateScore, compare
from models.recognition.gallery import Gallery
from tests.support.people import SyntheticPeople

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.slow

MEMBERS = 7


def batch(world: SyntheticPeople, before: int, after: int) -> tuple[Gallery, NDArray[np.bool_]]:
    """A gallery with `before` + `after` photos a member, and the mask of those in use."""
    gallery = world.gallery({1: range(MEMBERS)}, before + after)
    return gallery, np.arange(len(gallery.labels)) % (before + after) < before


def every(old: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.ones_like(old)


@pytest.fixture(params=[0, pytest.param(1, marks=pytest.mark.thorough)])
def world(request: pytest.FixtureRequest) -> SyntheticPeople:
    return SyntheticPeople(request.param)


@pytest.mark.parametrize("before", [1, 3])
def test_right_labels_pass(world: SyntheticPeople, before: int) -> None:
    gallery, old = batch(world, before, 2)
    comparison = compare(gallery, old, every(old))
    assert comparison.passes
    assert comparison.probes == MEMBERS * before
    assert comparison.new.right >= comparison.old.right
    assert (comparison.fresh is None) == (before > 1)


@pytest.mark.parametrize("before", [1, 3])
def test_a_batch_with_one_members_labels_replaced_is_refused(world: SyntheticPeople, before: int) -> None:
    """All new labels agree, so they would confirm each other as probes."""
    gallery, old = batch(world, before, 3)
    lies = replace(gallery, labels=np.where(~old & (gallery.labels == 2), 5, gallery.labels))
    comparison = compare(lies, old, every(old))
    assert not comparison.passes
    assert 2 in {member.id for member in comparison.fallen}


@pytest.mark.parametrize("before", [1, 3])
def test_a_batch_with_shuffled_labels_is_refused(world: SyntheticPeople, before: int) -> None:
    gallery, old = batch(world, before, 3)
    lies = replace(gallery, labels=np.where(old, gallery.labels, (gallery.labels + 1) % MEMBERS))
    assert not compare(lies, old, every(old)).passes


def test_the_first_model_passes(world: SyntheticPeople) -> None:
    gallery, old = batch(world, 1, 2)
    comparison = compare(gallery, np.zeros_like(old), every(old))
    assert comparison == GateComparison(0, GateScore(0, 0), GateScore(0, 0))
    assert comparison.passes


def test_a_batch_with_a_new_member_passes(world: SyntheticPeople) -> None:
    gallery, _ = batch(world, 3, 0)
    old = gallery.labels != 4
    comparison = compare(gallery, old, every(old))
    assert comparison.passes
    assert comparison.probes == 3 * (MEMBERS - 1)


def test_a_corrected_label_is_no_probe(world: SyntheticPeople) -> None:
    """A photo with the label 1 in the old model and 0 in the new one has a row in each."""
    gallery, _ = batch(world, 4, 0)
    encodings = np.vstack([gallery.encodings, gallery.encodings[:1]])
    both = replace(gallery, encodings=encodings, labels=np.append(gallery.labels, 1))
    count = len(both.labels)
    old, new = np.arange(count) != 0, np.arange(count) != count - 1
    comparison = compare(both, old, new)
    assert comparison.probes == count - 2
    assert comparison.passes


@pytest.mark.parametrize("shift", [0, 1])
def test_copies_of_a_probe_are_held_out_under_any_label(world: SyntheticPeople, shift: int) -> None:
    """The batch has a copy of each member's only photo. Without the photo and its copies neither model knows the member."""
    gallery, _ = batch(world, 1, 0)
    doubled = replace(
        gallery,
        encodings=np.vstack([gallery.encodings, gallery.encodings]),
        labels=np.concatenate([gallery.labels, (gallery.labels + shift) % MEMBERS]),
    )
    old = np.arange(2 * MEMBERS) < MEMBERS
    comparison = compare(doubled, old, every(old))
    assert comparison.probes == MEMBERS
    assert comparison.old == GateScore(0, 0)
    assert comparison.new.right == 0


def test_a_model_without_a_member_is_refused(world: SyntheticPeople) -> None:
    gallery, _ = batch(world, 4, 0)
    whole = np.ones(len(gallery.labels), np.bool_)
    emptied = whole & ((gallery.labels != 3) | (np.arange(len(whole)) % 4 == 0))
    comparison = compare(gallery, whole, emptied)
    assert not comparison.passes
    assert 3 in {member.id for member in comparison.fallen}


def test_the_same_model_passes_and_comparisons_are_seeded(world: SyntheticPeople) -> None:
    gallery, old = batch(world, 2, 1)
    same = compare(gallery, old, old)
    assert same.passes
    assert same.old == same.new
    assert compare(gallery, old, every(old), seed=5) == compare(gallery, old, every(old), seed=5)


def test_the_rule() -> None:
    good = GateScore(8, 1)
    assert GateComparison(10, good, GateScore(7, 1)).passes
    assert not GateComparison(10, good, GateScore(6.6, 1)).passes
    assert not GateComparison(10, GateScore(0, 2), GateScore(1, 2)).passes
    assert GateComparison(10, GateScore(0, 2), GateScore(2, 2), fresh=FRESH_MARGIN).passes
    assert not GateComparison(10, GateScore(0, 2), GateScore(2, 2), fresh=FRESH_MARGIN - 0.1).passes


@pytest.mark.parametrize("photos", [0, 1, 2])
def test_tiny_galleries_are_compared(world: SyntheticPeople, photos: int) -> None:
    gallery = world.gallery({1: range(1)}, photos)
    all_of_them = np.ones(photos, np.bool_)
    comparison = compare(gallery, all_of_them, all_of_them)
    assert comparison.passes
    assert comparison.probes == photos
