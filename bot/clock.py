"""The time: a clock that may be wrong for what is stored and shown, and one that never jumps for what is waited for.

The wall clock is read here alone. It may jump ahead or back, by a battery that is empty, by a hand, or by a virtual machine
that wakes. Waits, pauses and limits of work use `time.monotonic`. A stored time that limits something is read by `still_lasts`,
and what is deleted for its age is so by `AgeClock`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

STEADY: Final = 24 * 3600.0
"""Seconds after which a clock that jumped ahead is believed."""

DRIFT: Final = 300.0
"""Seconds that a clock may gain between two looks at it without having jumped."""


def unix_time() -> float:
    """Seconds since 1970 by the wall clock."""
    return time.time()


def utc_now() -> datetime:
    """The time of the wall clock in UTC, aware of its time zone."""
    return datetime.fromtimestamp(unix_time(), UTC)


def still_lasts(until: datetime, now: datetime, longest: timedelta) -> bool:
    """Whether a limit lasts that was set at most `longest` before its end.

    One that ends later was set by a clock that was ahead, and is over: otherwise it would last as long as the clock was ahead.
    """
    return now < until <= now + longest


def uptime() -> float:
    """Seconds of a clock that never jumps, and that goes on while the machine sleeps, where the system has one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class AgeClock:
    """The time by which old things are deleted. It is never later than the wall clock, and doesn't follow a jump ahead.

    A jump is what the wall clock gains on `uptime`. It is believed once it has lasted for `STEADY` seconds. A clock that jumps
    back is followed at once. A clock that is wrong when the process begins is believed.
    """

    def __init__(self, wall: Callable[[], float] = unix_time, steady: Callable[[], float] = uptime) -> None:
        """`wall`, `steady`: seconds of a clock that may jump, and of one that doesn't."""
        self._wall, self._steady = wall, steady
        self._ahead = wall() - steady()
        self._jumped: float | None = None

    def now(self) -> datetime:
        """The time. Its callers look at least once an hour, since a jump shows only between two looks."""
        wall, steady = self._wall(), self._steady()
        ahead = wall - steady
        if ahead <= self._ahead + DRIFT:
            self._ahead, self._jumped = ahead, None
        elif self._jumped is None:
            self._jumped = steady
        elif steady - self._jumped >= STEADY:
            self._ahead, self._jumped = ahead, None
        return datetime.fromtimestamp(min(wall, self._ahead + steady), UTC)
