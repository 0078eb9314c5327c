"""Dask workers, which run all jobs. By default they are a cluster of child processes; an address names a running cluster."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from concurrent.futures import Future
from contextlib import ExitStack, asynccontextmanager
from contextvars import Context
from functools import partial
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from bot.errors import StorageError, TooSlowError, WorkersAwayError, WorkLostError
from bot.infra.dask_configuration import configure
from bot.infra.deadline import Deadline
from bot.infra.environment import confine_spawned_processes
from bot.infra.lanes import JobLane, background_workers
from bot.infra.storage_faults import StorageFaults
from bot.infra.temporary import TemporaryFolder, sweep
from bot.infra.worker_side import run_with_watchdog

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from bot.settings import Settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
# Any stands for distributed's Client and futures, which have no types.

CONNECT_SECONDS = 5.0
"""Seconds that a running scheduler may take to answer at its address."""

GRACE = 5.0
"""Seconds after the deadline until a worker that is still at the job ends itself. A running task can't be cancelled."""


class Compute:
    """Runs jobs in worker processes, each within a deadline.

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
        self._client: Future[Any] | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._folder = TemporaryFolder()

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
        """Begin to start the workers unless that is done; returns the future distributed.Client.

        A thread starts them, since that takes a second or two. Raises RuntimeError after `close`.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the workers are closed")
            if self._client is None:
                started: Future[Any] = Future()
                # A running future can't be cancelled, so a caller that no longer waits doesn't cancel it for the others.
                started.set_running_or_notify_cancel()
                self._client = started
                threading.Thread(target=self._start, args=(started,), name="dask-start", daemon=True).start()
            return self._client

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `job(*args, **kwargs)` in a worker.

        Raises TooSlowError after the deadline, WorkLostError if the job's workers died three times, WorkersAwayError if no
        workers can be reached, StorageError where a disk takes nothing of the job, and the other errors of the job.
        """
        return await self.run_within(self._settings.deadline, JobLane.PICTURES, job, *args, **kwargs)

    async def run_in_background(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, for work that keeps no picture waiting."""
        return await self.run_within(self._settings.deadline, JobLane.BACKGROUND, job, *args, **kwargs)

    async def run_within(
        self, limit: float, lane: JobLane, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, in a lane and with a limit of its own: seconds with the wait for a worker."""
        watchdog = limit + GRACE if self._own_processes else None
        return await self._twice(partial(self._attempt, limit, watchdog, lane, job, args, kwargs))

    async def run_releasing_worker(self, limit: float, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, for a job that calls `release_worker`, and ends the process that it waits for within `limit` seconds.

        The worker takes other jobs meanwhile, so no watchdog ends it.
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

    async def _twice(self, attempt: Callable[[], Awaitable[T]]) -> T:
        with self._faults.watching():
            try:
                return await attempt()
            except WorkersAwayError:
                return await attempt()

    async def _attempt(
        self,
        limit: float,
        watchdog: float | None,
        lane: JobLane,
        job: Callable[..., T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> T:
        started = self.start()
        try:
            client = await asyncio.wrap_future(started)
        except (OSError, RuntimeError) as error:
            raise StorageError.of(error) or WorkersAwayError from error
        # The start of the workers has imported these modules.
        from distributed import KilledWorker
        from distributed.client import ClosedClientError
        from distributed.comm.core import CommClosedError

        if client.status != "running":
            self._forget(started)
            raise WorkersAwayError
        try:
            submit = partial(
                client.get_executor(pure=False, **self._workers_of(lane, client)).submit, priority=lane.priority
            )
            future = _in_fresh_context(submit, run_with_watchdog, watchdog, job, args, kwargs)
            return cast("T", await asyncio.wait_for(asyncio.wrap_future(future), limit))
        except TimeoutError:
            raise TooSlowError(limit) from None
        except KilledWorker:
            raise WorkLostError from None
        except (ClosedClientError, CommClosedError) as error:
            self._forget(started)
            raise WorkersAwayError from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # This task was not cancelled: the client cancels its futures when it loses its scheduler.
            self._forget(started)
            raise WorkersAwayError from None

    async def background_slots(self) -> int:
        """The number of background jobs that run at a time."""
        workers = self._settings.workers
        if self._settings.scheduler:
            client = await asyncio.wrap_future(self.start())
            threads: dict[str, int] = await asyncio.to_thread(_in_fresh_context, client.nthreads)
            workers = sum(threads.values())
        return background_workers(workers) if self._serves else workers

    def worker_pids(self) -> list[int]:
        """The process ids of the running workers. Blocks."""
        client = self.start().result()
        return sorted(_in_fresh_context(client.run, os.getpid).values())

    def close(self) -> None:
        """End the workers, and wait until they are gone. Blocks."""
        with self._lock:
            self._closed = True
            started, self._client = self._client, None
        if started is not None and started.exception() is None:
            _in_fresh_context(_end, started.result())
        self._folder.close()

    def _workers_of(self, lane: JobLane, client: Any) -> dict[str, Any]:
        """The executor's options for the workers of a lane. Those of a foreign scheduler, and a thread, take any job."""
        if self._settings.scheduler or not self._own_processes:
            return {}
        if lane is JobLane.BACKGROUND and self._serves:
            # A single worker gets its second process with the first background job.
            client.cluster.scale(max(2, self._settings.workers))
        return {"resources": lane.needs}

    def _start(self, started: Future[Any]) -> None:
        # Ctrl-C in a terminal reaches the workers too, but this process is the one to end them. Threads and processes inherit
        # the signal mask of the thread that starts them, so all workers ignore Ctrl-C from their first instruction. The start
        # of multiprocessing's tracker lifts the mask (bpo-33613), so the tracker starts before.
        confine_spawned_processes()
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            started.set_result(self._connect())
        except Exception as error:  # the future passes it on
            log.error("the workers did not start", exc_info=error)
            self._forget(started)
            started.set_exception(error)

    def _forget(self, started: Future[Any]) -> None:
        """Let the next job start new workers, and close this client in a thread."""
        with self._lock:
            if self._client is not started:
                return
            self._client = None
        if started.done():
            threading.Thread(target=_end, args=(started.result(),), name="dask-end", daemon=True).start()

    def _connect(self) -> Any:
        configure(self._folder.path)
        from distributed import Client

        settings = self._settings
        if settings.scheduler:
            from bot.infra.tls import foreign_security

            security = foreign_security(settings)
            return Client(settings.scheduler, security=security, set_as_default=False, timeout=CONNECT_SECONDS)
        from bot.infra import own_cluster

        folder = str(self._folder.path)
        with ExitStack() as undone:
            if self._own_processes:
                from bot.infra.tls import own_security

                cluster = own_cluster.start_processes(
                    settings.workers, settings.worker_memory, folder, own_security(), serves=self._serves
                )
            else:
                cluster = own_cluster.start_thread(folder)
            undone.callback(cluster.close)
            client = Client(cluster, set_as_default=False)
            undone.pop_all()
            return client


def _in_fresh_context(call: Callable[..., Any], *args: Any) -> Any:
    """`call(*args)` in an empty context.

    Otherwise the callbacks that it schedules on the client's loop, in another thread, run in a copy of this context. If that
    holds a simulated clock, Dask's timers fire at once, and its work hangs.
    """
    return Context().run(call, *args)


def _end(client: Any) -> None:
    """Close a client, and the cluster that it owns, if any."""
    cluster = client.cluster
    try:
        client.close()
    finally:
        if cluster is not None:
            cluster.close()
