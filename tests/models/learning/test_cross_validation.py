"""No recogniser identifies a photo that it was fitted to, or a copy of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from models.learning import cross_validation
from models.learning.cross_validation import assign_folds, cross_validate
from models.recognition.gallery import Gallery, GalleryMember
from models.recognition.recogniser import Recogniser, fit
from tests.support.people import VERSION, D, SyntheticPeople


@pytest.fixture
def world() -> SyntheticPeople:
    return SyntheticPeople(2)


def copied(world: SyntheticPeople, gallery: Gallery, photo: int) -> Gallery:
    """The gallery with a slightly different copy of one photo as its last one."""
    copy = gallery.encodings[photo] + world.chance.normal(scale=0.002, size=D).astype(np.float32)
    return replace(
        gallery,
        encodings=np.vstack([gallery.encodings, copy / np.linalg.norm(copy)]),
        labels=np.append(gallery.labels, gallery.labels[photo]),
    )


def test_no_photo_is_fitted_and_identified(world: SyntheticPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = copied(world, world.gallery({1: range(4)}, 4), 0)
    asked = 0

    def watched(learned: Gallery) -> Recogniser:
        nonlocal asked
        unseen: NDArray[np.bool_] = ~np.any(gallery.encodings @ learned.encodings.T > 0.9999, axis=1)
        asked += int(unseen.sum())
        assert unseen[0] == unseen[-1]
        return fit(learned)

    monkeypatch.setattr(cross_validation, "fit", watched)
    cross_validate(gallery, repeats=3)
    assert asked == 3 * len(gallery.labels)


def test_distinct_people_are_recognised(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(5), 2: range(5, 8)}, 4)
    (answers,) = cross_validate(gallery)
    assert answers.truth.tolist() == [place for place in range(8) for _ in range(4)]
    assert answers.has_other_photo.all()
    assert (answers.likeliest == answers.truth).all()
    assert (answers.own_log_odds > answers.rival_log_odds).all()
    assert answers.right.mean() > 0.9
    assert not answers.wrong.any()
    group = np.array([member.group for member in gallery.members])
    assert (group[answers.rival] == group[answers.truth]).all()


def test_names_are_those_of_the_recogniser(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(4), 2: range(4, 7)}, 3)
    blends = gallery.encodings + 0.8 * np.roll(gallery.encodings, 7, axis=0)
    gallery = replace(gallery, encodings=blends / np.linalg.norm(blends, axis=1, keepdims=True))
    learned = np.arange(len(gallery.labels)) % 3 > 0
    asked = np.flatnonzero(~learned)
    answers = cross_validation.identify_held_out(gallery, learned, asked)
    recogniser = fit(gallery.subset(learned))
    for photo, named in zip(asked, answers.named, strict=True):
        group = gallery.members[int(gallery.labels[photo])].group
        (guess,) = recogniser.identify(gallery.encodings[photo][None], group=group).guesses
        assert (None if named < 0 else gallery.members[named].id) == guess.member
    assert {-1} < set(answers.named.tolist())


def test_a_single_photo_has_no_answer(world: SyntheticPeople) -> None:
    gallery = Gallery.from_rows(
        [
            (GalleryMember(person, f"P{person}", 1, "G"), world.photos(person, count))
            for person, count in ((0, 1), (1, 3))
        ],
        VERSION,
        D,
    )
    for answers in cross_validate(gallery, repeats=3):
        assert answers.has_other_photo.tolist() == [False, True, True, True]
        assert answers.own_log_odds[0] == -np.inf
        assert answers.likeliest[0] == answers.rival[0] == 1
        assert not answers.right[0]


@pytest.mark.parametrize("photos", [0, 1, 2])
def test_tiny_galleries(world: SyntheticPeople, photos: int) -> None:
    member = GalleryMember(0, "P0", 1, "G")
    gallery = Gallery(world.photos(0, photos), np.zeros(photos, np.int64), (member,), VERSION)
    (answers,) = cross_validate(gallery)
    assert len(answers.truth) == photos
    assert answers.rival.tolist() == [-1] * photos
    assert answers.has_other_photo.tolist() == [photos == 2] * photos


def test_folds_are_even_and_depend_on_the_seed() -> None:
    members = np.repeat(np.arange(5), 6)
    numbers = np.arange(30)
    numbers[[0, 1]] = numbers[[6, 7]] = numbers[0]
    deals = [assign_folds(numbers, members, 5, np.random.default_rng(seed)) for seed in range(20)]
    for fold in deals:
        assert len({*fold[[0, 1, 6, 7]].tolist()}) == 1
        for member in range(2, 5):
            assert np.bincount(fold[members == member], minlength=5).max() <= 2
        assert np.bincount(fold, minlength=5).min() >= 5
    assert len({fold.tobytes() for fold in deals}) == 20
    again = assign_folds(numbers, members, 5, np.random.default_rng(3))
    assert np.array_equal(again, deals[3])


def test_photos_outside_the_fit_get_answers(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(3)}, 3)
    (answers,) = cross_validate(gallery, learnable=gallery.labels != 1)
    assert answers.has_other_photo.tolist() == (gallery.labels != 1).tolist()
    assert set(answers.named[gallery.labels != 1].tolist()) == {0, 2}
