"""The running jobs of clips in this process. A request wakes their queue, or stops a job, through `ClipTasks`."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

USUAL_SECONDS = 120.0
"""Seconds that a clip takes, before one was measured."""


@dataclass(frozen=True, slots=True)
class _Running:
    """A job at work. `task` acts on the outcome of `work`, and ends after it."""

    task: asyncio.Task[None]
    work: asyncio.Task[Any]


class ClipTasks:
    """The tasks of the jobs at work, and the changes that the queue has not noticed yet."""

    def __init__(self) -> None:
        self._running: dict[int, _Running] = {}
        self._runner: asyncio.Task[None] | None = None
        self._stopped: list[int] = []
        self._changed = asyncio.Event()
        self._seconds = USUAL_SECONDS

    @property
    def at_work(self) -> frozenset[int]:
        """The ids of the jobs that are at work now."""
        return frozenset(self._running)

    def add(self, job_id: int, task: asyncio.Task[None], work: asyncio.Task[Any]) -> None:
        """Add a job, which is at work until `task` ends. `work`: the part that `stop` cancels."""
        self._running[job_id] = _Running(task, work)
        task.add_done_callback(lambda _: self._running.pop(job_id, None))

    def wake(self) -> None:
        """Wake the queue after a job was added, cancelled or ended."""
        self._changed.set()

    async def changed(self) -> None:
        """Wait until `wake` is called; a call since the last return counts."""
        await self._changed.wait()
        self._changed.clear()

    async def stop(self, job_id: int) -> None:
        """End the work on a job that is cancelled in the database already. The work has ended when this returns."""
        if (running := self._running.get(job_id)) is not None:
            running.work.cancel()
            await asyncio.wait([running.task])
        else:
            self._stopped.append(job_id)
        self.wake()

    def take_stopped(self) -> list[int]:
        """The ids of jobs that were stopped before they were at work. Each call returns new ones."""
        stopped, self._stopped = self._stopped, []
        return stopped

    async def serve(self, queue: Coroutine[Any, Any, None]) -> None:
        """Run a queue, which replaces the one before."""
        await self.close()
        # In a fresh context: otherwise a simulated Discord lets the person of this context wait for all later clips.
        self._runner = Context().run(asyncio.create_task, queue)

    async def close(self) -> None:
        """End the queue and the work on all jobs. The next queue begins them again."""
        tasks = [task for running in self._running.values() for task in (running.task, running.work)]
        if self._runner is not None:
            tasks.append(self._runner)
        self._runner = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def took(self, seconds: float) -> None:
        """Count the duration of a finished clip in the estimate."""
        self._seconds += (seconds - self._seconds) / 4

    def seconds_until(self, place: int) -> float:
        """The estimated seconds until the clip at this place in the queue is done."""
        return (place + len(self._running)) * self._seconds
