"""Dask workers: the only way to the faces. A cluster of processes of its own by default, a running one by address."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
import threading
import warnings
from concurrent.futures import Future
from contextlib import ExitStack, asynccontextmanager
from contextvars import Context
from functools import partial
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from bot.errors import TooSlowError, WorkersAwayError, WorkLostError
from bot.infra.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from bot.settings import Settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
# Any stands for distributed's Client and futures, which have no types of their own.

CONNECT_SECONDS = 5.0
"""How long a running scheduler may take to answer at its address."""

GRACE = 5.0
"""Seconds after the deadline at which a worker still at the work ends itself: a running task can't be cancelled."""

FIRST, LATER = 0, -1
"""Priorities: a job that waits for a worker goes before those with a lower one, so that pictures pass the parts of videos."""


class Compute:
    """Runs jobs in worker processes, each within the deadline.

    A job whose worker dies is run again on another (Dask gives up after three deaths). One that outlasts its deadline
    is forgotten, and a worker of our own that still hangs in it replaced, so that it costs nobody else an answer. When
    a scheduler of others is lost, the job is submitted once more as soon as one answers at its address.
    """

    def __init__(self, settings: Settings, *, own_processes: bool = True) -> None:
        self._settings = settings
        self._own_processes = own_processes
        self._client: Future[Any] | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="nugu-", ignore_cleanup_errors=True)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, *, own_processes: bool = True) -> AsyncGenerator[Compute]:
        """Compute that starts its workers at the first job, or when told to.

        `own_processes=False` works in a thread of this process instead, for one-off commands on trusted files.
        """
        compute = cls(settings, own_processes=own_processes)
        try:
            yield compute
        finally:
            await asyncio.to_thread(compute.close)

    def start(self) -> Future[Any]:
        """Begin to start the workers, if nobody has yet; done in a thread, since it takes a second or two.

        The result is a distributed.Client; raises RuntimeError after `close`.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the workers have been sent home")
            if self._client is None:
                started: Future[Any] = Future()
                # Running from the first, so that somebody who no longer waits cannot cancel it for the others.
                started.set_running_or_notify_cancel()
                self._client = started
                threading.Thread(target=self._start, args=(started,), name="dask-start", daemon=True).start()
            return self._client

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `job(*args, **kwargs)` in a worker.

        Raises TooSlowError past the deadline, WorkLostError when the job's workers died again and again, WorkersAwayError
        when there are no workers to be had, and else whatever the job raises.
        """
        return await self.run_within(self._settings.deadline, FIRST, job, *args, **kwargs)

    async def run_within(
        self, limit: float, priority: int, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The result of a job that may take `limit` seconds, waiting for a worker included; `run` else. See FIRST and LATER."""
        ends_itself = limit + GRACE if self._own_processes else None
        return await self._twice(partial(self._attempt, limit, ends_itself, priority, job, args, kwargs))

    async def run_releasing_worker(self, limit: float, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a job that calls `release_worker` and waits for a process, which it ends within `limit` seconds.

        The worker takes other jobs meanwhile, so no watchdog ends this one. Raises as `run` does.
        """
        return await self._twice(partial(self._attempt, limit, None, FIRST, job, args, kwargs))

    async def run_isolated(
        self, limit: float, job: Callable[Concatenate[Deadline, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The result of a job that calls `release_worker` and works in isolated processes (`models.learning.isolation`).

        The job gets a deadline, `limit` seconds from now, by which its processes end. A second worker that repeats the job
        gets the same deadline. So no process of the job is left when this returns, or raises as `run` does.
        """
        until = Deadline.after(limit)
        return await self._twice(lambda: self._attempt(until.left() + GRACE, None, FIRST, job, (until, *args), kwargs))

    async def _twice(self, attempt: Callable[[], Awaitable[T]]) -> T:
        try:
            return await attempt()
        except WorkersAwayError:
            return await attempt()

    async def _attempt(
        self,
        limit: float,
        ends_itself: float | None,
        priority: int,
        job: Callable[..., T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> T:
        started = self.start()
        try:
            client = await asyncio.wrap_future(started)
        except (OSError, RuntimeError) as error:
            raise WorkersAwayError from error
        # Imported by now: the start of the workers did.
        from distributed import KilledWorker
        from distributed.client import ClosedClientError
        from distributed.comm.core import CommClosedError

        if client.status != "running":
            self._forget(started)
            raise WorkersAwayError
        try:
            submit = partial(client.get_executor(pure=False).submit, priority=priority)
            future = _in_fresh_context(submit, _bounded, ends_itself, job, args, kwargs)
            return cast("T", await asyncio.wait_for(asyncio.wrap_future(future), limit))
        except TimeoutError:
            raise TooSlowError(limit) from None
        except KilledWorker:
            raise WorkLostError from None
        except (ClosedClientError, CommClosedError) as error:
            self._forget(started)
            raise WorkersAwayError from error
        except asyncio.CancelledError:
            asking = asyncio.current_task()
            if asking is None or asking.cancelling():
                raise
            # Nobody cancelled us: the client did, when it lost its scheduler.
            self._forget(started)
            raise WorkersAwayError from None

    def worker_pids(self) -> list[int]:
        """Process ids of the workers that are up now; blocks."""
        client = self.start().result()
        return sorted(_in_fresh_context(client.run, os.getpid).values())

    def close(self) -> None:
        """End the workers and wait until they are gone; blocks."""
        with self._lock:
            self._closed = True
            started, self._client = self._client, None
        if started is not None and started.exception() is None:
            _in_fresh_context(_end, started.result())
        self._folder.cleanup()

    def _start(self, started: Future[Any]) -> None:
        # Ctrl-C in a terminal reaches the workers too. A thread's mask is inherited by the threads and processes that it
        # starts, so they are deaf to it from their first instruction, restarted ones too; this process is the one to end them.
        # Whoever starts multiprocessing's tracker has the mask lifted (bpo-33613), so it is started before.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            started.set_result(self._connect())
        except Exception as error:  # whoever waits for the workers gets it
            log.error("the workers did not start", exc_info=error)
            self._forget(started)
            started.set_exception(error)

    def _forget(self, started: Future[Any]) -> None:
        """Let the next job start anew; a client that is left behind is closed aside."""
        with self._lock:
            if self._client is not started:
                return
            self._client = None
        if started.done():
            threading.Thread(target=_end, args=(started.result(),), name="dask-end", daemon=True).start()

    def _connect(self) -> Any:
        import dask.config

        dask.config.set(_QUIET)
        from distributed import Client, LocalCluster

        # A picture travels in its task: that is one copy, where scattering it would tie it to one worker's life.
        warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
        if self._settings.scheduler:
            return Client(self._settings.scheduler, set_as_default=False, timeout=CONNECT_SECONDS)
        with ExitStack() as undone:
            cluster = LocalCluster(
                n_workers=self._settings.workers if self._own_processes else 1,
                threads_per_worker=1,
                processes=self._own_processes,
                memory_limit=self._settings.worker_memory if self._own_processes else 0,
                host="127.0.0.1" if self._own_processes else None,
                dashboard_address="127.0.0.1:0",
                local_directory=self._folder.name,
                silence_logs=logging.CRITICAL,
            )
            undone.callback(cluster.close)
            client = Client(cluster, set_as_default=False)
            undone.pop_all()
            return client


_QUIET = {
    # Read once, when distributed is imported: it would tell of every worker at INFO.
    "logging": {"distributed": "critical"},
    # What only its dashboard shows, a hundred times a second in every process.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
}


def release_worker() -> None:
    """Within a job: let its worker take other jobs while this one waits for a process."""
    from distributed import secede

    secede()


def _in_fresh_context(call: Callable[..., Any], *args: Any) -> Any:
    """`call(*args)` in an empty context.

    Otherwise the callbacks that it schedules on the client's own loop, in another thread, run in a copy of our context. With
    a simulated clock in that copy, Dask's timers fire at once and its work hangs.
    """
    return Context().run(call, *args)


def _end(client: Any) -> None:
    """Close a client, and the cluster that it owns, if it does."""
    cluster = client.cluster
    try:
        client.close()
    finally:
        if cluster is not None:
            cluster.close()


def _bounded(limit: float | None, job: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    """Run `job` in a worker; past `limit` seconds the process ends itself, whatever C code it hangs in.

    faulthandler's watchdog is a thread of its own that needs no GIL; the nanny starts a new worker.
    """
    if limit is None:
        return job(*args, **kwargs)
    import faulthandler

    faulthandler.dump_traceback_later(limit, exit=True)
    try:
        return job(*args, **kwargs)
    finally:
        faulthandler.cancel_dump_traceback_later()
