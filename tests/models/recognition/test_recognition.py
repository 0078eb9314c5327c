"""Members get their names, strangers get none, and each name occurs once in a picture, except in a collage."""

from __future__ import annotations

import math
import pickle
from functools import cache
from typing import TYPE_CHECKING

import face_recognition
import numpy as np
import pytest

from models.encodings import background
from models.encodings.whitening import unit_rows
from models.engines import load
from models.faces import ConfidenceBand
from models.recognition.calibration import WRONG_NAME_COST
from models.recognition.gallery import Gallery, GalleryMember
from models.recognition.recogniser import Recogniser, fit
from tests.support.people import VERSION, D, SyntheticPeople

if TYPE_CHECKING:
    from pathlib import Path

    from models.engines import Engine
    from models.faces import Encodings


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return load("dlib", tmp_path_factory.mktemp("weights"))


@cache
def encode(engine: Engine, path: Path) -> Encodings:
    """The largest face of a photo: (1, 128)."""
    picture = face_recognition.load_image_file(str(path))
    faces = engine.detect(picture)
    return engine.encode(picture, [max(faces, key=lambda face: face.box.area)] if faces else [])


def names(recogniser: Recogniser, encodings: Encodings, **how: object) -> list[str | None]:
    return [guess.name for guess in recogniser.identify(encodings, **how).guesses]  # pyright: ignore[reportArgumentType]


def face_with(recogniser: Recogniser, member: int, log_odds: float) -> Encodings:
    """A face (1, 128) with these log-odds for one member, and the lowest ones for the others."""
    whitening = recogniser.whitening
    basis = np.linalg.svd(recogniser.centroids.astype(np.float64))[2]
    score = recogniser.midpoints[member] + log_odds / recogniser.slopes[member]
    direction = score * recogniser.centroids[member] + np.sqrt(1 - score**2) * basis[-1]
    back = direction + (whitening.directions @ direction * (1 / whitening.gains - 1)) @ whitening.directions
    across, square = whitening.mean @ back, back @ back
    length = (-across + np.sqrt(across**2 + square * (1 - whitening.mean @ whitening.mean))) / square
    return (whitening.mean + length * back).astype(np.float32)[None]


@pytest.mark.parametrize("photos", [1, 2, 5])
def test_members_are_named_and_strangers_are_not(world: SyntheticPeople, photos: int) -> None:
    recogniser = fit(world.gallery({1: range(9)}, photos))
    for person in range(9):
        (guess,) = recogniser.identify(world.photos(person), group=1).guesses
        assert guess.name == f"P{person}"
    for person in range(20, 50):
        (guess,) = recogniser.identify(world.photos(person), group=1).guesses
        assert guess.name is None
        assert guess.member is None
        assert guess.band is ConfidenceBand.UNKNOWN


def test_log_odds_of_0_are_even_odds(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(1), 2: range(1, 4)}, 3))
    (guess,) = recogniser.identify(face_with(recogniser, 0, 0.0), group=1).guesses
    assert guess.candidates[0].confidence == pytest.approx(0.5, abs=1e-3)


def test_a_name_needs_its_acceptance(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(9)}, 5))
    acceptance = float(recogniser.acceptances[0])
    assert acceptance >= math.log(WRONG_NAME_COST) - 1e-9
    assert names(recogniser, face_with(recogniser, 0, acceptance - 0.05), group=1) == [None]
    assert names(recogniser, face_with(recogniser, 0, acceptance + 0.05), group=1) == ["P0"]


def test_a_member_with_two_looks_is_recognised_in_both(world: SyntheticPeople) -> None:
    """Eras: half of the photos have one look, the other half a look as unlike it as a stranger."""
    rows = [(GalleryMember(person, f"P{person}", 1, "G1"), world.photos(person, 4)) for person in range(6)]
    rows.append((rows[0][0], world.photos(30, 4)))
    recogniser = fit(Gallery.from_rows(rows, VERSION, D))
    assert np.bincount(recogniser.owners).tolist() == [2, 1, 1, 1, 1, 1]
    assert [names(recogniser, world.photos(person), group=1) for person in (0, 30, 1)] == [["P0"], ["P0"], ["P1"]]
    assert names(recogniser, world.photos(40), group=1) == [None]


def test_one_unusual_photo_makes_no_cluster(world: SyntheticPeople) -> None:
    rows = [(GalleryMember(person, f"P{person}", 1, "G1"), world.photos(person, 4)) for person in range(6)]
    rows.append((rows[0][0], world.photos(30, 1)))
    assert np.bincount(fit(Gallery.from_rows(rows, VERSION, D)).owners).tolist() == [1] * 6


