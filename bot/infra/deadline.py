"""The moment by which some work has ended, however many processes take part in it."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """`at`: seconds since 1970. Machines that work together set their clocks alike."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(time.time() + seconds)

    def left(self) -> float:
        """Seconds until then, 0 once it is past."""
        return max(0.0, self.at - time.time())
