"""Workers: a killed one costs a retry, a hung one its deadline, and neither costs the next answer."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from bot.compute import Compute
from bot.errors import PersonError, TooSlowError, WorkLostError
from bot.settings import Settings


@pytest.fixture(scope="module")
def compute() -> Generator[Compute]:
    compute = Compute(Settings(workers=2, deadline=20))
    yield compute
    compute.close()


def slowly(marks: Path, seconds: float) -> int:
    """Leaves a mark with the worker's process id when it starts."""
    (marks / str(os.getpid())).touch()
    time.sleep(seconds)
    return os.getpid()


def hang_without_the_gil(marks: Path) -> None:
    """Sleeps in C, as a decoder that hangs would, where nothing in Python can interrupt it."""
    (marks / str(os.getpid())).touch()
    import ctypes

    ctypes.PyDLL(None).sleep(600)


def fail(sentence: str) -> None:
    raise PersonError(sentence)


def die() -> None:
    os._exit(9)


async def started_in(marks: Path) -> int:
    async with asyncio.timeout(15):
        while not list(marks.iterdir()):
            await asyncio.sleep(0.02)
    return int(next(marks.iterdir()).name)


async def test_a_killed_worker_costs_a_retry_and_not_the_answer(compute: Compute, tmp_path: Path) -> None:
    answer = asyncio.create_task(compute.run(slowly, tmp_path, 1.0))
    victim = await started_in(tmp_path)
    os.kill(victim, signal.SIGKILL)
    survivor = await answer
    assert survivor != victim
    assert {int(mark.name) for mark in tmp_path.iterdir()} == {victim, survivor}


async def test_errors_come_back_as_they_are(compute: Compute) -> None:
    with pytest.raises(PersonError, match="a sentence"):
        await compute.run(fail, "a sentence")


async def test_work_that_kills_every_worker_is_given_up(compute: Compute) -> None:
    with pytest.raises(WorkLostError):
        await compute.run(die)
    assert await compute.run(os.getpid) > 0


async def test_a_hung_worker_is_replaced_and_the_next_answer_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.compute.GRACE", 0.5)
    compute = Compute(Settings(workers=1, deadline=4))
    try:
        await compute.run(os.getpid)
        began = time.monotonic()
        with pytest.raises(TooSlowError):
            await compute.run(hang_without_the_gil, tmp_path)
        assert time.monotonic() - began < 8
        (mark,) = tmp_path.iterdir()
        async with asyncio.timeout(30):
            while True:
                try:
                    assert await compute.run(os.getpid) != int(mark.name)
                    break
                except TooSlowError:
                    continue
    finally:
        compute.close()
    assert not Path(f"/proc/{mark.name}").exists()


async def test_work_in_this_process_for_one_off_commands() -> None:
    async with Compute.open(Settings(), own_processes=False) as compute:
        assert await compute.run(os.getpid) == os.getpid()
