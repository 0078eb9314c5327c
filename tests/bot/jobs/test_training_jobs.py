"""Training jobs run in isolated processes: no worker imports TensorFlow, and each process ends by its deadline."""

from __future__ import annotations

import asyncio
import io
import pickle
import subprocess
import sys
import zipfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot import jobs
from bot.domain.models import TrainedClassifier
from bot.domain.rosters import EnrolledEncoding
from bot.infra.compute import Compute
from bot.infra.deadline import Deadline
from bot.settings import Settings
from models.learning import isolation
from models.learning.isolation import IsolatedProcessError
from models.recognition.classifier import HoldOutResult, load, metadata
from models.recognition.classifier_file import METADATA, is_complete
from models.recognition.recogniser import Recogniser
from tests.conftest import LONG_ENOUGH, ROOT
from tests.support.galleries import ENGINE, another

pytestmark = pytest.mark.slow


def test_a_file_of_another_format_is_not_whole(trained: TrainedClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_complete(trained.file)
    monkeypatch.setattr("models.recognition.classifier_file.FORMAT", 2)
    assert not is_complete(trained.file)


def test_a_classifier_that_does_not_help_is_not_used(
    trained: TrainedClassifier, gallery_rows: list[EnrolledEncoding]
) -> None:
    classifier = load(trained.file)
    worse = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(trained.file)) as old, zipfile.ZipFile(worse, "w") as new:
        for name in old.namelist():
            result = metadata(classifier.members, ENGINE, HoldOutResult(16, 16, 15))
            new.writestr(name, result if name == METADATA else old.read(name))
    used = [
        len(Recogniser.from_bytes(jobs.fit_recogniser(gallery_rows, ENGINE, [file])).classifiers)
        for file in (trained.file, worse.getvalue(), b"broken")
    ]
    assert used == [1, 0, 0]


ANSWER = """
import pickle, sys
import bot.app, bot.client, bot.cli
from bot import jobs
from models.recognition.recogniser import Recogniser
import numpy as np
rows, file = pickle.load(open(sys.argv[1], "rb"))
recogniser = Recogniser.from_bytes(jobs.fit_recogniser(rows, "sface-2", [file]))
assert recogniser.classifiers
recogniser.identify(np.stack([np.frombuffer(row.vector, np.float32) for row in rows]))
print(sorted({"tensorflow", "keras"} & set(sys.modules)))
"""


def test_a_process_that_answers_never_imports_tensorflow(
    trained: TrainedClassifier, gallery_rows: list[EnrolledEncoding], tmp_path: Path
) -> None:
    file = tmp_path / "rows.pickle"
    file.write_bytes(pickle.dumps((gallery_rows, trained.file)))
    command = [sys.executable, "-c", ANSWER, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=LONG_ENOUGH)
    assert done.stdout.strip() == "[]"


def photos_of(rows: list[EnrolledEncoding]) -> set[int]:
    return {row.photo for row in rows}


def heavy_modules() -> set[str]:
    return {"tensorflow", "keras"} & set(sys.modules)


@asynccontextmanager
async def a_training(
    rows: list[EnrolledEncoding],
) -> AsyncGenerator[tuple[Compute, asyncio.Task[TrainedClassifier | None], int, list[psutil.Process]]]:
    """One worker that has begun a training: the workers, the training, the worker's process id, its child processes."""
    async with Compute.open(Settings(workers=1, deadline=LONG_ENOUGH)) as compute:
        work = compute.run_isolated(LONG_ENOUGH, jobs.train_classifier, rows, ENGINE)
        training = asyncio.create_task(work)
        (worker,) = await asyncio.to_thread(compute.worker_pids)
        async with asyncio.timeout(LONG_ENOUGH):
            while not (children := psutil.Process(worker).children()):
                await asyncio.sleep(0.05)
        yield compute, training, worker, children


@pytest.mark.thorough
async def test_the_worker_of_a_training_takes_other_jobs_and_survives_the_death_of_the_training(
    gallery_rows: list[EnrolledEncoding],
) -> None:
    async with a_training(gallery_rows) as (compute, training, worker, children):
        assert await compute.run(heavy_modules) == set()
        assert not training.done()
        children[0].kill()
        with pytest.raises(IsolatedProcessError, match="-9"):
            await training
        assert await asyncio.to_thread(compute.worker_pids) == [worker]


