"""The processes and folders of a bot: which ones a kill may end, and what it leaves behind."""

import asyncio
import fcntl
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_PATIENCE = 30.0
"""Seconds in which a killed process's children end, and temporary files go."""

_PREFIX = "nugu-run-"
_PAUSE = 0.05


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """The processes that a process has started, and theirs."""
    with suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []


def workers(process: psutil.Process) -> list[psutil.Process]:
    """The workers among the descendants: what multiprocessing spawned."""
    return [each for each in descendants(process) if "spawn_main" in _command(each)]


def trains(process: psutil.Process) -> bool:
    """Whether a process for a training is among the descendants."""
    return any("models.learning.isolation" in _command(each) for each in descendants(process))


async def until(reached: Callable[[], object], seconds: float) -> None:
    """Return when `reached()` is true, or after some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not reached():  # noqa: ASYNC110  # a process tells nobody of its end
        await asyncio.sleep(_PAUSE)


def kill(process: psutil.Process) -> None:
    """End a process as a lack of memory does."""
    with suppress(psutil.NoSuchProcess):
        process.kill()


async def a_worker(process: psutil.Process, chance: random.Random) -> psutil.Process | None:
    """One of the workers, as soon as there is one; None where none starts."""
    await until(lambda: workers(process), _PATIENCE)
    found = workers(process)
    return chance.choice(found) if found else None


async def still_alive(processes: Iterable[psutil.Process]) -> list[str]:
    """The commands of those that don't end by themselves. They are killed."""
    _, alive = await asyncio.to_thread(psutil.wait_procs, list(processes), _PATIENCE)
    commands = [f"{each.pid} {_command(each)[:200]}" for each in alive]
    for each in alive:
        kill(each)
    return commands


async def left_behind(temporary: Path) -> list[str]:
    """What lies in the folder for temporary files, though no running process holds it."""
    await until(lambda: not list(_unheld(temporary)), _PATIENCE)
    return sorted(_unheld(temporary))


def _unheld(temporary: Path) -> Iterator[str]:
    for path in temporary.iterdir():
        if not path.name.startswith(_PREFIX) or not _is_held(path):
            yield path.name


def _is_held(folder: Path) -> bool:
    """Whether a running process locks a folder."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
