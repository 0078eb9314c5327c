"""The configuration of Dask, which is set before `distributed` is imported."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_QUIET: Final[dict[str, Any]] = {
    # distributed reads this at its import, and logs each worker at INFO otherwise.
    "logging": {"distributed": "critical"},
    # Only the dashboard shows these, which each process measures up to a hundred times a second.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    # Pages of the HTTP servers, which `own_cluster` leaves out.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


def configure(folder: Path) -> None:
    """Configure Dask in this process. `folder`: for the files of its own workers, those of killed ones included."""
    import dask.config

    dask.config.set(_QUIET)
    dask.config.set({"distributed.nanny.environ.TMPDIR": str(folder)})
    # A picture travels within its task, as one copy. Scattered data would be lost with the worker that holds it.
    warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
