"""A tilted face gets a straight look, and a face of another frame is found where it has turned since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import face_recognition
import numpy as np
import pytest

from models.engines import load
from models.networks.aligned import AlignedEngine
from models.networks.rotations import Rotation, between, roll
from models.networks.turning import look_again, straightened

if TYPE_CHECKING:
    from pathlib import Path

    from models.faces import Face, Picture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> AlignedEngine:
    made = load("sface", tmp_path_factory.mktemp("nothing"))
    assert isinstance(made, AlignedEngine)
    return made


@pytest.fixture(scope="module")
def portrait(small_photos: Path) -> Picture:
    return face_recognition.load_image_file(str(small_photos / "obama2.jpg"))


def turned(engine: AlignedEngine, portrait: Picture, degrees: float) -> tuple[Picture, Face, Face]:
    """The picture turned by `degrees`, the upright face, and the true one in the turned picture."""
    (face,) = engine.detect(portrait)
    rotation = Rotation(degrees, (portrait.shape[1], portrait.shape[0]))
    return rotation.apply(portrait), face, rotation.forth(face)


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40])
def test_a_tilted_face_is_straightened_from_its_upright_detection(
    engine: AlignedEngine, portrait: Picture, degrees: int
) -> None:
    picture, face, true = turned(engine, portrait, degrees)
    tilted = max(engine.detector.detect(picture), key=lambda found: found.box.overlap(true.box))
    look = straightened(engine.detector, picture, tilted)
    assert look is not None
    assert between(roll(look), roll(true)) < 15
    assert engine.encode(picture, [look])[0] @ engine.encode(portrait, [face])[0] > 0.85


def test_a_doubtful_face_is_looked_for_beside_the_known_direction(engine: AlignedEngine, portrait: Picture) -> None:
    picture, _, true = turned(engine, portrait, 120)
    (face,) = engine.detect(portrait)
    doubtful = face.moved(true.box.left - face.box.left, true.box.top - face.box.top)
    _, _, known = turned(engine, portrait, 90)
    look = straightened(engine.detector, picture, doubtful, known)
    assert look is not None
    assert between(roll(look), roll(true)) < 12


@pytest.mark.parametrize("degrees", [0, -60, 60, 150])
def test_a_face_of_another_frame_is_found_up_to_60_degrees_away(
    engine: AlignedEngine, portrait: Picture, degrees: int
) -> None:
    start = 100 if degrees == 150 else 0
    picture, _, true = turned(engine, portrait, degrees)
    _, _, before = turned(engine, portrait, start)
    known = before.moved(
        (true.box.left + true.box.right - before.box.left - before.box.right) // 2,
        (true.box.top + true.box.bottom - before.box.top - before.box.bottom) // 2,
    )
    look = look_again(engine.detector, picture, known)
    assert look is not None
    assert look.box.overlap(true.box) > 0.6
    assert between(roll(look), roll(true)) < 20


def test_a_face_that_is_gone_is_not_found(engine: AlignedEngine, portrait: Picture) -> None:
    (face,) = engine.detect(portrait)
    assert look_again(engine.detector, np.zeros_like(portrait), face) is None
    assert look_again(engine.detector, portrait, face.moved(5 * portrait.shape[1], 0)) is None
    assert look_again(engine.detector, portrait, face.moved(-5 * portrait.shape[1], 0)) is None


def test_dlib_looks_for_the_upright_face_alone(portrait: Picture, tmp_path: Path) -> None:
    dlib = load("dlib", tmp_path)
    (face,) = dlib.detect(portrait)
    again = dlib.look_again(portrait, face.moved(20, 10))
    assert again is not None
    assert again.box.overlap(face.box) > 0.7
    assert dlib.look_again(np.ascontiguousarray(portrait[::-1]), face) is None
