"""The number of trainings that each server began within an hour."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from bot.domain.quotas import Quota, QuotaUsage
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import QuotaError

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR: Final = 3600.0


class TrainingQuota:
    """Counts trainings when they begin, since a failed one takes as long. A restart of the bot forgets them.

    `most`: the trainings of a server within an hour. The shared roster, which is the operator's, has no limit. `clock`:
    seconds, like `time.monotonic`.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._begun: dict[int, deque[float]] = {}

    def usage(self, server: int) -> QuotaUsage:
        """The trainings of a server within the last hour."""
        return QuotaUsage(Quota.TRAININGS, len(self._within_an_hour(server)), self._most)

    def begin(self, server: int) -> None:
        """Count a training that begins now. Raises QuotaError where the server has used its quota."""
        if server == SHARED_ROSTER:
            return
        if seconds := self.seconds_until_room(server):
            raise QuotaError(Quota.TRAININGS, self._most, seconds=seconds)
        self._begun.setdefault(server, deque()).append(self._clock())

    def seconds_until_room(self, server: int) -> float:
        """Seconds until the server may begin another training; 0 if it may now."""
        begun = self._within_an_hour(server)
        return begun[-self._most] + HOUR - self._clock() if len(begun) >= self._most else 0.0

    def _within_an_hour(self, server: int) -> deque[float]:
        begun = self._begun.get(server, deque())
        while begun and begun[0] <= self._clock() - HOUR:
            begun.popleft()
        if not begun:
            self._begun.pop(server, None)
        return begun
