"""A vetoed name is never given to that face again, and every other face may have it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.faces import ConfidenceBand, Guess, GuessBasis
from models.recognition.classifier import Classifier, HoldOutResult
from models.recognition.gallery import Gallery
from models.recognition.quality import FaceQuality
from models.recognition.recogniser import Recogniser, fit
from models.recognition.vetoes import NOBODY, Vetoes
from tests.models.recognition.test_recognition import face_with
from tests.support.people import VERSION, D, SyntheticPeople


@pytest.fixture
def world() -> SyntheticPeople:
    return SyntheticPeople(1)


@pytest.fixture
def recogniser(world: SyntheticPeople) -> Recogniser:
    return fit(world.gallery({1: range(9)}, 5))


def vetoed(recogniser: Recogniser, *pairs: tuple[np.ndarray, int]) -> Recogniser:
    faces = np.concatenate([face for face, _ in pairs])
    return replace(recogniser, vetoes=Vetoes(faces, np.array([member for _, member in pairs], np.int64)))


def confidence(guess: Guess, member: int) -> float:
    return next(candidate.confidence for candidate in guess.candidates if candidate.member == member)


def test_a_vetoed_name_is_not_given_again(world: SyntheticPeople, recogniser: Recogniser) -> None:
    face = world.photos(3)
    assert recogniser.identify(face, group=1).guesses[0].member == 3
    (guess,) = vetoed(recogniser, (face, 3)).identify(face, group=1).guesses
    assert (guess.member, guess.band) == (None, ConfidenceBand.UNKNOWN)
    assert confidence(guess, 3) == 0
    assert guess.candidates[-1].member == 3
    assert guess.confidence == pytest.approx(1 - sum(candidate.confidence for candidate in guess.candidates))


def test_a_veto_holds_for_copies(world: SyntheticPeople, recogniser: Recogniser) -> None:
    face = world.photos(3)
    copy = face + world.chance.normal(scale=0.002, size=face.shape).astype(np.float32)
    copy /= np.linalg.norm(copy)
    assert vetoed(recogniser, (face, 3)).identify(copy, group=1).guesses[0].member is None


def test_other_photos_and_faces_keep_their_names(world: SyntheticPeople, recogniser: Recogniser) -> None:
    face = world.photos(3)
    unruly = vetoed(recogniser, (face, 3))
    others = np.concatenate([world.photos(3), world.photos(5), world.photos(40)])
    assert unruly.identify(others) == recogniser.identify(others)
    picture = np.concatenate([face, others])
    assert [guess.member for guess in unruly.identify(picture, group=1).guesses] == [None, 3, 5, None]


def test_another_name_is_still_possible(world: SyntheticPeople, recogniser: Recogniser) -> None:
    between = 1.1 * world.photos(3) + world.photos(5)
    between /= np.linalg.norm(between)
    before, after = (candidate.log_odds(between)[0] for candidate in (recogniser, vetoed(recogniser, (between, 3))))
    assert before.argmax() == 3
    assert after[3] == -np.inf
    assert np.array_equal(np.delete(before, 3), np.delete(after, 3))


def test_context_does_not_lift_a_veto(world: SyntheticPeople, recogniser: Recogniser) -> None:
    face = world.photos(3)
    picture = np.concatenate([face, *(world.photos(person) for person in (0, 1, 2, 4, 5, 6, 7))])
    for once in ("auto", "yes", "no"):
        assert recogniser.identify(picture, once=once).guesses[0].member == 3
        first, *rest = vetoed(recogniser, (face, 3)).identify(picture, once=once).guesses
        assert first.member is None
        assert confidence(first, 3) == 0
        assert [guess.member for guess in rest] == [0, 1, 2, 4, 5, 6, 7]


def test_elimination_respects_vetoes(world: SyntheticPeople, recogniser: Recogniser) -> None:
    last = face_with(recogniser, 8, -4.0)
    picture = np.concatenate([*(world.photos(person) for person in range(8)), last])
    assert recogniser.identify(picture).guesses[8].basis is GuessBasis.ELIMINATION
    for denied in (8, NOBODY):
        (*others, guess) = vetoed(recogniser, (last, denied)).identify(picture).guesses
        assert guess.member is None
        assert confidence(guess, 8) == 0
        assert [other.member for other in others] == list(range(8))


def test_a_veto_on_one_of_two_left_faces_gives_neither_a_name(world: SyntheticPeople, recogniser: Recogniser) -> None:
    """The vetoed name is not forced on the other face, nor the other name on the vetoed face."""
    left = [face_with(recogniser, member, -3.0) for member in (7, 8)]
    picture = np.concatenate([*(world.photos(person) for person in range(7)), *left])
    assert [guess.member for guess in recogniser.identify(picture).guesses[7:]] == [7, 8]
    (*others, first, second) = vetoed(recogniser, (left[0], 7)).identify(picture).guesses
    assert (first.member, second.member) == (None, None)
    assert [other.member for other in others] == list(range(7))


def test_a_face_with_all_names_but_one_vetoed_is_not_named_by_elimination(
    world: SyntheticPeople, recogniser: Recogniser
) -> None:
    stranger = world.photos(40)
    picture = np.concatenate([*(world.photos(person) for person in range(8)), stranger])
    (*_, guess) = vetoed(recogniser, *((stranger, member) for member in range(8))).identify(picture).guesses
    assert guess.member is None


def test_a_veto_of_all_names_holds_in_every_group(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(4), 2: range(4, 8)}, 3))
    face = world.photos(2)
    naming = vetoed(recogniser, (face, NOBODY)).identify(face)
    assert naming.group is None
    (guess,) = naming.guesses
    assert guess.confidence == 1
    assert {candidate.confidence for candidate in guess.candidates} == {0}


def test_two_vetoes_of_one_face_both_hold(world: SyntheticPeople, recogniser: Recogniser) -> None:
    face = world.photos(3)
    odds = vetoed(recogniser, (face, 3), (face, 6)).log_odds(np.concatenate([face, world.photos(3)]))
    assert np.isneginf(odds[0]).nonzero()[0].tolist() == [3, 6]
    assert np.isfinite(odds[1]).all()


def test_a_blurred_face_keeps_its_veto(world: SyntheticPeople, recogniser: Recogniser) -> None:
    face = world.photos(3)
    unruly = vetoed(recogniser, (face, 3))
    for sharpness in (0.5, 1.3, 2.5):
        quality = FaceQuality(width=90, sharpness=sharpness, yaw=0.0)
        (guess,) = unruly.identify(face, qualities=[quality], group=1).guesses
        assert guess.member is None
        assert confidence(guess, 3) == 0
        (nobody,) = vetoed(recogniser, (face, NOBODY)).identify(face, qualities=[quality], group=1).guesses
        assert nobody.confidence == 1


def test_a_classifier_respects_vetoes(world: SyntheticPeople, recogniser: Recogniser) -> None:
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


def test_vetoes_survive_serialisation(world: SyntheticPeople, recogniser: Recogniser) -> None:
    face = world.photos(3)
    copied = Recogniser.from_bytes(vetoed(recogniser, (face, 3), (world.photos(50), NOBODY)).to_bytes())
    assert copied.identify(face, group=1).guesses[0].member is None
    assert copied.vetoes.members.tolist() == [3, NOBODY]
    assert Recogniser.from_bytes(recogniser.to_bytes()).identify(face, group=1).guesses[0].member == 3


def test_a_veto_of_a_member_outside_the_roster_has_no_effect(world: SyntheticPeople, recogniser: Recogniser) -> None:
    face = world.photos(3)
    assert vetoed(recogniser, (face, 77)).identify(face) == recogniser.identify(face)


def test_malformed_vetoes_are_refused(world: SyntheticPeople) -> None:
    with pytest.raises(ValueError, match=r"\(1, 128\) and members \(2,\)"):
        Vetoes(world.photos(0), np.array([1, 2], np.int64))


def test_vetoes_with_an_empty_roster(world: SyntheticPeople) -> None:
    face = world.photos(0)
    nobody = vetoed(fit(Gallery.from_rows([], VERSION, D)), (face, NOBODY))
    assert nobody.identify(face).guesses[0].member is None


ONE, COPY, OTHER = (1.0, 0.0), (0.998, np.sqrt(1 - 0.998**2)), (0.0, 1.0)
OBAMA, BIDEN = 1, 2


def effective_vetoes(*annotations: tuple[tuple[float, float], int | None, int | None]) -> list[int]:
    """The vetoed members after annotations (encoding, denied, granted), oldest first."""
    encodings = np.array([encoding for encoding, _, _ in annotations], np.float32)
    vetoes = Vetoes.effective(encodings, [no for _, no, _ in annotations], [yes for _, _, yes in annotations], "dlib-1")
    assert vetoes.encodings.shape == (len(vetoes.members), 2)
    return vetoes.members.tolist()


def test_a_veto_holds_until_a_later_label() -> None:
    assert effective_vetoes((ONE, OBAMA, None)) == [OBAMA]
    assert effective_vetoes((ONE, OBAMA, None), (ONE, None, OBAMA)) == []
    assert effective_vetoes((ONE, None, OBAMA), (ONE, OBAMA, None)) == [OBAMA]


@pytest.mark.parametrize(("where", "left"), [(COPY, []), (OTHER, [OBAMA])])
def test_a_label_lifts_vetoes_of_its_photo_and_copies(where: tuple[float, float], left: list[int]) -> None:
    assert effective_vetoes((ONE, OBAMA, None), (where, None, OBAMA)) == left


def test_a_label_leaves_vetoes_of_other_names() -> None:
    assert effective_vetoes((ONE, OBAMA, None), (ONE, OBAMA, BIDEN)) == [OBAMA, OBAMA]


def test_any_label_lifts_a_veto_of_all_names() -> None:
    assert effective_vetoes((ONE, NOBODY, None), (ONE, OBAMA, None)) == [NOBODY, OBAMA]
    assert effective_vetoes((ONE, NOBODY, None), (COPY, None, BIDEN)) == []
