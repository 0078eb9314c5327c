"""The running jobs of clips in this process. A request wakes their queue, or stops a job, through `ClipTasks`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

USUAL_SECONDS = 120.0
"""Seconds that a clip takes, before one was measured."""


@dataclass(frozen=True, slots=True)
class _Running:
    """A job at work. `cancelled`: ends its work; the task ends a little later."""

    task: asyncio.Task[None]
    cancelled: asyncio.Event


class ClipTasks:
    """The tasks of the jobs at work, and the changes that the queue has not noticed yet."""

    def __init__(self) -> None:
        self._running: dict[int, _Running] = {}
        self._runner: asyncio.Task[None] | None = None
        self._cancelled: list[int] = []
        self._changed = asyncio.Event()
        self._seconds = USUAL_SECONDS

    @property
    def at_work(self) -> frozenset[int]:
        """The ids of the jobs that are at work now."""
        return frozenset(self._running)

    def add(self, job_id: int, task: asyncio.Task[None], cancelled: asyncio.Event) -> None:
        """Add a job, which is at work until `task` ends. `cancelled`: the event that `cancel` sets."""
        self._running[job_id] = _Running(task, cancelled)
        task.add_done_callback(lambda _: self._running.pop(job_id, None))

    def wake(self) -> None:
        """Wake the queue after a job was added, cancelled or ended."""
        self._changed.set()

    async def wait_for_change(self, seconds: float) -> None:
        """Wait until `wake` is called, or for so long. A call since the last return counts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        self._changed.clear()

    async def cancel(self, job_id: int) -> None:
        """End the work on a job that is cancelled in the database already. The work has ended when this returns."""
        if (running := self._running.get(job_id)) is not None:
            running.cancelled.set()
            await asyncio.wait([running.task])
        self._cancelled.append(job_id)
        self.wake()

    def pop_cancelled(self) -> list[int]:
        """The ids of the jobs that were cancelled since the last call."""
        cancelled, self._cancelled = self._cancelled, []
        return cancelled

    async def serve(self, queue: Coroutine[Any, Any, None]) -> None:
        """Run a queue, which replaces the one before."""
        await self.close()
        # In a fresh context: otherwise a simulated Discord lets the person of this context wait for all later clips.
        self._runner = Context().run(asyncio.create_task, queue)

    async def close(self) -> None:
        """End the queue and the work on all jobs. The next queue begins them again."""
        tasks = [running.task for running in self._running.values()]
        if self._runner is not None:
            tasks.append(self._runner)
        self._runner = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def record_duration(self, seconds: float) -> None:
        """Count the duration of a finished clip in the estimate."""
        self._seconds += (seconds - self._seconds) / 4

    def seconds_until(self, place: int) -> float:
        """The estimated seconds until the clip at this place in the queue is done."""
        return (place + len(self._running)) * self._seconds
