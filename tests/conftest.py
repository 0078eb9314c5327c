"""Fixtures for all tests: photos, an app, an image search, a trained classifier. Which tests `-m quick` runs."""

from __future__ import annotations

import asyncio
import os
import pickle
import shutil
import signal
import sqlite3
from collections.abc import AsyncGenerator, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from bot import jobs
from bot.app import App
from bot.database.engine import Database
from bot.domain.models import TrainedClassifier
from bot.domain.rosters import EnrolledEncoding
from bot.infra.compute import Compute
from bot.settings import Settings
from models.encodings import background
from models.engines import DEFAULT, version_of
from tests.support.image_search import ImageSearch, serving
from tests.support.portraits import locked, public_portraits, small_photo
from tests.support.remembered_engine import RememberingCompute

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("NUGU_SHARED", ROOT.parent / "shared"))
LONG_ENOUGH = 240.0
"""Seconds in which any answer comes and any process ends, even on a machine with a load of sixteen."""

STORIES = frozenset({"stories", "wire"})
"""Folders in which each test starts a whole bot."""

TRAINING_LIMIT = 600.0
"""Seconds in which a training ends on such a machine: it runs at low priority."""


def pytest_configure() -> None:
    """Handle SIGINT. A background job of a shell ignores it, and the processes that tests interrupt would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of `-m quick`: all that are neither stories nor slow, and at least one everyday test of each file.

    That is the first test that isn't slow, or else the first: put a cheap one first.
    """
    everyday = [item for item in items if item.get_closest_marker("thorough") is None]
    slow = {item for item in everyday if item.get_closest_marker("slow") is not None}
    first: dict[Path, pytest.Item] = {}
    for item in everyday:
        if item.path not in first or (first[item.path] in slow and item not in slow):
            first[item.path] = item
    for item in everyday:
        if item is first[item.path] or (item not in slow and item.path.parent.name not in STORIES):
            item.add_marker("quick")


@pytest.fixture(scope="session")
def public_photos() -> Path:
    """A folder with obama{,2,3}.jpg, biden.jpg, obama_partial_face{,2}.jpg and astronaut.png; see `public_portraits`."""
    return public_portraits()


@pytest.fixture(scope="session")
def small_photos(public_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same photos, at most 720 px on the longer side: for tests that do not depend on the size."""
    folder = tmp_path_factory.mktemp("small")
    for photo in [*public_photos.glob("*.jpg"), *public_photos.glob("*.png")]:
        (folder / photo.name).write_bytes(small_photo(photo))
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
    """The folder of the engines' files. The default engine, which stories use, needs none."""
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="session")
def compute() -> Generator[Compute]:
    """Two real worker processes, shared by all tests; each runs the engine once on the same pixels."""
    compute = RememberingCompute(Settings(workers=2, deadline=LONG_ENOUGH))
    yield compute
    compute.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database after all migrations, for tests to copy: they take longer than many a test."""
    settings = Settings(data=tmp_path_factory.mktemp("migrated"))

    async def migrate() -> None:
        async with Database.open(settings):
            pass

    run_in_new_loop(migrate())
    return settings.data / "nugu.sqlite3"


@pytest.fixture
def data(tmp_path: Path, migrated: Path) -> Path:
    """A new data folder with an up-to-date database."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(migrated, folder)
    return folder


@pytest.fixture
def dlib_in_use(data: Path) -> None:
    """The engine that an installation of an older version has in use, for tests of invented encodings and figures by dlib."""
    with closing(sqlite3.connect(data / "nugu.sqlite3")) as connection, connection:
        connection.execute("UPDATE engine_in_use SET name = 'dlib', told = 1")


@pytest.fixture
async def app(data: Path, weights: Path, compute: Compute) -> AsyncGenerator[App]:
    """An app on a new data folder. All tests share its workers and the engines' files."""
    (data / "engines").symlink_to(weights)
    settings = Settings(data=data, deadline=LONG_ENOUGH, message_content=True)
    async with App.open(settings, compute=compute) as app:
        yield app


@pytest.fixture
async def search() -> AsyncGenerator[ImageSearch]:
    """An image search on loopback."""
    async with serving() as search:
        yield search


@pytest.fixture(scope="session")
def gallery_rows() -> list[EnrolledEncoding]:
    """`invented_rows` in the manner of the default engine's."""
    return invented_rows(version_of(DEFAULT))


@pytest.fixture(scope="session")
def dlib_rows() -> list[EnrolledEncoding]:
    """`invented_rows` in the manner of dlib's, for tests whose figures were chosen for those."""
    return invented_rows("dlib-1")


def invented_rows(version: str) -> list[EnrolledEncoding]:
    """Four members of one group with four photos each, and a soloist with one."""
    chance = np.random.default_rng(7)
    mean = background.load(version).whitening.mean
    rows: list[EnrolledEncoding] = []
    for member, photos in ((11, 4), (12, 4), (13, 4), (14, 4), (21, 1)):
        person = chance.normal(size=len(mean))
        for _ in range(photos):
            face = mean + 0.25 * (person / np.linalg.norm(person) + chance.normal(scale=0.04, size=len(mean)))
            vector = (face / np.linalg.norm(face)).astype(np.float32).tobytes()
            rows.append(EnrolledEncoding(len(rows), member, f"M{member}", member // 10, f"G{member // 10}", vector))
    return rows


@pytest.fixture(scope="session")
def trained(
    compute: Compute, gallery_rows: list[EnrolledEncoding], tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> TrainedClassifier:
    """The classifier of `gallery_rows`, trained as the bot trains: by a child of a worker. Once for all processes of pytest."""
    temporary = tmp_path_factory.getbasetemp()
    common = temporary if worker_id == "master" else temporary.parent
    with locked(common / "trained.lock"):
        file = common / "trained.pickle"
        if file.exists():
            return pickle.loads(file.read_bytes())
        trained = run_in_new_loop(
            compute.run_isolated(TRAINING_LIMIT, jobs.train_classifier, gallery_rows, version_of(DEFAULT))
        )
        assert trained is not None
        file.write_bytes(pickle.dumps(trained))
        return trained


def run_in_new_loop(job: Coroutine[object, object, T]) -> T:
    """The result of `job`, for fixtures of the session: each test has its own event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, job).result()
