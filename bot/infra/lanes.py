"""The two lanes of jobs: pictures, for which a person waits, and long work in the background.

One worker never takes background jobs, so that a picture finds a worker however many of them wait. A picture that takes long
is such a job: only its decoding shows that, so the first worker leaves it (`LongJobError`) to those of that lane. Where the
workers are our own, each job carries its lane's name as a resource of Dask, which the workers of that lane have.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

NICENESS: Final = 10
"""Added to the niceness of a process that takes background jobs alone, as `models.learning.isolation` does."""

_ROOM: Final = 1000
"""The resource of a lane in a worker. A job holds 1 until it ends, also after it has released its worker."""


class JobLane(StrEnum):
    """The lane of a job."""

    PICTURES = "pictures"
    """A person waits for the result."""

    BACKGROUND = "background"
    """Pictures that take long, parts of clips, gathered photos, crops for another engine."""

    @property
    def priority(self) -> int:
        """Dask's priority among jobs that wait for a worker; the greater is the earlier."""
        return 0 if self is JobLane.PICTURES else -1

    @property
    def required_resources(self) -> dict[str, float]:
        """The resource that a job of this lane needs."""
        return {self.value: 1}


def lane_resources(*lanes: JobLane) -> dict[str, float]:
    """The resources of a worker that takes jobs of these lanes."""
    return {lane.value: _ROOM for lane in lanes}


def background_workers(workers: int) -> int:
    """The workers for background jobs, of `workers` for pictures: all but one. Beside a single one stands a further process."""
    return max(1, workers - 1)
