"""The functions around a job in its worker: the watchdog, and the release of the worker."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import PersonError
from bot.infra.private_files import set_private_umask
from bot.infra.redaction import redact_logs

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_quick_only: ContextVar[bool] = ContextVar("quick_only", default=False)


def run_with_watchdog(
    limit: float | None, quick_only: bool, job: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> T:
    """Run `job` in a worker. After `limit` seconds the process ends itself, even if it hangs in C code.

    `quick_only`: the job raises LongJobError before work that takes long. The watchdog of faulthandler is a thread that needs
    no GIL. Dask's nanny starts a new worker.
    """
    set_private_umask()  # a worker of a running cluster has the umask of the person who started it
    redact_logs()
    _quick_only.set(quick_only)
    if limit is None:
        return _run(job, args, kwargs)
    import faulthandler

    faulthandler.dump_traceback_later(limit, exit=True)
    try:
        return _run(job, args, kwargs)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _run(job: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    """Run `job`. A PersonError leaves without its causes: errors of libraries in C can't always be pickled, and Dask would
    put an error without type and message in its place.
    """
    try:
        return job(*args, **kwargs)
    except PersonError as error:
        error.__cause__ = error.__context__ = None
        raise


def leaves_long_work() -> bool:
    """Asked by a job: whether it leaves work that takes long, by a LongJobError."""
    return _quick_only.get()


def release_worker() -> None:
    """Called by a job: let its worker take other jobs while this one waits for a process."""
    from distributed import secede

    secede()
