"""The connection to the Dask workers: a cluster of child processes, or a running one at an address."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from concurrent.futures import Future
from contextlib import ExitStack
from contextvars import Context
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from bot.errors import NoWorkersError, StorageError
from bot.infra.dask_configuration import configure
from bot.infra.environment import confine_spawned_processes
from bot.infra.lanes import JobLane

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.settings import Settings

# Any stands for distributed's Client and futures, which have no types.

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
"""Seconds that a running scheduler may take to answer at its address."""


class WorkerConnection:
    """The client of the workers. It connects at its first use, and again after it lost its scheduler.

    `folder`: of the workers' temporary files. `own_processes` and `serves` are as in `Compute.open`.
    """

    def __init__(self, settings: Settings, folder: Path, *, own_processes: bool, serves: bool) -> None:
        self._settings = settings
        self._folder = folder
        self._own_processes = own_processes
        self._serves = serves
        self._client: Future[Any] | None = None
        self._closed = False
        self._lock = threading.Lock()

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

    async def client(self) -> Any:
        """The running client. Raises NoWorkersError where no workers can be reached, StorageError for a fault of a disk."""
        try:
            client = await asyncio.wrap_future(self.start())
        except (OSError, RuntimeError) as error:
            raise StorageError.from_error(error) or NoWorkersError from error
        if client.status != "running":
            self.forget(client)
            raise NoWorkersError
        return client

    def forget(self, client: Any) -> None:
        """Let the next job start new workers, and close this client in a thread."""
        with self._lock:
            current = self._client
            if (
                current is None
                or not current.done()
                or current.exception() is not None
                or current.result() is not client
            ):
                return
            self._client = None
        threading.Thread(target=_end, args=(client,), name="dask-end", daemon=True).start()

    def options_of(self, lane: JobLane, client: Any) -> dict[str, Any]:
        """The executor's options for the workers of a lane. Those of a foreign scheduler, and a thread, take any job."""
        if self._settings.scheduler or not self._own_processes:
            return {}
        if lane is JobLane.BACKGROUND and self._serves:
            # A single worker gets its second process with the first background job.
            client.cluster.scale(max(2, self._settings.workers))
        return {"resources": lane.required_resources}

    def pids(self) -> list[int]:
        """The process ids of the running workers. Blocks."""
        client = self.start().result()
        return sorted(in_fresh_context(client.run, os.getpid).values())

    def close(self) -> None:
        """End the workers, and wait until they are gone. Blocks."""
        with self._lock:
            self._closed = True
            started, self._client = self._client, None
        if started is not None and started.exception() is None:
            in_fresh_context(_end, started.result())

    def connect(self) -> Any:
        """A new distributed.Client, with the workers of its own if no scheduler runs. Blocks."""
        configure(self._folder)
        from distributed import Client

        settings = self._settings
        if settings.scheduler:
            from bot.infra.tls import foreign_security

            security = foreign_security(settings)
            return Client(settings.scheduler, security=security, set_as_default=False, timeout=CONNECT_SECONDS)
        from bot.infra import own_cluster

        folder = str(self._folder)
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

    def _start(self, started: Future[Any]) -> None:
        # Ctrl-C in a terminal reaches the workers too, but this process is the one to end them. Threads and processes inherit
        # the signal mask of the thread that starts them, so all workers ignore Ctrl-C from their first instruction. The start
        # of multiprocessing's tracker lifts the mask (bpo-33613), so the tracker starts before.
        confine_spawned_processes()
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            started.set_result(self.connect())
        except Exception as error:  # the future passes it on
            log.error("the workers did not start", exc_info=error)
            with self._lock:
                if self._client is started:
                    self._client = None
            started.set_exception(error)


def in_fresh_context(call: Callable[..., Any], *args: Any) -> Any:
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
