"""The dlib engine finds the faces of face_recognition, with the same encodings."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import face_recognition
import numpy as np
import pytest

from models import engines
from models.engines import UnknownEngineError, load, names
from models.engines.dlib.engine import DlibEngine
from models.faces import Box, Face, reading_order

if TYPE_CHECKING:
    from pathlib import Path

    from models.faces import Picture

pytestmark = pytest.mark.slow

PHOTOS = ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg", "obama_partial_face.jpg", "astronaut.png")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DlibEngine:
    made = load("dlib", tmp_path_factory.mktemp("weights"))
    assert isinstance(made, DlibEngine)
    return made


def read(path: Path) -> Picture:
    return face_recognition.load_image_file(str(path))


def theirs(picture: Picture) -> list[Box]:
    height, width = picture.shape[:2]
    return [
        Box(left, top, min(right + 1, width), min(bottom + 1, height))
        for top, right, bottom, left in face_recognition.face_locations(picture)
    ]


def missed(wanted: list[Box], found: list[Face]) -> list[Box]:
    """The boxes without a face in `found`. Our scan in grey may shift a box by one step."""
    return [box for box in wanted if not any(box.overlap(face.box) > 0.6 for face in found)]


@pytest.mark.parametrize("name", [PHOTOS[0], *(pytest.param(name, marks=pytest.mark.thorough) for name in PHOTOS[1:])])
def test_every_face_that_face_recognition_finds_is_found(engine: DlibEngine, public_photos: Path, name: str) -> None:
    picture = read(public_photos / name)
    wanted = theirs(picture)
    assert wanted
    assert not missed(wanted, engine.detect(picture))


@pytest.mark.thorough
def test_every_face_that_face_recognition_finds_in_group_photos_is_found(
    engine: DlibEngine, shared_faces: Path
) -> None:
    photos = [path for path in (shared_faces / "group_photos").rglob("*") if path.suffix in {".jpg", ".png"}]
    assert photos
    for photo in photos:
        picture = read(photo)
        assert not missed(theirs(picture), engine.detect(picture)), photo.name


@pytest.mark.thorough
def test_all_nine_of_twice_are_found(engine: DlibEngine, shared_faces: Path) -> None:
    for photo in sorted((shared_faces / "group_photos" / "TWICE").glob("ot9_*.jpg")):
        assert len(engine.detect(read(photo))) == 9, photo.name


@pytest.mark.parametrize("name", [PHOTOS[0], *(pytest.param(name, marks=pytest.mark.thorough) for name in PHOTOS[1:])])
def test_a_chip_is_encoded_as_face_recognition_does(engine: DlibEngine, public_photos: Path, name: str) -> None:
    picture = read(public_photos / name)
    wanted = dict(zip(theirs(picture), face_recognition.face_encodings(picture), strict=True))
    faces = [face for face in engine.detect(picture) if face.box in wanted]
    ours = engine.embed(engine.chips(picture, faces))
    for face, encoding in zip(faces, ours, strict=True):
        assert np.abs(encoding - wanted[face.box]).max() < 1e-5


def test_encodings_are_of_unit_length_and_the_same_for_the_mirrored_picture(
    engine: DlibEngine, public_photos: Path
) -> None:
    picture = read(public_photos / "obama.jpg")
    (face,) = engine.detect(picture)
    (encoding,) = engine.encode(picture, [face])
    assert encoding.dtype == np.float32
    assert encoding.shape == (engine.dimensions,)
    assert np.linalg.norm(encoding) == pytest.approx(1, abs=1e-6)
    (mirrored,) = engine.detect(picture[:, ::-1])
    assert encoding @ engine.encode(picture[:, ::-1], [mirrored])[0] > 0.99


def test_photos_of_one_person_are_nearer_than_of_two(engine: DlibEngine, public_photos: Path) -> None:
    encodings = []
    for name in ("obama.jpg", "obama2.jpg", "biden.jpg"):
        picture = read(public_photos / name)
        encodings.append(engine.encode(picture, engine.detect(picture)[:1])[0])
    obama, obama_later, biden = encodings
    assert obama @ obama_later > 0.95 > 0.9 > obama @ biden


def test_a_read_only_picture_and_one_without_faces_are_fine(engine: DlibEngine) -> None:
    picture = np.full((300, 200, 3), 90, np.uint8)
    picture.setflags(write=False)
    assert engine.detect(picture) == []
    assert engine.encode(picture, []).shape == (0, 128)
    assert engine.chips(picture, []).shape == (0, 150, 150, 3)


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (900, 2), (40, 40)])
def test_tiny_and_narrow_pictures_are_fine(engine: DlibEngine, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (*shape, 3), np.uint8)
    assert engine.detect(noise) == []


def test_a_face_in_a_large_photo_is_found(engine: DlibEngine, public_photos: Path) -> None:
    """Twelve megapixels, scanned smaller than twice their size: the face is 142 pixels wide."""
    portrait = read(public_photos / "obama2.jpg")
    picture = np.full((3000, 4000, 3), 128, np.uint8)
    picture[900:2100, 1500:2126] = portrait
    (face,) = engine.detect(picture)
    (alone,) = engine.detect(portrait)
    moved = Box(alone.box.left + 1500, alone.box.top + 900, alone.box.right + 1500, alone.box.bottom + 900)
    assert face.box.overlap(moved) > 0.6
    assert engine.encode(picture, [face])[0] @ engine.encode(portrait, [alone])[0] > 0.97


def test_threads_may_share_an_engine(engine: DlibEngine, public_photos: Path) -> None:
    pictures = [read(public_photos / name) for name in ("obama2.jpg", "astronaut.png")] * 2
    wanted = [[face.box for face in engine.detect(picture)] for picture in pictures]
    found: dict[int, list[Box]] = {}

    def look(i: int) -> None:
        found[i] = [face.box for face in engine.detect(pictures[i])]

    threads = [threading.Thread(target=look, args=(i,)) for i in range(len(pictures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(pictures))] == wanted


def test_a_process_loads_an_engine_once(tmp_path: Path) -> None:
    loaded: list[engines.Engine] = []
    threads = [threading.Thread(target=lambda: loaded.append(load("dlib", tmp_path / "w"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 4
    assert len({id(engine) for engine in loaded}) == 1


@pytest.mark.parametrize("name", ["nobody", "resnet", "../dlib", "", "serialised"])
def test_the_error_of_an_unknown_engine_lists_the_others(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownEngineError, match="dlib"):
        load(name, tmp_path)


def test_the_engine_is_listed() -> None:
    assert "dlib" in names()
    assert "resnet" not in names()


def test_faces_are_read_row_by_row() -> None:
    def face(left: int, top: int) -> Face:
        return Face(Box(left, top, left + 50, top + 50), 1.0, np.zeros((5, 2), np.float32))

    wanted = [face(0, 12), face(100, 0), face(200, 20), face(10, 80), face(150, 95)]
    for seed in range(5):
        shuffled = [wanted[i] for i in np.random.default_rng(seed).permutation(len(wanted))]
        assert [f.box for f in reading_order(shuffled)] == [f.box for f in wanted]
