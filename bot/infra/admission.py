"""Admission to the workers. Every job and every submitted file waits for its turn, and nothing is read before."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Any

from bot.infra.lanes import JobLane, background_workers
from bot.infra.shares import FairShares
from bot.infra.turns import TurnQueue
from bot.infra.workers import in_fresh_context

if TYPE_CHECKING:
    from bot.settings import Settings

AHEAD = 2
"""Files of one asker that are fetched while all workers are busy, so that none of them waits for a download."""

FILES = 64
"""Files that are fetched or wait for a worker at a time, at most."""

ASKER_PART = 0.25
"""The part of `NUGU_MEMORY` that the files of one asker may take, so that they don't keep the files of others away."""

COUNT_SECONDS = 10.0
"""Seconds after which the workers of a running scheduler are counted again."""


class Admission:
    """The turns at the workers, `jobs`, and those of files, `files`, which last from the download to the end of the job.

    Both go by the same shares. A job's turn begins when a worker is free for it: so Dask has no queue of its own, which would
    not be fair. `background`: the background jobs at a time. `own_processes` and `serves` are as in `Compute.open`.
    """

    def __init__(self, settings: Settings, *, own_processes: bool, serves: bool) -> None:
        shares = FairShares()
        self.jobs = TurnQueue(1, shares=shares, patience=settings.longest_wait)
        self.files = TurnQueue(FILES, budget=settings.memory, asker_budget=ASKER_PART * settings.memory, shares=shares)
        self._serves = serves
        self._counted = -math.inf
        workers = settings.workers if own_processes else 1
        # A single worker of our own has a further process beside it for background jobs.
        beside = own_processes and serves and workers == 1 and not settings.scheduler
        self._resize(workers, workers + beside)

    def check_room(self, jobs: int = 1) -> None:
        """Raise BusyError where so many jobs of the current request would wait too long; never after its first job."""
        self.jobs.check_room(jobs, kind=JobLane.PICTURES)

    async def count_workers(self, client: Any) -> None:
        """Set the number of concurrent jobs to the threads of a running scheduler. `client`: distributed's."""
        if time.monotonic() - self._counted < COUNT_SECONDS:
            return
        self._counted = time.monotonic()
        threads: dict[str, int] = await asyncio.to_thread(in_fresh_context, client.nthreads)
        workers = max(1, sum(threads.values()))
        self._resize(workers, workers)

    def _resize(self, workers: int, processes: int) -> None:
        """Set the number of workers for pictures, and of `processes` for jobs of both lanes together."""
        self.background = background_workers(workers) if self._serves else workers
        self.jobs.resize(processes, {JobLane.PICTURES: workers, JobLane.BACKGROUND: self.background})
        self.files.resize(FILES, asker_slots=workers + AHEAD)
