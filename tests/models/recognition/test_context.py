"""Context in a picture: each name at most once, the group of all faces, names from context and by elimination."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.faces import ConfidenceBand, GuessBasis
from models.recognition.recogniser import fit
from tests.models.recognition.test_recognition import face_with, names
from tests.support.people import SyntheticPeople

if TYPE_CHECKING:
    from models.faces import Encodings, Guess
    from models.recognition.recogniser import Recogniser


def test_each_name_is_given_once_and_a_stranger_between_members_stays_unknown(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    picture = np.concatenate([world.photos(person) for person in (3, 40, 0, 8, 5)])
    for once in ("auto", "yes", "no"):
        assert names(recogniser, picture, group=1, once=once) == ["P3", None, "P0", "P8", "P5"]


def test_a_doubtful_second_face_does_not_get_a_name_that_is_taken(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    sure = world.photos(2)
    mixed = sure + 0.9 * world.photos(30)
    picture = np.concatenate([mixed / np.linalg.norm(mixed), sure]).astype(np.float32)
    assert recogniser.log_odds(picture)[0].argmax() == 2
    assert names(recogniser, picture, once="yes") == [None, "P2"]
    free = recogniser.identify(picture, once="no").guesses
    taken = recogniser.identify(picture, once="yes").guesses
    assert taken[0].confidence > 0.5 > next(c.confidence for c in taken[0].candidates if c.member == 2)
    assert next(c.confidence for c in free[0].candidates if c.member == 2) > 0


def test_a_collage_may_repeat_a_name_unless_the_asker_forbids_it(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    picture = np.concatenate([world.photos(4), world.photos(4), world.photos(1)])
    assert names(recogniser, picture, group=1, once="auto") == ["P4", "P4", "P1"]
    assert names(recogniser, picture, group=1, once="no") == ["P4", "P4", "P1"]
    forced = names(recogniser, picture, group=1, once="yes")
    assert sorted(name or "" for name in forced) == ["", "P1", "P4"]


def test_all_faces_together_select_the_group(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({7: range(5), 8: range(5, 12), 9: range(12, 15)}, 3))
    naming = recogniser.identify(np.concatenate([world.photos(6), world.photos(12), world.photos(9)]))
    assert (naming.group, naming.group_name) == (8, "G8")
    assert [guess.name for guess in naming.guesses] == ["P6", None, "P9"]
    assert {c.name for c in naming.guesses[0].candidates} == {f"P{i}" for i in range(5, 12)}


def test_strangers_select_no_group(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({7: range(5), 8: range(5, 12)}, 3))
    naming = recogniser.identify(np.concatenate([world.photos(50), world.photos(51)]))
    assert (naming.group, naming.group_name) == (None, None)
    assert [guess.band for guess in naming.guesses] == [ConfidenceBand.UNKNOWN] * 2
    assert all(guess.confidence > 0.5 for guess in naming.guesses)
    assert all({c.name for c in guess.candidates} == {f"P{i}" for i in range(12)} for guess in naming.guesses)


def test_a_doubtful_face_is_a_member_among_members_and_a_stranger_alone(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    doubtful = face_with(recogniser, 0, -0.5)
    assert recogniser.log_odds(doubtful)[0, 0] == pytest.approx(-0.5, abs=1e-3)
    members = [world.photos(person) for person in range(1, 9)]
    strangers = [world.photos(person) for person in range(20, 28)]
    assert names(recogniser, doubtful, group=1) == [None]
    assert names(recogniser, np.concatenate([doubtful, *strangers]), group=1)[0] is None
    first = recogniser.identify(np.concatenate([doubtful, *members]), group=1).guesses[0]
    assert (first.name, first.band, first.basis) == ("P0", ConfidenceBand.UNSURE, GuessBasis.CONTEXT)
    assert first.confidence == pytest.approx(1 / (1 + math.exp(0.5)), abs=1e-3)
    assert first.stranger_probability > first.confidence


def test_bands_and_confidences_agree(world: SyntheticPeople) -> None:
    """No doubtful name has a higher confidence than a sure one. A name from context has the confidence of the face alone."""
    recogniser = fit(world.gallery({1: range(9)}, 5))
    members = [world.photos(person) for person in range(2, 9)]
    for doubt in (-0.5, -0.2, 0.3, 0.6):
        faces = np.concatenate([face_with(recogniser, 0, doubt), face_with(recogniser, 1, 1.0), *members])
        guesses = recogniser.identify(faces, group=1).guesses
        doubtful = [guess.confidence for guess in guesses if guess.band is ConfidenceBand.UNSURE]
        assert (
            max(doubtful, default=0)
            < 0.5
            <= min(guess.confidence for guess in guesses if guess.band is ConfidenceBand.SURE)
        )


def whole(recogniser: Recogniser, world: SyntheticPeople, *left: Encodings) -> tuple[Guess, ...]:
    """The guesses for the faces `left`, beside clear faces of the first of nine members."""
    others = [world.photos(person) for person in range(9 - len(left))]
    guesses = recogniser.identify(np.concatenate([*others, *left])).guesses
    assert [guess.name for guess in guesses[: len(others)]] == [f"P{i}" for i in range(len(others))]
    assert all(guess.band is ConfidenceBand.SURE for guess in guesses[: len(others)])
    return guesses[len(others) :]


@pytest.mark.parametrize(("left", "log_odds"), [((8,), -4.0), ((8, 7), -3.0), ((7, 6, 8), -2.5)])
def test_the_last_faces_of_a_whole_group_are_named_by_elimination_and_shown_as_doubtful(
    world: SyntheticPeople, left: tuple[int, ...], log_odds: float
) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    guesses = whole(recogniser, world, *(face_with(recogniser, member, log_odds) for member in left))
    assert [guess.member for guess in guesses] == list(left)
    for guess in guesses:
        assert (guess.band, guess.basis) == (ConfidenceBand.UNSURE, GuessBasis.ELIMINATION)
        assert guess.confidence < 0.5 < guess.stranger_probability


def test_more_than_a_third_of_a_group_is_left_open(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    guesses = whole(recogniser, world, *(face_with(recogniser, member, -2.5) for member in (5, 6, 7, 8)))
    assert [guess.name for guess in guesses] == [None] * 4


@pytest.mark.parametrize("strangers", [1, 2, 3])
def test_strangers_in_the_places_of_members_stay_strangers(world: SyntheticPeople, strangers: int) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    guesses = whole(recogniser, world, *(world.photos(person) for person in range(40, 40 + strangers)))
    assert [guess.name for guess in guesses] == [None] * strangers


def test_beside_a_stranger_nobody_is_named_by_elimination(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    guesses = whole(recogniser, world, face_with(recogniser, 7, -3.0), world.photos(40))
    assert [guess.name for guess in guesses] == [None, None]


def test_a_second_face_of_one_member_does_not_get_the_last_name(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    (guess,) = whole(recogniser, world, face_with(recogniser, 2, 1.0))
    assert guess.name is None


def test_a_face_that_resembles_several_members_is_not_named_by_context_in_a_whole_group(world: SyntheticPeople) -> None:
    """In any other picture its company names it."""
    recogniser = fit(world.gallery({1: range(9)}, 5))
    between = face_with(recogniser, 8, 6.0) + face_with(recogniser, 2, 6.0)
    between /= np.linalg.norm(between)
    odds = recogniser.log_odds(between)[0]
    assert -3 < odds[8] < -0.1
    assert abs(odds[8] - odds[2]) < 1.5
    assert [guess.name for guess in whole(recogniser, world, between)] == [None]
    others = [world.photos(person) for person in range(8)]
    assert names(recogniser, np.concatenate([*others, between, world.photos(40)]))[8] == "P8"


def test_no_elimination_in_a_collage(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    faces = [world.photos(person) for person in (0, 0, 1, 2, 3, 4, 5)]
    left = [face_with(recogniser, member, -3.0) for member in (7, 8)]
    assert names(recogniser, np.concatenate([*faces, *left]))[7:] == [None, None]


@pytest.mark.parametrize(
    ("present", "left", "once"), [(7, 1, "auto"), (8, 2, "auto"), (7, 2, "no"), (6, 2, "auto"), (7, 3, "auto")]
)
def test_no_elimination_in_other_pictures(world: SyntheticPeople, present: int, left: int, once: str) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    faces = [world.photos(person) for person in range(present)]
    faces += [face_with(recogniser, 8 - place, -5.0) for place in range(left)]
    assert names(recogniser, np.concatenate(faces), once=once)[present:] == [None] * left


def test_a_group_of_three_is_too_small_for_elimination(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(3)}, 5))
    faces = [world.photos(0), world.photos(1), face_with(recogniser, 2, -4.0)]
    assert names(recogniser, np.concatenate(faces)) == ["P0", "P1", None]
