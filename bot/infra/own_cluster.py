"""The cluster of workers of our own. Nobody else reaches it: it has no HTTP server, and each of its ports wants our key.

Only the start of the workers and the workers import this module, since distributed takes a second to import.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from distributed import Nanny, Scheduler, SpecCluster, Worker

if TYPE_CHECKING:
    from distributed import Security


class HiddenScheduler(Scheduler):
    """A scheduler without an HTTP server, which distributed starts even without a dashboard."""

    def start_http_server(self, *_: object, **__: object) -> None:
        """Start none."""


class HiddenWorker(Worker):
    """A worker without an HTTP server."""

    def start_http_server(self, *_: object, **__: object) -> None:
        """Start none."""


def start_processes(workers: int, memory: int, folder: str, security: Security) -> SpecCluster:
    """A scheduler in this process, and worker processes of `memory` bytes each. Each port wants mutual TLS."""
    common = {"host": "127.0.0.1", "protocol": "tls://", "security": security}
    own = _worker_options(memory, folder) | {"worker_class": HiddenWorker}
    worker = {"cls": Nanny, "options": common | own}
    return _start(common, dict.fromkeys(range(workers), worker), security)


def start_thread(folder: str) -> SpecCluster:
    """A scheduler and one worker, both threads of this process. No port is open."""
    common = {"protocol": "inproc://"}
    return _start(common, {0: {"cls": HiddenWorker, "options": common | _worker_options(0, folder)}}, None)


def _worker_options(memory: int, folder: str) -> dict[str, Any]:
    return {"nthreads": 1, "memory_limit": memory, "local_directory": folder, "silence_logs": logging.CRITICAL}


def _start(scheduler: dict[str, Any], workers: dict[int, Any], security: Security | None) -> SpecCluster:
    none = {"port": 0, "dashboard": False, "dashboard_address": None}
    # SpecCluster takes a level; its hint says bool.
    level: Any = logging.CRITICAL
    return SpecCluster(
        scheduler={"cls": HiddenScheduler, "options": scheduler | none},
        workers=workers,
        security=security,
        silence_logs=level,
    )
