"""Runs jobs in Dask workers. Each job has its turn, in an order that is fair to people, and a deadline from then on."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from bot.errors import KilledWorkersError, LongJobError, NoWorkersError, TooSlowError
from bot.infra.admission import Admission
from bot.infra.deadline import Deadline
from bot.infra.incoming import IncomingFiles
from bot.infra.lanes import JobLane
from bot.infra.storage_faults import StorageFaults
from bot.infra.temporary import TemporaryFolder, sweep
from bot.infra.worker_side import run_with_watchdog
from bot.infra.workers import WorkerConnection, in_fresh_context

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from concurrent.futures import Future
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from bot.domain.files import Content, SubmittedFile
    from bot.infra.turns import Turn
    from bot.settings import Settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

GRACE = 5.0
"""Seconds after the deadline until a worker that is still at the job ends itself. A running task can't be cancelled."""


class Compute:
    """Runs jobs in worker processes, each in its turn and within a deadline.

    Dask runs a job again on another worker if its worker dies, and gives up after three deaths. A job that outlasts its
    deadline is given up. If a child process still hangs in it, a new one replaces that worker, so that later jobs don't
    wait. If the connection to a running scheduler breaks, the job is submitted once more at the same address.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        own_processes: bool = True,
        serves: bool = True,
        faults: StorageFaults | None = None,
    ) -> None:
        """`faults`: gets each fault of a disk that a job writes to."""
        self._settings = settings
        self._faults = faults or StorageFaults()
        self._own_processes = own_processes
        self._serves = serves
        self._folder = TemporaryFolder()
        self._workers = self._workers_in(self._folder.path, serves=serves)
        self.admission = Admission(settings, own_processes=own_processes, serves=serves)
        self._files = IncomingFiles(
            self._folder.path,
            self.admission.files,
            settings.picture_bytes,
            shared=not settings.scheduler,
            faults=self._faults,
        )
        self._at_work: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: Settings,
        *,
        own_processes: bool = True,
        serves: bool = True,
        faults: StorageFaults | None = None,
    ) -> AsyncGenerator[Compute]:
        """Workers, which start at the first job or at `start`, and end at the end of the context.

        `own_processes=False`: one worker, a thread of this process, for single commands on trusted files. `serves`: people ask
        meanwhile, so a worker is left for pictures.
        """
        await asyncio.to_thread(sweep)
        compute = cls(settings, own_processes=own_processes, serves=serves, faults=faults)
        try:
            yield compute
        finally:
            await asyncio.to_thread(compute.close)

    def start(self) -> Future[Any]:
        """See `Workers.start`."""
        return self._workers.start()

    def check_room(self, jobs: int = 1) -> None:
        """Raise BusyError where so many jobs of the current request would wait too long; never after its first job."""
        self.admission.check_room(jobs)

    def receive(self, file: SubmittedFile) -> AbstractAsyncContextManager[Content]:
        """A submitted file for one job: see `IncomingFiles.receive`."""
        return self._files.receive(file)

    def scratch_file(self) -> AbstractAsyncContextManager[Path]:
        """A place for a private file: see `IncomingFiles.scratch_file`."""
        return self._files.scratch_file()

    def scratch_folder(self) -> AbstractAsyncContextManager[Path]:
        """A private folder: see `IncomingFiles.scratch_folder`."""
        return self._files.scratch_folder()

    async def content_of(self, path: Path) -> Content:
        """A private file for a job: see `IncomingFiles.content_of`."""
        return await self._files.content_of(path)

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `job(*args, **kwargs)` in a worker.

        Raises BusyError where it would have to wait too long, TooSlowError after the deadline, KilledWorkersError if the job's
        workers died three times, NoWorkersError if no workers can be reached, StorageError where a disk takes nothing of the
        job, and the other errors of the job.
        """
        return await self.run_within(self._settings.deadline, JobLane.PICTURES, job, *args, **kwargs)

    async def run_in_background(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, for work that keeps no picture waiting."""
        return await self.run_within(self._settings.deadline, JobLane.BACKGROUND, job, *args, **kwargs)

    async def run_within(
        self, limit: float, lane: JobLane, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, in a lane and with a limit of its own: seconds from the begin of its turn.

        A job for a picture that turns out to take long is run again in the background lane: so one worker is soon free for
        other pictures, however many take long.
        """
        self.admission.check_room()
        attempt = partial(self._attempt, limit, limit + GRACE if self._own_processes else None)
        if self._serves and self._own_processes and lane is JobLane.PICTURES:
            with suppress(LongJobError):
                return await self._in_turn(lane, partial(attempt, lane, job, args, kwargs, quick_only=True))
            lane = JobLane.BACKGROUND
        return await self._in_turn(lane, partial(attempt, lane, job, args, kwargs))

    async def _in_turn(self, lane: JobLane, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of a job in its turn."""
        turn = await self.admission.jobs.acquire(kind=lane)
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        work = self._work(turn, answer, attempt)
        # In a fresh context, whose clock nobody simulates.
        task = Context().run(asyncio.create_task, work)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return await answer

    async def run_releasing_worker(self, limit: float, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, for a job that calls `release_worker`, and ends the process that it waits for within `limit` seconds.

        The worker takes other jobs meanwhile, so this one has no turn, and no watchdog ends it.
        """
        return await self._twice(partial(self._attempt, limit, None, JobLane.PICTURES, job, args, kwargs))

    async def run_isolated(
        self, limit: float, job: Callable[Concatenate[Deadline, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, for a job that calls `release_worker` and works in isolated processes (`models.learning.isolation`).

        The job gets a deadline, `limit` seconds from now, and its processes end before it. A second worker that repeats the job
        gets the same deadline. So no process of the job is left after this method, also after an error.
        """
        until = Deadline.after(limit)
        return await self._twice(
            lambda: self._attempt(until.left() + GRACE, None, JobLane.PICTURES, job, (until, *args), kwargs)
        )

    async def run_in_each_worker(self, job: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run a job once in each of the own workers, beside other jobs. Its errors are only logged.

        A running scheduler's workers are left alone: other programs may use them too.
        """
        if self._settings.scheduler:
            return
        client = await self._workers.client()
        addresses = list(client.cluster.scheduler.workers)
        executors = [client.get_executor(pure=False, workers=[address]) for address in addresses]
        run = [in_fresh_context(partial(executor.submit, job, *args, **kwargs)) for executor in executors]
        # A worker that dies meanwhile leaves its job to nobody.
        deadline = self._settings.deadline
        ended = [asyncio.wait_for(asyncio.wrap_future(future), deadline) for future in run]
        for result in await asyncio.gather(*ended, return_exceptions=True):
            if isinstance(result, Exception):
                log.warning("%s failed in a worker: %s", job.__name__, result)

    async def background_slots(self) -> int:
        """The number of background jobs that run at a time."""
        if self._settings.scheduler:
            await self.admission.count_workers(await self._workers.client())
        return self.admission.background

    @property
    def run_folder(self) -> Path | None:
        """The private folder of this run, which goes with it; None where the workers may be on other machines."""
        return None if self._settings.scheduler else self._folder.path

    def worker_pids(self) -> list[int]:
        """See `Workers.pids`."""
        return self._workers.pids()

    def close(self) -> None:
        """End the workers, and wait until they are gone. Blocks."""
        self._workers.close()
        self._folder.close()

    def _workers_in(self, folder: Path, *, serves: bool) -> WorkerConnection:
        return WorkerConnection(self._settings, folder, own_processes=self._own_processes, serves=serves)

    async def _work(self, turn: Turn, answer: asyncio.Future[T], attempt: Callable[[], Awaitable[T]]) -> None:
        """Do a job in its turn, which ends when its worker is free.

        A running job can't be stopped. So the turn outlasts a caller who is cancelled, and a job that is given up.
        """
        try:
            result = await self._twice(attempt)
            if not answer.done():
                answer.set_result(result)
        except Exception as error:  # noqa: BLE001  # the caller gets it
            if not answer.done():
                answer.set_exception(error)
            if isinstance(error, TooSlowError) and self._own_processes:
                await asyncio.sleep(GRACE)
        finally:
            answer.cancel()
            self.admission.jobs.release(turn)

    async def _twice(self, attempt: Callable[[], Awaitable[T]]) -> T:
        with self._faults.reporting():
            try:
                return await attempt()
            except NoWorkersError:
                return await attempt()

    async def _attempt(
        self,
        limit: float,
        watchdog: float | None,
        lane: JobLane,
        job: Callable[..., T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        quick_only: bool = False,
    ) -> T:
        client = await self._workers.client()
        # The start of the workers has imported these modules.
        from distributed import KilledWorker
        from distributed.client import ClosedClientError
        from distributed.comm.core import CommClosedError

        try:
            if self._settings.scheduler:
                await self.admission.count_workers(client)
            executor = client.get_executor(pure=False, **self._workers.options_of(lane, client))
            submit = partial(executor.submit, priority=lane.priority)
            future = in_fresh_context(submit, run_with_watchdog, watchdog, quick_only, job, args, kwargs)
            return cast("T", await asyncio.wait_for(asyncio.wrap_future(future), limit))
        except TimeoutError:
            raise TooSlowError(limit) from None
        except KilledWorker:
            raise KilledWorkersError from None
        except (ClosedClientError, CommClosedError) as error:
            self._workers.forget(client)
            raise NoWorkersError from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # This task was not cancelled: the client cancels its futures when it loses its scheduler.
            self._workers.forget(client)
            raise NoWorkersError from None
