"""The engine trio: faces of group photos, distinct people, and either revision of its files."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import face_recognition
import numpy as np
import pytest

from models.encodings import background
from models.engines import MissingWeightsError, load, sface, trio
from models.faces import Box
from models.learning.samples import EvaluationSet, thumbnail
from models.networks.aligned import AlignedEngine

if TYPE_CHECKING:
    from models.faces import Encodings, Face, Picture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(shared: Path) -> AlignedEngine:
    made = load("trio", shared / "models")
    assert isinstance(made, AlignedEngine)
    return made


def read(path: Path) -> Picture:
    return face_recognition.load_image_file(str(path))


def largest(faces: list[Face]) -> Face:
    return max(faces, key=lambda face: face.box.area)


def test_the_error_of_missing_files_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"the engine trio is not installed: `nugu engine install trio`"):
        load("trio", tmp_path)


@pytest.mark.parametrize("missing", range(len(trio.WEIGHTS)))
def test_each_missing_file_is_an_error(shared: Path, tmp_path: Path, missing: int) -> None:
    for file in (*trio.WEIGHTS[:missing], *trio.WEIGHTS[missing + 1 :]):
        install(file, shared / "models", tmp_path)
    with pytest.raises(MissingWeightsError):
        load("trio", tmp_path)


def test_installed_files_give_the_same_engine(engine: AlignedEngine, shared: Path, tmp_path: Path) -> None:
    for file in trio.WEIGHTS:
        install(file, shared / "models", tmp_path)
    installed = load("trio", tmp_path)
    picture = read(shared / "faces" / "group_photos" / "t1.jpg")
    faces = installed.detect(picture)
    assert [face.box for face in faces] == [face.box for face in engine.detect(picture)]
    assert np.array_equal(installed.encode(picture, faces), engine.encode(picture, faces))


def install(file: trio.WeightFile, folder: Path, weights: Path) -> None:
    source = file.find(folder)
    assert source is not None
    (weights / file.path).parent.mkdir(exist_ok=True)
    shutil.copyfile(source, weights / file.path)


def test_the_shared_files_are_accepted(shared: Path) -> None:
    for file in trio.WEIGHTS:
        found = file.find(shared / "models")
        assert found is not None
        assert hashlib.sha256(found.read_bytes()).hexdigest() in {file.sha256, *file.equivalents}


def test_an_encoding_is_of_unit_length_and_nearly_the_same_for_the_mirrored_picture(
    engine: AlignedEngine, public_photos: Path
) -> None:
    picture = read(public_photos / "obama.jpg")
    (face,) = engine.detect(picture)
    assert face.landmarks.shape == (5, 2)
    assert face.landmarks.dtype == np.float32
    (encoding,) = engine.encode(picture, [face])
    assert encoding.dtype == np.float32
    assert encoding.shape == (engine.dimensions,) == (384,)
    assert np.linalg.norm(encoding) == pytest.approx(1, abs=1e-6)
    (mirrored,) = engine.detect(picture[:, ::-1])
    assert encoding @ engine.encode(picture[:, ::-1], [mirrored])[0] > 0.95


def test_chips_are_upright_with_the_landmarks_where_the_network_expects_them(
    engine: AlignedEngine, public_photos: Path
) -> None:
    picture = np.rot90(read(public_photos / "obama2.jpg"), k=-1)[::1]
    upright = engine.detect(np.rot90(picture))
    (chip,) = engine.chips(np.rot90(picture), upright)
    assert chip.shape == (112, 112, 3)
    assert chip.dtype == np.uint8
    (again,) = [face for face in engine.detect(chip) if face.box.width > 60]
    assert np.abs(again.landmarks - np.array(sface.REFERENCE) * 112).max() < 8


@pytest.mark.thorough
def test_almost_every_face_of_labelled_group_photos_is_found_and_hardly_another(
    engine: AlignedEngine, shared_faces: Path
) -> None:
    folder = shared_faces / "group_photos" / "BTS"
    labels = json.loads((folder / "labels.json").read_text())
    wanted = found = more = 0
    for name, label in labels.items():
        heads = [Box(*face["box"]) for face in label["faces"]]
        boxes = [face.box for face in engine.detect(read(folder / name))]
        seen = sum(any(is_within(box, head) for box in boxes) for head in heads)
        wanted, found, more = wanted + len(heads), found + seen, more + len(boxes) - seen
    assert found >= 0.98 * wanted
    assert more <= 2


def is_within(face: Box, head: Box) -> bool:
    """Whether the middle of a face lies in the labelled head."""
    across, down = face.left + face.right, face.top + face.bottom
    return 2 * head.left < across < 2 * head.right and 2 * head.top < down < 2 * head.bottom


def test_all_nine_of_twice_are_found(engine: AlignedEngine, shared_faces: Path) -> None:
    for photo in sorted((shared_faces / "group_photos" / "TWICE").glob("ot9_*.jpg")):
        assert len(engine.detect(read(photo))) == 9, photo.name


@pytest.mark.thorough
def test_the_nearest_centroid_names_almost_everybody(engine: AlignedEngine, shared_faces: Path) -> None:
    photos: dict[str, list[Encodings]] = defaultdict(list)
    for path in sorted((shared_faces / "groups" / "TWICE").rglob("*.jpg")):
        picture = read(path)
        photos[path.parent.name].append(engine.encode(picture, [largest(engine.detect(picture))])[0])
    names = sorted(photos)
    centroids = np.stack([np.sum(photos[name][:5], axis=0) for name in names])
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    given = [(names[int((centroids @ photo).argmax())], name) for name in names for photo in photos[name][5:]]
    assert len(given) == 45
    assert sum(guess == name for guess, name in given) >= 44


def test_its_background_separates_idols_from_others(engine: AlignedEngine, shared_faces: Path) -> None:
    numbers = background.load(engine.version)
    assert numbers.whitening.mean.shape == (engine.dimensions,)
    for scores in (numbers.whitened, numbers.raw):
        assert (scores.strangers < scores.genuine).all()
    assert (np.diff(numbers.whitened.genuine, axis=0) > 0).mean() > 0.9, "more photos make a better centroid"


def test_a_face_is_found_however_large_or_small(engine: AlignedEngine, public_photos: Path) -> None:
    portrait = read(public_photos / "obama2.jpg")
    (alone,) = engine.detect(portrait)
    box = alone.box
    filled = portrait[box.top : box.bottom, box.left : box.right]
    huge = filled.repeat(20, axis=0).repeat(20, axis=1)[:4000, :4000]
    (face,) = engine.detect(huge)
    assert face.box.width > 0.7 * huge.shape[1]
    canvas = np.full((3000, 4000, 3), 128, np.uint8)
    step = box.width // 32
    small = portrait[::step, ::step]
    canvas[2000 : 2000 + small.shape[0], 100 : 100 + small.shape[1]] = small
    (face,) = engine.detect(canvas)
    assert 100 < face.box.left < face.box.right < 100 + small.shape[1]


def test_a_face_at_the_border_has_its_box_inside_the_picture(engine: AlignedEngine, public_photos: Path) -> None:
    portrait = read(public_photos / "obama2.jpg")
    (alone,) = engine.detect(portrait)
    middle = (alone.box.left + alone.box.right) // 2
    cropped = portrait[:, : middle + alone.box.width // 4]
    (face,) = engine.detect(cropped)
    assert 0 <= face.box.left < face.box.right <= cropped.shape[1]
    assert np.isfinite(engine.encode(cropped, [face])).all()


def test_a_picture_may_be_read_only_and_a_view(engine: AlignedEngine, public_photos: Path) -> None:
    portrait = read(public_photos / "obama2.jpg")
    turned = np.rot90(portrait)
    view = np.rot90(turned, k=-1)
    view.setflags(write=False)
    assert not view.flags.c_contiguous or view.base is not None
    faces = engine.detect(view)
    assert [face.box for face in faces] == [face.box for face in engine.detect(portrait)]
    assert np.array_equal(engine.encode(view, faces), engine.encode(portrait, faces))


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (900, 2), (1, 4000), (40, 40)])
def test_tiny_and_narrow_pictures_are_fine(engine: AlignedEngine, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (*shape, 3), np.uint8)
    assert engine.detect(noise) == []
    assert engine.encode(noise, []).shape == (0, 384)
    assert engine.chips(noise, []).shape == (0, 112, 112, 3)


def test_threads_may_share_an_engine(engine: AlignedEngine, public_photos: Path) -> None:
    pictures = [read(public_photos / name) for name in ("obama2.jpg", "astronaut.png", "biden.jpg")] * 2
    wanted = [look(engine, picture) for picture in pictures]
    found: dict[int, tuple[list[Box], Encodings]] = {}

    def one(i: int) -> None:
        found[i] = look(engine, pictures[i])

    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(pictures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, (boxes, encodings) in enumerate(wanted):
        assert found[i][0] == boxes
        assert np.array_equal(found[i][1], encodings)


def look(engine: AlignedEngine, picture: Picture) -> tuple[list[Box], Encodings]:
    faces = engine.detect(picture)
    return [face.box for face in faces], engine.encode(picture, faces)


def test_a_photo_saved_anew_is_the_same_photo(engine: AlignedEngine, public_photos: Path) -> None:
    """Mirrored, cropped and smaller copies, as for the first engine."""
    original = read(public_photos / "obama2.jpg")
    height, width = original.shape[:2]
    copies = [
        original,
        np.ascontiguousarray(original[:, ::-1]),
        np.ascontiguousarray(original[height // 20 : -height // 20, width // 20 : -width // 20]),
        cv2.resize(original, (2 * width // 3, 2 * height // 3), interpolation=cv2.INTER_AREA).astype(
            np.uint8, copy=False
        ),
        read(public_photos / "obama3.jpg"),
        read(public_photos / "biden.jpg"),
    ]
    faces = [max(engine.detect(picture), key=lambda face: face.box.area) for picture in copies]
    sample = EvaluationSet(
        np.concatenate([engine.encode(picture, [face]) for picture, face in zip(copies, faces, strict=True)]),
        np.stack([thumbnail(engine.chips(picture, [face])[0]) for picture, face in zip(copies, faces, strict=True)]),
        np.zeros(6, np.int64),
        np.ones(6, np.bool_),
        np.ones(6, np.bool_),
        (),
        (),
        engine.version,
    )
    assert sample.same_photo(np.array([0]))[:, 0].tolist() == [True, True, True, True, False, False]
