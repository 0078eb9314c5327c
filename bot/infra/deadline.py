"""The time limit of some work, shared by all its processes."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of the time for some work. `at`: seconds since 1970, so machines that work together need equal clocks."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline in so many seconds from now."""
        return cls(time.time() + seconds)

    def left(self) -> float:
        """The seconds until the deadline, 0 after it."""
        return max(0.0, self.at - time.time())