def test_confidences_are_probabilities_and_bands_follow_them(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(6)}, 2))
    blends = [
        world.photos(a) + w * world.photos(b) for a, b, w in ((0, 40, 0.7), (1, 2, 0.9), (3, 41, 0.2), (50, 51, 1))
    ]
    picture = np.concatenate([blend / np.linalg.norm(blend) for blend in blends]).astype(np.float32)
    for once in ("yes", "no"):
        for threshold in (0.0, 0.5, 0.9, 1.0):
            for guess in recogniser.identify(picture, once=once, group=1, threshold=threshold).guesses:
                confidences = [candidate.confidence for candidate in guess.candidates]
                assert confidences == sorted(confidences, reverse=True)
                assert len(confidences) == 6
                assert 0 <= min(confidences) <= sum(confidences) <= 1 + 1e-9
                if guess.member is None:
                    assert guess.band is ConfidenceBand.UNKNOWN
                    assert guess.confidence == pytest.approx(1 - sum(confidences))
                else:
                    assert guess.confidence == confidences[0]
                    assert guess.candidates[0].member == guess.member
                    assert guess.band is (
                        ConfidenceBand.SURE if guess.confidence >= threshold else ConfidenceBand.UNSURE
                    )


@pytest.mark.parametrize("photos", [1, 4])
def test_a_roster_of_one_member(world: SyntheticPeople, photos: int) -> None:
    recogniser = fit(world.gallery({1: range(1)}, photos))
    assert names(recogniser, world.photos(0)) == ["P0"]
    assert all(names(recogniser, world.photos(person)) == [None] for person in range(20, 40))


@pytest.mark.parametrize("photos", [1, 4])
def test_a_roster_of_two_members(world: SyntheticPeople, photos: int) -> None:
    recogniser = fit(world.gallery({1: range(2)}, photos))
    assert names(recogniser, np.concatenate([world.photos(1), world.photos(0), world.photos(33)])) == ["P1", "P0", None]


def test_the_order_of_members_and_photos_does_not_matter(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(4), 2: range(4, 8)}, 3)
    turn = world.chance.permutation(len(gallery.labels))
    shuffled = Gallery(gallery.encodings[turn], gallery.labels[turn], gallery.members[::-1], VERSION)
    picture = np.concatenate([world.photos(person) for person in (1, 3, 30)])
    one, other = fit(gallery).identify(picture), fit(shuffled).identify(picture)
    assert one.group == other.group
    for left, right in zip(one.guesses, other.guesses, strict=True):
        assert (left.name, left.band) == (right.name, right.band)
        assert left.confidence == pytest.approx(right.confidence, abs=1e-3)


def test_a_recogniser_survives_serialisation(world: SyntheticPeople) -> None:
    recogniser = fit(world.gallery({1: range(3), 2: range(3, 5)}, 2))
    picture = np.concatenate([world.photos(0), world.photos(2), world.photos(44)])
    wanted = recogniser.identify(picture)
    copied = Recogniser.from_bytes(recogniser.to_bytes())
    assert copied.identify(picture) == wanted
    assert copied.version == VERSION
    assert copied.members == recogniser.members
    assert pickle.loads(pickle.dumps(recogniser)).identify(picture) == wanted
    with pytest.raises((ValueError, KeyError)):
        Recogniser.from_bytes(b"something else")


def test_empty_rosters_and_pictures(world: SyntheticPeople) -> None:
    nobody = fit(Gallery.from_rows([], VERSION, D))
    assert names(nobody, world.photos(0)) == [None]
    assert Recogniser.from_bytes(nobody.to_bytes()).members == ()
    somebody = fit(world.gallery({1: range(3)}, 1))
    for group in (None, 1, 99):
        for once in ("auto", "yes", "no"):
            assert names(somebody, np.empty((0, D), np.float32), group=group, once=once) == []
    assert names(somebody, world.photos(0), group=99) == [None]


def test_members_without_photos_are_never_named(world: SyntheticPeople) -> None:
    gallery = world.gallery({1: range(3)}, 2)
    waiting = GalleryMember(77, "No photo yet", 1, "G1")
    recogniser = fit(Gallery(gallery.encodings, gallery.labels, (*gallery.members, waiting), VERSION))
    assert waiting not in recogniser.members
    assert names(recogniser, world.photos(1)) == ["P1"]


