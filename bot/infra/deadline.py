"""The time limit of some work, shared by all its processes."""

from __future__ import annotations

import time
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of the time for some work. `at`: seconds of this process's monotonic clock.

    It travels as the seconds that are left, so it is the same on a machine with another clock.
    """

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline in so many seconds from now."""
        return cls(_now() + seconds)

    def __reduce__(self) -> tuple[Callable[[float], Deadline], tuple[float]]:
        return Deadline.after, (self.left(),)

    def left(self) -> float:
        """The seconds until the deadline, 0 after it."""
        return max(0.0, self.at - _now())


def _now() -> float:
    """The monotonic clock in a fresh context, where nobody simulates it."""
    return Context().run(time.monotonic)
