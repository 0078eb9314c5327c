"""Faces are found at every angle, upright in their chips, and with the encodings of the upright picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import face_recognition
import numpy as np
import pytest

from models.engines import load
from models.networks.aligned import AlignedEngine
from models.networks.rotations import Rotation, between, roll
from models.recognition.quality import measure_quality

if TYPE_CHECKING:
    from pathlib import Path

    from models.faces import Face, Picture

pytestmark = pytest.mark.slow

QUARTERS = (90, 180, 270)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> AlignedEngine:
    made = load("sface", tmp_path_factory.mktemp("nothing"))
    assert isinstance(made, AlignedEngine)
    return made


@pytest.fixture(scope="module")
def portrait(public_photos: Path) -> Picture:
    return face_recognition.load_image_file(str(public_photos / "obama2.jpg"))


def turned(picture: Picture, degrees: int) -> tuple[Picture, Rotation]:
    rotation = Rotation(degrees, (picture.shape[1], picture.shape[0]))
    return rotation.apply(picture), rotation


def the_face(engine: AlignedEngine, picture: Picture) -> Face:
    (face,) = engine.detect(picture)
    return face


@pytest.mark.parametrize("degrees", range(30, 360, 30))
def test_a_turned_face_has_the_encoding_of_the_upright_one(
    engine: AlignedEngine, portrait: Picture, degrees: int
) -> None:
    upright = the_face(engine, portrait)
    lying, rotation = turned(portrait, degrees)
    face = the_face(engine, lying)
    (back,) = rotation.back([face])
    assert back.box.overlap(upright.box) > 0.6
    assert between(roll(face), roll(upright) - degrees) < 15
    assert engine.encode(portrait, [upright])[0] @ engine.encode(lying, [face])[0] > 0.9


@pytest.mark.parametrize("degrees", QUARTERS)
def test_a_turned_face_is_upright_in_its_chip(engine: AlignedEngine, portrait: Picture, degrees: int) -> None:
    lying, _ = turned(portrait, degrees)
    (upright,) = engine.chips(portrait, [the_face(engine, portrait)])
    (chip,) = engine.chips(lying, [the_face(engine, lying)])
    assert np.corrcoef(upright.ravel(), chip.ravel())[0, 1] > 0.95


@pytest.mark.parametrize("degrees", QUARTERS)
def test_a_turned_face_has_the_quality_of_the_upright_one(
    engine: AlignedEngine, portrait: Picture, degrees: int
) -> None:
    lying, _ = turned(portrait, degrees)
    before, after = (
        measure_quality(picture, the_face(engine, picture), engine.landmarks) for picture in (portrait, lying)
    )
    assert after.yaw == pytest.approx(before.yaw, abs=3)
    assert after.sharpness == pytest.approx(before.sharpness, rel=0.1)
    assert after.flaws == before.flaws


def test_an_upright_portrait_keeps_its_landmarks(engine: AlignedEngine, portrait: Picture) -> None:
    (alone,) = engine.detector.detect(portrait)
    assert np.array_equal(the_face(engine, portrait).landmarks, alone.landmarks)


def test_people_who_lie_head_to_head_are_all_found(engine: AlignedEngine, public_photos: Path) -> None:
    photo = face_recognition.load_image_file(str(public_photos / "biden.jpg"))
    face = the_face(engine, photo).box.grown(0.5)
    head = photo[max(0, face.top) : face.bottom, max(0, face.left) : face.right]
    side = min(head.shape[:2])
    head = head[:side, :side]
    circle = np.vstack([np.hstack([head, np.rot90(head)]), np.hstack([np.rot90(head, 2), np.rot90(head, 3)])])
    found = engine.detect(np.ascontiguousarray(circle))
    assert sorted(round(roll(face) / 90) % 4 for face in found) == [0, 1, 2, 3]


def test_a_picture_of_nobody_has_no_face(engine: AlignedEngine) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert engine.detect(noise) == []


def test_a_fast_detection_finds_upright_faces_alone(engine: AlignedEngine, portrait: Picture) -> None:
    lying, _ = turned(portrait, 90)
    found = engine.detect(lying, smallest=20)
    assert len(found) == len(engine.detector.detect(lying, 20))