@pytest.mark.thorough
async def test_the_child_of_a_dead_worker_ends_itself(gallery_rows: list[EnrolledEncoding]) -> None:
    async with a_training(gallery_rows) as (_, training, worker, children):
        psutil.Process(worker).kill()
        gone, _ = await asyncio.to_thread(psutil.wait_procs, children, LONG_ENOUGH / 2)
        assert gone == children
        training.cancel()


async def test_a_training_past_its_deadline_leaves_no_process(gallery_rows: list[EnrolledEncoding]) -> None:
    """Otherwise the next training would begin beside it."""
    async with Compute.open(Settings(workers=1, deadline=LONG_ENOUGH)) as compute:
        (worker,) = await asyncio.to_thread(compute.worker_pids)
        with pytest.raises(IsolatedProcessError):
            await compute.run_isolated(1.0, jobs.train_classifier, gallery_rows, ENGINE)
        assert psutil.Process(worker).children() == []


async def test_both_processes_of_a_training_keep_to_one_deadline(
    gallery_rows: list[EnrolledEncoding], monkeypatch: pytest.MonkeyPatch
) -> None:
    group = [row for row in gallery_rows if row.group_name == "G1"]
    rows = group + labelled(group, {"M11": "M12", "M12": "M11"}, 3)
    limits: list[float] = []

    def in_this_process(limit: float, work: Callable[..., Any], *args: Any) -> Any:
        limits.append(limit)
        return work(*args)

    monkeypatch.setattr(isolation, "run_in_child", in_this_process)
    async with Compute.open(Settings(), own_processes=False) as compute:
        made = await compute.run_isolated(LONG_ENOUGH, jobs.train_model, rows, photos_of(group), ENGINE)
    assert not made.judged.passes
    first, second = limits
    assert LONG_ENOUGH > first > second


def test_without_time_left_no_process_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(subprocess, "run")
    with pytest.raises(IsolatedProcessError, match="no time was left"):
        isolation.run_in_child(Deadline.after(-1.0).left(), heavy_modules)


async def test_a_small_roster_starts_no_training(compute: Compute, gallery_rows: list[EnrolledEncoding]) -> None:
    assert await compute.run_isolated(LONG_ENOUGH, jobs.train_classifier, gallery_rows[:11], ENGINE) is None


def labelled(rows: list[EnrolledEncoding], labels: dict[str, str], count: int) -> list[EnrolledEncoding]:
    """`count` new photos for each of `labels`, {member in the photo: member on its label}."""
    return [
        replace(next(row for row in rows if row.name == label), photo=100 + seed, vector=another(rows, shown, seed))
        for seed, (shown, label) in enumerate([*labels.items()] * count)
    ]


@pytest.mark.thorough
async def test_a_model_of_wrong_labels_does_not_pass(compute: Compute, dlib_rows: list[EnrolledEncoding]) -> None:
    group = [row for row in dlib_rows if row.group_name == "G1"]
    rows = group + labelled(group, {"M11": "M12", "M12": "M11"}, 3)
    made = await compute.run_isolated(LONG_ENOUGH, jobs.train_model, rows, photos_of(group), "dlib-1")
    assert (made.judged.passes, made.judged.probes, made.trained) == (False, 16, None)
    assert set(made.suspected) == {row.photo for row in rows} - photos_of(group)


async def test_a_model_of_right_labels_passes(compute: Compute, dlib_rows: list[EnrolledEncoding]) -> None:
    """The rows are too few for a classifier."""
    group = [row for row in dlib_rows if row.group_name == "G1" and row.photo % 4 and row.name != "M14"]
    rows = group + labelled(group, {"M11": "M11", "M12": "M12"}, 1)
    made = await compute.run_isolated(LONG_ENOUGH, jobs.train_model, rows, photos_of(group), "dlib-1")
    assert (made.judged.passes, made.judged.probes, made.trained) == (True, 9, None)
    report = await compute.run_isolated(LONG_ENOUGH, jobs.report_on_group, rows, frozenset(), "dlib-1")
    assert made.named == report.named
    assert made.named.photos == len(rows)
