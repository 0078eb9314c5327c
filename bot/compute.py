"""Dask workers: the only way to the faces. A cluster of processes of its own by default, a running one by address."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from bot.errors import TooSlowError, WorkLostError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from concurrent.futures import Future

    from bot.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
# Any stands for distributed's Client and futures, which have no types of their own.

GRACE = 5.0
"""Seconds after the deadline at which a worker still at the work ends itself: a running task can't be cancelled."""


class Compute:
    """Runs jobs in worker processes, each within the deadline.

    A job whose worker dies is run again on another (Dask gives up after three deaths). One that outlasts its deadline
    is forgotten, and its worker replaced, so that a picture that hangs a decoder costs nobody else an answer.
    """

    def __init__(self, settings: Settings, *, own_processes: bool = True) -> None:
        self._settings = settings
        self._own_processes = own_processes
        self._client: Future[Any] | None = None
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
        """Begin to start the workers, if nobody has yet; done in a thread, since it takes a second or two."""
        with self._lock:
            if self._client is None:
                from concurrent.futures import Future

                self._client = Future()
                threading.Thread(target=self._start, args=(self._client,), name="dask-start", daemon=True).start()
            return self._client

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `job(*args, **kwargs)` in a worker.

        Raises TooSlowError past the deadline, WorkLostError when the job's workers died again and again, and else
        whatever the job raises.
        """
        client = await asyncio.wrap_future(self.start())
        # Imported by now: the start of the workers did.
        from distributed import KilledWorker

        limit = self._settings.deadline
        ends_itself = limit + GRACE if self._own_processes else None
        future = client.get_executor(pure=False).submit(_bounded, ends_itself, job, args, kwargs)
        try:
            return cast("T", await asyncio.wait_for(asyncio.wrap_future(future), limit))
        except TimeoutError:
            raise TooSlowError(limit) from None
        except KilledWorker:
            raise WorkLostError from None

    def worker_pids(self) -> list[int]:
        """Process ids of the workers that are up now."""
        import os

        client = self.start().result()
        return sorted(client.run(os.getpid).values())

    def _start(self, started: Future[Any]) -> None:
        try:
            started.set_result(self._connect())
        except Exception as error:  # noqa: BLE001  # whoever waits for the workers gets it
            with self._lock:
                self._client = None
            started.set_exception(error)

    def _connect(self) -> Any:
        import dask.config

        # Read once, when distributed is imported: it would tell of every worker at INFO.
        dask.config.set({"logging": {"distributed": "error"}})
        from distributed import Client, LocalCluster

        if self._settings.scheduler:
            return Client(self._settings.scheduler, set_as_default=False)
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
        return Client(cluster, set_as_default=False)

    def close(self) -> None:
        """End the workers and wait until they are gone; blocks."""
        if self._client is not None:
            client = self._client.result()
            cluster = client.cluster
            client.close()
            if cluster is not None:
                cluster.close()
        self._folder.cleanup()


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
