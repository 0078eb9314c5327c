"""Rosters are trained in the background; a question never waits for it, and nobody who answers imports TensorFlow."""

from __future__ import annotations

import asyncio
import io
import pickle
import subprocess
import sys
import zipfile
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot import jobs
from bot.classifiers import Classifiers
from bot.compute import Compute
from bot.database.crops import Crops, StoredCut
from bot.database.engine import Database
from bot.database.rosters import Rosters
from bot.database.tables import Photo
from bot.jobs import Cut, RosterRow, Trained, TrainingFailedError, Workbench
from bot.recognisers import Recognisers
from bot.settings import Settings
from bot.storage import Storage
from bot.training import in_words
from models.classifier import Trial, about, load
from models.classifier_file import ABOUT, is_whole
from models.recognition import Recogniser
from tests.conftest import LONG_ENOUGH, ROOT

SERVER = 77
ENGINE = "dlib-1"


class Trainer(Compute):
    """Workers that are told what every training finds; everything else they do themselves."""

    def __init__(self, settings: Settings, finds: Trained | Exception | None) -> None:
        super().__init__(settings)
        self.finds = finds
        self.trainings = 0

    async def run_aside(self, limit: float, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        assert job is jobs.train
        self.trainings += 1
        await asyncio.sleep(0)
        if isinstance(self.finds, Exception):
            raise self.finds
        return self.finds


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with Database.open(Settings(data=tmp_path)) as database:
        yield database


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.open(Settings(data=tmp_path))


@pytest.fixture
def trainer(tmp_path: Path, trained: Trained) -> Generator[Trainer]:
    trainer = Trainer(Settings(data=tmp_path), trained)
    yield trainer
    trainer.close()


@pytest.fixture
async def enrolled(database: Database, gallery_rows: Sequence[RosterRow]) -> None:
    """`gallery_rows` in the database, under other ids."""
    async with database.writing() as session:
        rosters = Rosters(session)
        for group in dict.fromkeys(row.group_name for row in gallery_rows):
            await rosters.add_group(SERVER, group)
    for number, row in enumerate(gallery_rows):
        await add_photo(database, row, number)


async def add_photo(database: Database, row: RosterRow, number: int) -> None:
    async with database.writing() as session:
        rosters = Rosters(session)
        group = await rosters.find_group([SERVER], row.group_name)
        assert group is not None
        member = await rosters.find_member(group.id, row.name) or await rosters.add_member(group.id, row.name)
        cut = StoredCut(Cut(b"", 100, 2.0), "none", f"{number:064}")
        crop = await Crops(session).add(SERVER, cut, row.vector, ENGINE)
        await rosters.add_photo(Photo(member_id=member.id, crop_id=crop.id, added_by=1), SERVER)


async def kept(storage: Storage) -> list[str]:
    return await storage.keys("classifiers")


async def trained_once(classifiers: Classifiers, count: int = 1) -> None:
    async with asyncio.timeout(10):
        while classifiers.trained < count:
            await asyncio.sleep(0.01)


async def test_a_burst_of_photos_is_one_training(
    database: Database, storage: Storage, trainer: Trainer, enrolled: None
) -> None:
    async with Classifiers.open(database, storage, trainer, quiet=0.2) as classifiers:
        for _ in range(5):
            classifiers.wanted(SERVER, ENGINE)
            await asyncio.sleep(0.02)
        await trained_once(classifiers)
        assert len(await kept(storage)) == 1
        # Nothing has changed since.
        classifiers.wanted(SERVER, ENGINE)
        await asyncio.sleep(0.4)
        assert trainer.trainings == 1


async def test_a_roster_that_changed_is_trained_anew_and_has_none_meanwhile(
    database: Database,
    storage: Storage,
    trainer: Trainer,
    enrolled: None,
    gallery_rows: list[RosterRow],
    trained: Trained,
) -> None:
    async with Classifiers.open(database, storage, trainer, quiet=0.05) as classifiers:
        assert await classifiers.of([SERVER], ENGINE) == []
        await trained_once(classifiers)
        assert await classifiers.of([SERVER], ENGINE) == [trained.file]
        (before,) = await kept(storage)
        await add_photo(database, gallery_rows[0], 99)
        assert await classifiers.of([SERVER], ENGINE) == []
        await trained_once(classifiers, 2)
        (after,) = await kept(storage)
        assert before != after


async def test_a_file_that_is_broken_or_of_another_format_is_trained_anew(
    database: Database,
    storage: Storage,
    trainer: Trainer,
    enrolled: None,
    trained: Trained,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Classifiers.open(database, storage, trainer, quiet=0.05) as classifiers:
        classifiers.wanted(SERVER, ENGINE)
        await trained_once(classifiers)
        (key,) = await kept(storage)
        middle = len(trained.file) // 2
        flipped = trained.file[:middle] + bytes([trained.file[middle] ^ 1]) + trained.file[middle + 1 :]
        for count, broken in enumerate((b"broken", trained.file[:-100], flipped), start=2):
            await storage.put(key, broken)
            assert await classifiers.of([SERVER], ENGINE) == []
            await trained_once(classifiers, count)
            assert await classifiers.of([SERVER], ENGINE) == [trained.file]
            assert await kept(storage) == [key]
        monkeypatch.setattr("bot.classifiers.FORMAT", 2)
        assert await classifiers.of([SERVER], ENGINE) == []
        await trained_once(classifiers, 5)
        (other,) = await kept(storage)
        assert other != key


def test_a_file_of_another_format_is_not_whole(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_whole(trained.file)
    monkeypatch.setattr("models.classifier_file.FORMAT", 2)
    assert not is_whole(trained.file)


async def test_nothing_is_trained_unless_the_bot_runs(
    database: Database, storage: Storage, trainer: Trainer, enrolled: None
) -> None:
    async with Classifiers.open(database, storage, trainer, quiet=None) as classifiers:
        assert await classifiers.of([SERVER], ENGINE) == []
        await asyncio.sleep(0.05)
    assert trainer.trainings == 0


@pytest.mark.parametrize("finds", [None, TrainingFailedError("it ended with -9"), RuntimeError("a bug")])
async def test_what_is_too_small_or_fails_leaves_the_distance_to_answer(
    database: Database, storage: Storage, trainer: Trainer, enrolled: None, finds: Exception | None
) -> None:
    trainer.finds = finds
    async with Classifiers.open(database, storage, trainer, quiet=0.01) as classifiers:
        classifiers.wanted(SERVER, ENGINE)
        async with asyncio.timeout(5):
            while not trainer.trainings:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert await kept(storage) == []
        assert classifiers.trained == 0


async def test_the_next_question_after_a_training_uses_it(
    database: Database, storage: Storage, trainer: Trainer, weights: Path, enrolled: None
) -> None:
    bench = Workbench("dlib", weights, 1, 1)
    async with Classifiers.open(database, storage, trainer, quiet=0.05) as classifiers:
        recognisers = Recognisers(database, trainer, bench, classifiers)
        alone = await recognisers.of([SERVER])
        await trained_once(classifiers)
        helped = await recognisers.of([SERVER])
        assert await recognisers.of([SERVER]) is helped
    assert Recogniser.from_bytes(alone.recogniser).classifiers == ()
    (classifier,) = Recogniser.from_bytes(helped.recogniser).classifiers
    assert classifier.version == ENGINE


def test_a_classifier_that_does_not_help_is_not_used(trained: Trained, gallery_rows: list[RosterRow]) -> None:
    classifier = load(trained.file)
    worse = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(trained.file)) as old, zipfile.ZipFile(worse, "w") as new:
        for name in old.namelist():
            told = about(classifier.members, ENGINE, Trial(16, 16, 15))
            new.writestr(name, told if name == ABOUT else old.read(name))
    used = [
        len(Recogniser.from_bytes(jobs.fit(gallery_rows, ENGINE, [file])).classifiers)
        for file in (trained.file, worse.getvalue(), b"broken")
    ]
    assert used == [1, 0, 0]


ANSWER = """
import pickle, sys
import bot.app, bot.client, bot.cli
from bot import jobs
from models.recognition import Recogniser
import numpy as np
rows, file = pickle.load(open(sys.argv[1], "rb"))
recogniser = Recogniser.from_bytes(jobs.fit(rows, "dlib-1", [file]))
assert recogniser.classifiers
recogniser.name(np.stack([np.frombuffer(row.vector, np.float32) for row in rows]))
print(sorted({"tensorflow", "keras"} & set(sys.modules)))
"""


def test_who_answers_never_imports_tensorflow(trained: Trained, gallery_rows: list[RosterRow], tmp_path: Path) -> None:
    file = tmp_path / "rows.pickle"
    file.write_bytes(pickle.dumps((gallery_rows, trained.file)))
    command = [sys.executable, "-c", ANSWER, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=LONG_ENOUGH)
    assert done.stdout.strip() == "[]"


def heavy_modules() -> set[str]:
    return {"tensorflow", "keras"} & set(sys.modules)


@asynccontextmanager
async def a_training(
    rows: list[RosterRow],
) -> AsyncGenerator[tuple[Compute, asyncio.Task[Trained | None], int, list[psutil.Process]]]:
    """Workers of one, the training that it has begun, its process id, and its children."""
    async with Compute.open(Settings(workers=1, deadline=LONG_ENOUGH)) as compute:
        training = asyncio.create_task(compute.run_aside(LONG_ENOUGH, jobs.train, rows, ENGINE, LONG_ENOUGH))
        (worker,) = await asyncio.to_thread(compute.worker_pids)
        async with asyncio.timeout(LONG_ENOUGH):
            while not (children := psutil.Process(worker).children()):
                await asyncio.sleep(0.05)
        yield compute, training, worker, children


async def test_the_worker_of_a_training_answers_meanwhile_and_survives_its_death(
    gallery_rows: list[RosterRow],
) -> None:
    async with a_training(gallery_rows) as (compute, training, worker, children):
        assert await compute.run(heavy_modules) == set()
        assert not training.done()
        children[0].kill()
        with pytest.raises(TrainingFailedError, match="-9"):
            await training
        assert await asyncio.to_thread(compute.worker_pids) == [worker]


async def test_the_child_of_a_dead_worker_ends_itself(gallery_rows: list[RosterRow]) -> None:
    async with a_training(gallery_rows) as (_, training, worker, children):
        psutil.Process(worker).kill()
        gone, _ = await asyncio.to_thread(psutil.wait_procs, children, LONG_ENOUGH / 2)
        assert gone == children
        training.cancel()


async def test_a_training_that_takes_too_long_ends_itself(compute: Compute, gallery_rows: list[RosterRow]) -> None:
    with pytest.raises(TrainingFailedError):
        await compute.run_aside(LONG_ENOUGH, jobs.train, gallery_rows, ENGINE, 0.01)


async def test_a_small_roster_starts_no_training(compute: Compute, gallery_rows: list[RosterRow]) -> None:
    assert await compute.run_aside(LONG_ENOUGH, jobs.train, gallery_rows[:11], ENGINE, LONG_ENOUGH) is None


def test_what_a_training_found_is_told() -> None:
    assert in_words(None) == "too few for a classifier; the distance answers alone"
    told = in_words(Trained(b"", 40, 39, 40, helps=True))
    assert told == "of 40 photos held out, 97.5% are picked right by distance, 100.0% with the classifier; it is used"
