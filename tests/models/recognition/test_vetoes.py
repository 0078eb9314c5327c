"""What somebody said no to is never said again: of that face, and of that face alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.faces import Band, Guess
from models.recognition.classifier import Classifier, HoldOutResult
from models.recognition.gallery import Gallery
from models.recognition.quality import Quality
from models.recognition.recogniser import Recogniser, fit
from models.recognition.vetoes import NOBODY, Vetoes
from tests.support.people import VERSION, D, World


@pytest.fixture
def world() -> World:
    return World(1)


@pytest.fixture
def recogniser(world: World) -> Recogniser:
    return fit(world.gallery({1: range(9)}, 5))


def vetoed(recogniser: Recogniser, *said: tuple[np.ndarray, int]) -> Recogniser:
    faces = np.concatenate([face for face, _ in said])
    return replace(recogniser, vetoes=Vetoes(faces, np.array([member for _, member in said], np.int64)))


def confidence(guess: Guess, member: int) -> float:
    return next(candidate.confidence for candidate in guess.candidates if candidate.member == member)


def test_a_face_that_is_not_momo_is_not_called_momo_again(world: World, recogniser: Recogniser) -> None:
    face = world.photos(3)
    assert recogniser.identify(face, group=1).guesses[0].member == 3
    (guess,) = vetoed(recogniser, (face, 3)).identify(face, group=1).guesses
    assert (guess.member, guess.band) == (None, Band.UNKNOWN)
    assert confidence(guess, 3) == 0
    assert guess.candidates[-1].member == 3
    assert guess.confidence == pytest.approx(1 - sum(candidate.confidence for candidate in guess.candidates))


def test_a_copy_of_that_face_is_that_face(world: World, recogniser: Recogniser) -> None:
    face = world.photos(3)
    copy = face + world.chance.normal(scale=0.002, size=face.shape).astype(np.float32)
    copy /= np.linalg.norm(copy)
    assert vetoed(recogniser, (face, 3)).identify(copy, group=1).guesses[0].member is None


def test_other_photos_of_her_and_other_faces_are_named_as_before(world: World, recogniser: Recogniser) -> None:
    face = world.photos(3)
    unruly = vetoed(recogniser, (face, 3))
    others = np.concatenate([world.photos(3), world.photos(5), world.photos(40)])
    assert unruly.identify(others) == recogniser.identify(others)
    picture = np.concatenate([face, others])
    assert [guess.member for guess in unruly.identify(picture, group=1).guesses] == [None, 3, 5, None]


def test_whom_else_the_face_resembles_may_still_be_said(world: World, recogniser: Recogniser) -> None:
    between = 1.1 * world.photos(3) + world.photos(5)
    between /= np.linalg.norm(between)
    before, after = (one.log_odds(between)[0] for one in (recogniser, vetoed(recogniser, (between, 3))))
    assert before.argmax() == 3
    assert after[3] == -np.inf
    assert np.array_equal(np.delete(before, 3), np.delete(after, 3))


def test_company_does_not_bring_the_name_back(world: World, recogniser: Recogniser) -> None:
    face = world.photos(3)
    picture = np.concatenate([face, *(world.photos(person) for person in (0, 1, 2, 4, 5, 6, 7))])
    for once in ("auto", "yes", "no"):
        assert recogniser.identify(picture, once=once).guesses[0].member == 3
        first, *rest = vetoed(recogniser, (face, 3)).identify(picture, once=once).guesses
        assert first.member is None
        assert confidence(first, 3) == 0
        assert [guess.member for guess in rest] == [0, 1, 2, 4, 5, 6, 7]


def test_the_last_face_of_a_whole_group_is_not_named_by_elimination_against_a_no(
    world: World, recogniser: Recogniser
) -> None:
    last = world.photos(40)
    picture = np.concatenate([*(world.photos(person) for person in range(8)), last])
    assert recogniser.identify(picture).guesses[8].member == 8
    (*others, guess) = vetoed(recogniser, (last, 8)).identify(picture).guesses
    assert guess.member is None
    assert confidence(guess, 8) == 0
    assert [other.member for other in others] == list(range(8))


def test_nobody_of_the_roster_is_nobody_in_any_group(world: World) -> None:
    recogniser = fit(world.gallery({1: range(4), 2: range(4, 8)}, 3))
    face = world.photos(2)
    naming = vetoed(recogniser, (face, NOBODY)).identify(face)
    assert naming.group is None
    (guess,) = naming.guesses
    assert guess.confidence == 1
    assert {candidate.confidence for candidate in guess.candidates} == {0}


def test_two_noes_about_one_face_both_hold(world: World, recogniser: Recogniser) -> None:
    face = world.photos(3)
    odds = vetoed(recogniser, (face, 3), (face, 6)).log_odds(np.concatenate([face, world.photos(3)]))
    assert np.isneginf(odds[0]).nonzero()[0].tolist() == [3, 6]
    assert np.isfinite(odds[1]).all()


def test_a_blurred_face_keeps_its_no(world: World, recogniser: Recogniser) -> None:
    face = world.photos(3)
    unruly = vetoed(recogniser, (face, 3))
    for sharpness in (0.5, 1.3, 2.5):
        quality = Quality(width=90, sharpness=sharpness, yaw=0.0)
        (guess,) = unruly.identify(face, qualities=[quality], group=1).guesses
        assert guess.member is None
        assert confidence(guess, 3) == 0
        (nobody,) = vetoed(recogniser, (face, NOBODY)).identify(face, qualities=[quality], group=1).guesses
        assert nobody.confidence == 1


def test_a_classifier_does_not_pick_what_is_forbidden(world: World, recogniser: Recogniser) -> None:
    kernel = np.zeros((D, 9), np.float32)
    bias = np.where(np.arange(9) == 3, 20, 0).astype(np.float32)
    sure = Classifier(
        np.zeros(D, np.float32), 1.0, (kernel,), (bias,), np.arange(9, dtype=np.int64), VERSION, HoldOutResult(1, 1, 1)
    )
    face = world.photos(3)
    unruly = vetoed(replace(recogniser, classifiers=(sure,)), (face, 3))
    assert unruly.identify(face, group=1).guesses[0].member is None
    everybody = vetoed(replace(recogniser, classifiers=(sure,)), (face, NOBODY))
    assert np.isneginf(everybody.log_odds(face)).all()


def test_noes_travel_with_the_recogniser(world: World, recogniser: Recogniser) -> None:
    face = world.photos(3)
    copied = Recogniser.from_bytes(vetoed(recogniser, (face, 3), (world.photos(50), NOBODY)).to_bytes())
    assert copied.identify(face, group=1).guesses[0].member is None
    assert copied.vetoes.members.tolist() == [3, NOBODY]
    assert Recogniser.from_bytes(recogniser.to_bytes()).identify(face, group=1).guesses[0].member == 3


def test_a_no_about_somebody_who_left_the_roster_says_nothing(world: World, recogniser: Recogniser) -> None:
    face = world.photos(3)
    assert vetoed(recogniser, (face, 77)).identify(face) == recogniser.identify(face)


def test_noes_that_do_not_fit_together_are_refused(world: World) -> None:
    with pytest.raises(ValueError, match=r"\(1, 128\) and members \(2,\)"):
        Vetoes(world.photos(0), np.array([1, 2], np.int64))


def test_an_empty_roster_bears_a_no(world: World) -> None:
    face = world.photos(0)
    nobody = vetoed(fit(Gallery.of([], VERSION, D)), (face, NOBODY))
    assert nobody.identify(face).guesses[0].member is None


ONE, COPY, OTHER = (1.0, 0.0), (0.998, np.sqrt(1 - 0.998**2)), (0.0, 1.0)
OBAMA, BIDEN = 1, 2


def standing(*said: tuple[tuple[float, float], int | None, int | None]) -> list[int]:
    """The members that are still denied, of (encoding, denied, granted), oldest first."""
    encodings = np.array([encoding for encoding, _, _ in said], np.float32)
    vetoes = Vetoes.effective(encodings, [no for _, no, _ in said], [yes for _, _, yes in said], "dlib-1")
    assert vetoes.encodings.shape == (len(vetoes.members), 2)
    return vetoes.members.tolist()


def test_a_no_holds_until_a_later_yes() -> None:
    assert standing((ONE, OBAMA, None)) == [OBAMA]
    assert standing((ONE, OBAMA, None), (ONE, None, OBAMA)) == []
    assert standing((ONE, None, OBAMA), (ONE, OBAMA, None)) == [OBAMA]


@pytest.mark.parametrize(("where", "left"), [(COPY, []), (OTHER, [OBAMA])])
def test_a_yes_is_for_its_photo_and_its_copies(where: tuple[float, float], left: list[int]) -> None:
    assert standing((ONE, OBAMA, None), (where, None, OBAMA)) == left


def test_that_it_is_one_member_says_nothing_of_another_no() -> None:
    assert standing((ONE, OBAMA, None), (ONE, OBAMA, BIDEN)) == [OBAMA, OBAMA]


def test_nobody_is_somebody_once_anybody_is_granted() -> None:
    assert standing((ONE, NOBODY, None), (ONE, OBAMA, None)) == [NOBODY, OBAMA]
    assert standing((ONE, NOBODY, None), (COPY, None, BIDEN)) == []
