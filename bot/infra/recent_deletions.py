"""What was deleted on Discord lately: who is still at work on it asks here, once they have written what they saw."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from cachetools import TTLCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.deletions import MessageScope

_Key = tuple[Literal["message", "channel"], int]

REMEMBERED = 3600.0
"""Seconds: no picture takes so long until it is answered, and no video until it is promised."""

MOST_REMEMBERED = 100_000
"""So many deletions at most; the oldest makes room for a new one."""


class Deletions:
    """The messages and channels that were deleted within the last hour.

    A deletion is noted here before the database is asked who is concerned. So whoever writes a row, and looks here
    afterwards, misses none: either the row was there to be found, or the deletion is.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._noted: TTLCache[_Key, None] = TTLCache(MOST_REMEMBERED, REMEMBERED, timer)

    def note(self, gone: MessageScope) -> None:
        """These were deleted."""
        for key in _keys(gone):
            self._noted[key] = None

    def any_of(self, places: MessageScope) -> bool:
        """Whether one of these was deleted."""
        return any(key in self._noted for key in _keys(places))


def _keys(places: MessageScope) -> list[_Key]:
    return [
        *(("message", message) for message in places.messages),
        *(("channel", channel) for channel in places.channels),
    ]
