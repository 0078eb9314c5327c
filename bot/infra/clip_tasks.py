"""The clips that are being made in this process: a request wakes their queue through this, and stops them."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

USUAL_SECONDS = 120.0
"""How long a clip takes, until it was measured here."""


@dataclass(frozen=True, slots=True)
class _Running:
    """A job at work. `task` ends after it acted on the outcome of `work`."""

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
        """The job is at work from now on, until `task` ends. `work`: the part of it that `stop` cancels."""
        self._running[job_id] = _Running(task, work)
        task.add_done_callback(lambda _: self._running.pop(job_id, None))

    def wake(self) -> None:
        """Let the queue look at its jobs again: one was added, cancelled or ended."""
        self._changed.set()

    async def changed(self) -> None:
        """Return once `wake` was called since the last return."""
        await self._changed.wait()
        self._changed.clear()

    async def stop(self, job_id: int) -> None:
        """End the work on a job that is cancelled in the database already; it has ended when this returns."""
        if (running := self._running.get(job_id)) is not None:
            running.work.cancel()
            await asyncio.wait([running.task])
        else:
            self._stopped.append(job_id)
        self.wake()

    def take_stopped(self) -> list[int]:
        """The ids of jobs that were stopped before they were at work, each of them once."""
        stopped, self._stopped = self._stopped, []
        return stopped

    async def serve(self, queue: Coroutine[Any, Any, None]) -> None:
        """Let a queue begin the jobs from now on, in place of the one before."""
        await self.close()
        # Belongs to nobody's question: a context would make its asker wait, in a simulated Discord, for all later clips.
        self._runner = Context().run(asyncio.create_task, queue)

    async def close(self) -> None:
        """End the queue and the work on all jobs, which the next queue takes up."""
        tasks = [task for one in self._running.values() for task in (one.task, one.work)]
        if self._runner is not None:
            tasks.append(self._runner)
        self._runner = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def took(self, seconds: float) -> None:
        """A clip took so long."""
        self._seconds += (seconds - self._seconds) / 4

    def seconds_until(self, place: int) -> float:
        """About how long until the clip at this place in the queue is done."""
        return (place + len(self._running)) * self._seconds
