"""Where test pictures come from: public ones from the package index, private ones from `../shared` when it is there."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

from bot.app import App
from bot.compute import Compute
from bot.database.engine import Database
from bot.jobs import Workbench
from bot.recognisers import Recognisers
from bot.settings import Settings
from bot.storage import Storage
from bot.turns import Turns

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("NUGU_SHARED", ROOT.parent / "shared"))
LONG_ENOUGH = 90.0
"""Seconds for an answer on a machine that does something else besides."""

PHOTO_SOURCE = "face_recognition==1.3.0"
"""Its source package (MIT) holds press portraits of two U.S. presidents; its wheel does not."""


@pytest.fixture(scope="session")
def public_photos() -> Path:
    """A folder with obama{,2,3}.jpg, biden.jpg, obama_partial_face{,2}.jpg and astronaut.png.

    Fetched once with pip, which knows the package index of this machine, and kept in the ignored folder `.cache`.
    """
    folder = ROOT / ".cache" / "public-photos"
    if (folder / "astronaut.png").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", PHOTO_SOURCE]
    subprocess.run([*command, "--dest", str(folder)], check=True, timeout=300)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        for entry in source.getmembers():
            if "/tests/test_images/" in entry.name and entry.name.endswith(".jpg"):
                content = source.extractfile(entry)
                assert content is not None
                (folder / Path(entry.name).name).write_bytes(content.read())
    Image.fromarray(skimage.data.astronaut()).save(folder / "astronaut.png")
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of private test data beside the repository; its tests are skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"no private test data at {SHARED.name}/ beside the repository")
    return SHARED


@pytest.fixture(scope="session")
def shared_faces(shared: Path) -> Path:
    """Real photos of idols: `groups/GROUP/MEMBER/*.jpg`, `group_photos`, `strangers`, `background`."""
    return shared / "faces"


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files of engines lie: the one that stories use needs none."""
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="session")
def compute() -> Generator[Compute]:
    """Two real worker processes, shared by all stories."""
    compute = Compute(Settings(workers=2, deadline=LONG_ENOUGH))
    yield compute
    compute.close()


@pytest.fixture
async def app(tmp_path: Path, weights: Path, compute: Compute) -> AsyncGenerator[App]:
    """An app on a new data folder."""
    settings = Settings(data=tmp_path / "data", deadline=LONG_ENOUGH, message_content=True)
    bench = Workbench("dlib", weights, settings.picture_bytes, settings.picture_pixels)
    async with Database.open(settings) as database:
        recognisers = Recognisers(database, compute, bench)
        yield App(settings, database, Storage.open(settings), compute, bench, recognisers, Turns(2))