def test_a_gallery_that_does_not_fit_together_is_refused(world: SyntheticPeople) -> None:
    ok = world.gallery({1: range(2)}, 2)
    with pytest.raises(ValueError, match=r"\(4, 128\) and labels \(3,\)"):
        Gallery(ok.encodings, ok.labels[:3], ok.members, VERSION)
    with pytest.raises(ValueError, match="unit length"):
        Gallery(2 * ok.encodings, ok.labels, ok.members, VERSION)
    with pytest.raises(ValueError, match="not among the"):
        Gallery(ok.encodings, ok.labels, ok.members[:1], VERSION)
    with pytest.raises(ValueError, match="2 members with 1 ids"):
        Gallery(ok.encodings[:2], ok.labels[:2], (ok.members[0], ok.members[0]), VERSION)
    with pytest.raises(ValueError, match=r"not \(k, 64\)"):
        Gallery.from_rows([(ok.members[0], ok.encodings)], VERSION, 64)
    with pytest.raises(ValueError, match=r"encodings \(1, 64\), not \(n, 128\)"):
        fit(ok).identify(np.ones((1, 64), np.float32))
    with pytest.raises(LookupError, match="other-9"):
        fit(Gallery(ok.encodings, ok.labels, ok.members, "other-9"))


@pytest.mark.slow
@pytest.mark.parametrize("enrolled", [("obama", "biden"), ("obama",), ("biden",)])
def test_one_photo_is_enough_to_tell_presidents_from_an_astronaut(
    engine: Engine, public_photos: Path, enrolled: tuple[str, ...]
) -> None:
    """These faces are unlike the shipped background, so they aren't whitened."""
    rows = [
        (GalleryMember(i, name, 1, "Presidents"), encode(engine, public_photos / f"{name}.jpg"))
        for i, name in enumerate(enrolled)
    ]
    recogniser = fit(Gallery.from_rows(rows, engine.version, engine.dimensions))
    assert not recogniser.whitening.mean.any()
    for photo, person in (("obama2.jpg", "obama"), ("obama3.jpg", "obama"), ("obama_partial_face.jpg", "obama")):
        assert names(recogniser, encode(engine, public_photos / photo)) == [person if person in enrolled else None]
    assert names(recogniser, encode(engine, public_photos / "astronaut.png")) == [None]


@pytest.mark.parametrize("photos", [1, 2, 5])
@pytest.mark.parametrize("aside", [0.0, 3.0], ids=["like idols", "unlike idols"])
def test_no_gallery_is_centred_on_its_own_mean(world: SyntheticPeople, photos: int, aside: float) -> None:
    """Only the shipped mean of other idols is ever subtracted, so an offset of the whole gallery changes nothing."""
    gallery = world.gallery({1: range(4)}, photos)
    everywhere = unit_rows(np.ones((1, gallery.encodings.shape[1]), np.float32))
    moved = unit_rows((gallery.encodings + aside * everywhere).astype(np.float32))
    shipped = background.load(VERSION).whitening
    whitening = fit(Gallery(moved, gallery.labels, gallery.members, VERSION)).whitening
    assert np.array_equal(whitening.mean, np.zeros_like(shipped.mean) if aside else shipped.mean)


@pytest.mark.thorough
def test_new_photos_of_twice_are_named_and_other_idols_are_not(engine: Engine, shared_faces: Path) -> None:
    """Five photos a member are enrolled, five are new. The other idols are the women most similar to them."""
    rows: list[tuple[GalleryMember, Encodings]] = []
    probes: list[tuple[str, Encodings]] = []
    for i, folder in enumerate(sorted((shared_faces / "groups" / "TWICE").iterdir())):
        photos = sorted(folder.iterdir())
        rows += [(GalleryMember(i, folder.name, 1, "TWICE"), encode(engine, photo)) for photo in photos[::2]]
        probes += [(folder.name, encode(engine, photo)) for photo in photos[1::2]]
    recogniser = fit(Gallery.from_rows(rows, engine.version, engine.dimensions))
    assert recogniser.whitening.mean.any()
    answers = [(name, names(recogniser, probe, group=1)[0]) for name, probe in probes]
    assert np.mean([name == answer for name, answer in answers]) > 0.85
    assert np.mean([answer not in {None, name} for name, answer in answers]) < 0.03
    strangers = [encode(engine, photo) for photo in sorted((shared_faces / "groups" / "ITZY").rglob("*.jpg"))]
    strangers += [encode(engine, photo) for photo in sorted((shared_faces / "strangers").iterdir())[:40]]
    named = [names(recogniser, stranger, group=1) != [None] for stranger in strangers if len(stranger)]
    assert np.mean(named) < 0.04
