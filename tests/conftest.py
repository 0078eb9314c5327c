"""Where test pictures come from: public ones from the package index, private ones from `../shared` when it is there."""

from __future__ import annotations

import asyncio
import os
import pickle
import shutil
import signal
from collections.abc import AsyncGenerator, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from bot import jobs
from bot.app import App
from bot.database.engine import Database
from bot.domain.models import TrainedClassifier
from bot.domain.rosters import RosterRow
from bot.infra.compute import Compute
from bot.settings import Settings
from models.encodings import background
from tests.support.portraits import alone, public_portraits, small
from tests.support.remembered_engine import RememberingCompute

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("NUGU_SHARED", ROOT.parent / "shared"))
LONG_ENOUGH = 240.0
"""Seconds for an answer, or for a process from start to end, on a machine with a load of sixteen."""

STORIES = frozenset({"stories", "wire"})
"""Folders whose tests start a whole bot each."""

TRAINED_IN = 600.0
"""Seconds for a training there, which lets everybody else go first."""


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start, even where the run itself is a background job, which is deaf to it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `-m quick` runs: of each file one everyday test, and all others that are neither stories nor slow.

    The one is the first that isn't slow, or else the first.
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
        (folder / photo.name).write_bytes(small(photo))
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
    """Two real worker processes, shared by all tests; each runs the engine once on the same pixels."""
    compute = RememberingCompute(Settings(workers=2, deadline=LONG_ENOUGH))
    yield compute
    compute.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new database on which all migrations have run, which takes longer than many a test."""
    settings = Settings(data=tmp_path_factory.mktemp("migrated"))

    async def migrate() -> None:
        async with Database.open(settings):
            pass

    in_a_loop_of_its_own(migrate())
    return settings.data / "nugu.sqlite3"


@pytest.fixture
def data(tmp_path: Path, migrated: Path) -> Path:
    """A new data folder, whose database is up to date."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(migrated, folder)
    return folder


@pytest.fixture
async def app(data: Path, weights: Path, compute: Compute) -> AsyncGenerator[App]:
    """An app on a new data folder, with the workers and the engines' files of the session."""
    (data / "engines").symlink_to(weights)
    settings = Settings(data=data, deadline=LONG_ENOUGH, message_content=True)
    async with App.open(settings, compute=compute) as app:
        yield app


@pytest.fixture(scope="session")
def gallery_rows() -> list[RosterRow]:
    """Four members of one group, four photos each, and somebody alone with one: invented encodings that look like dlib's."""
    chance = np.random.default_rng(7)
    mean = background.load("dlib-1").whitening.mean
    rows: list[RosterRow] = []
    for member, photos in ((11, 4), (12, 4), (13, 4), (14, 4), (21, 1)):
        person = chance.normal(size=len(mean))
        for _ in range(photos):
            face = mean + 0.25 * (person / np.linalg.norm(person) + chance.normal(scale=0.04, size=len(mean)))
            vector = (face / np.linalg.norm(face)).astype(np.float32).tobytes()
            rows.append(RosterRow(len(rows), member, f"M{member}", member // 10, f"G{member // 10}", vector))
    return rows


@pytest.fixture(scope="session")
def trained(
    compute: Compute, gallery_rows: list[RosterRow], tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> TrainedClassifier:
    """The classifier of `gallery_rows`, trained as the bot does it: by a child of a worker; once for all tests."""
    temporary = tmp_path_factory.getbasetemp()
    common = temporary if worker_id == "master" else temporary.parent
    with alone(common / "trained.lock"):
        kept = common / "trained.pickle"
        if kept.exists():
            return pickle.loads(kept.read_bytes())
        trained = in_a_loop_of_its_own(compute.run_isolated(TRAINED_IN, jobs.train_classifier, gallery_rows, "dlib-1"))
        assert trained is not None
        kept.write_bytes(pickle.dumps(trained))
        return trained


def in_a_loop_of_its_own(job: Coroutine[object, object, T]) -> T:
    """What `job` returns: for a session's fixture, while each test has its own event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, job).result()
