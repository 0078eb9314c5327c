"""The cluster of workers of our own. Nobody else reaches it: it has no HTTP server, and each of its ports wants our key.

Only the start of the workers and the workers import this module, since distributed takes a second to import.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from distributed import Nanny, Scheduler, SpecCluster, Worker

from bot.infra.lanes import NICENESS, JobLane, lane_resources

if TYPE_CHECKING:
    from typing import Self

    from distributed import Security


class NoHttpScheduler(Scheduler):
    """A scheduler without an HTTP server, which distributed starts even without a dashboard."""

    def start_http_server(self, *_: object, **__: object) -> None:
        """Start none."""


class NoHttpWorker(Worker):
    """A worker without an HTTP server."""

    def start_http_server(self, *_: object, **__: object) -> None:
        """Start none."""


class LowPriorityWorker(NoHttpWorker):
    """A worker whose process gives way to the others."""

    async def start_unsafe(self) -> Self:
        """Start at a low priority."""
        os.nice(NICENESS)
        await super().start_unsafe()
        return self


def start_processes(workers: int, memory: int, folder: str, security: Security, *, serves: bool) -> SpecCluster:
    """A scheduler in this process, and worker processes of `memory` bytes each. Each port wants mutual TLS.

    `folder`: they write nowhere else. Without it distributed imports modules from a folder that other users may own.
    `serves`: all but the first take background jobs too, and a further process, which `scale` adds, takes nothing else.
    Otherwise all take any job, and give way to other processes, such as the workers of a running bot.
    """
    common = {"host": "127.0.0.1", "protocol": "tls://", "security": security, "local_directory": folder}

    def worker(kind: type[NoHttpWorker], *lanes: JobLane) -> dict[str, Any]:
        own = _worker_options(memory) | {"worker_class": kind, "resources": lane_resources(*lanes)}
        return {"cls": Nanny, "options": common | own}

    if not serves:
        return _start(common, dict.fromkeys(range(workers), worker(LowPriorityWorker, *JobLane)), security)
    first, added = worker(NoHttpWorker, JobLane.PICTURES), worker(LowPriorityWorker, JobLane.BACKGROUND)
    others = dict.fromkeys(range(1, workers), worker(NoHttpWorker, *JobLane))
    return _start(common, {0: first, **others}, security, added)


def start_thread(folder: str) -> SpecCluster:
    """A scheduler and one worker, both threads of this process. No port is open."""
    common = {"protocol": "inproc://", "local_directory": folder}
    return _start(common, {0: {"cls": NoHttpWorker, "options": common | _worker_options(0)}}, None)


def _worker_options(memory: int) -> dict[str, Any]:
    return {"nthreads": 1, "memory_limit": memory, "silence_logs": logging.CRITICAL}


def _start(
    scheduler: dict[str, Any],
    workers: dict[int, Any],
    security: Security | None,
    added: dict[str, Any] | None = None,
) -> SpecCluster:
    none = {"port": 0, "dashboard": False, "dashboard_address": None}
    # SpecCluster takes a level; its hint says bool.
    level: Any = logging.CRITICAL
    return SpecCluster(
        scheduler={"cls": NoHttpScheduler, "options": scheduler | none},
        workers=workers,
        worker=added,
        security=security,
        silence_logs=level,
    )
