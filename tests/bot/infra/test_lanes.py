"""Two lanes of jobs: however many background jobs there are, a picture finds a worker."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from bot.errors import LongJobError
from bot.infra.compute import Compute
from bot.infra.lanes import JobLane
from bot.infra.worker_side import leaves_long_work
from bot.settings import Settings
from tests.conftest import LONG_ENOUGH

PATIENCE = 20.0
"""Seconds after which a background job ends without the picture, so that a test can fail."""


@pytest.fixture(scope="module")
def single() -> Generator[Compute]:
    """The workers of a bot with one of them."""
    compute = Compute(Settings(workers=1, deadline=LONG_ENOUGH))
    yield compute
    compute.close()


def wait_for(folder: Path) -> tuple[int, bool]:
    """A part of a clip that lasts until a picture is answered: its process, and whether that came."""
    (folder / f"begun-{os.getpid()}").touch()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if (folder / "answered").exists():
            return os.getpid(), True
        time.sleep(0.02)
    return os.getpid(), False


def take_long(folder: Path) -> tuple[int, bool]:
    """A picture that takes as long as `wait_for`."""
    if leaves_long_work():
        raise LongJobError
    return wait_for(folder)


def niceness() -> tuple[int, int]:
    return os.getpid(), os.nice(0)


async def assert_a_picture_is_answered(
    compute: Compute,
    folder: Path,
    lane: JobLane = JobLane.BACKGROUND,
    job: Callable[[Path], tuple[int, bool]] = wait_for,
) -> None:
    """A picture's job ends while five long jobs, more than there are workers, wait for that."""
    parts = [asyncio.create_task(compute.run_within(LONG_ENOUGH, lane, job, folder)) for _ in range(5)]
    async with asyncio.timeout(LONG_ENOUGH):
        while not list(folder.glob("begun-*")):
            await asyncio.sleep(0.02)
    picture = await compute.run(os.getpid)
    (folder / "answered").touch()
    results = await asyncio.gather(*parts)
    assert all(answered for _, answered in results)
    assert picture not in {process for process, _ in results}


async def test_clips_get_all_workers_but_one_of_a_bot_and_all_of_a_command() -> None:
    for workers, of_bot, of_command in ((1, 1, 1), (2, 1, 2), (4, 3, 4)):
        settings = Settings(workers=workers)
        assert await Compute(settings).background_slots() == of_bot
        assert await Compute(settings, serves=False).background_slots() == of_command


async def test_a_picture_is_answered_while_clips_fill_all_workers_but_one(compute: Compute, tmp_path: Path) -> None:
    await assert_a_picture_is_answered(compute, tmp_path)


async def test_a_picture_is_answered_while_others_that_take_long_wait(compute: Compute, tmp_path: Path) -> None:
    await assert_a_picture_is_answered(compute, tmp_path, JobLane.PICTURES, take_long)


@pytest.mark.slow
async def test_beside_a_single_worker_clips_have_a_second_process_that_gives_way(
    single: Compute, tmp_path: Path
) -> None:
    picture, usual = await single.run(niceness)
    assert await asyncio.to_thread(single.worker_pids) == [picture], "it starts with the first background job"
    background, nicer = await single.run_in_background(niceness)
    assert background != picture
    assert nicer == usual + 10
    await assert_a_picture_is_answered(single, tmp_path)


@pytest.mark.thorough
async def test_the_workers_of_a_command_give_way_to_those_of_a_bot() -> None:
    async with Compute.open(Settings(workers=2, deadline=LONG_ENOUGH), serves=False) as compute:
        seen = [await compute.run(niceness), await compute.run_in_background(niceness)]
        assert {nice for _, nice in seen} == {os.nice(0) + 10}
        assert len(await asyncio.to_thread(compute.worker_pids)) == 2
