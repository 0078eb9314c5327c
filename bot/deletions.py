"""What was deleted on Discord lately: who is still at work on it asks here, once they have written what they saw."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

REMEMBERED = 3600.0
"""Seconds: no picture takes so long until it is answered, and no video until it is promised."""


@dataclass(frozen=True, slots=True)
class Places:
    """Messages by their ids, and channels with all their messages; a thread may have the id of a message."""

    messages: frozenset[int] = frozenset()
    channels: frozenset[int] = frozenset()


class Deletions:
    """The messages and channels that were deleted within the last hour.

    A deletion is noted here before the database is asked who is concerned. So whoever writes a row, and looks here
    afterwards, misses none: either the row was there to be found, or the deletion is.
    """

    def __init__(self) -> None:
        self._noted: dict[tuple[Literal["message", "channel"], int], float] = {}

    def note(self, gone: Places) -> None:
        """These were deleted."""
        now = time.monotonic()
        for key in _keys(gone):
            self._noted.pop(key, None)
            self._noted[key] = now
        while self._noted and next(iter(self._noted.values())) < now - REMEMBERED:
            self._noted.pop(next(iter(self._noted)))

    def any_of(self, places: Places) -> bool:
        """Whether one of these was deleted."""
        return any(key in self._noted for key in _keys(places))


def _keys(places: Places) -> list[tuple[Literal["message", "channel"], int]]:
    return [
        *(("message", message) for message in places.messages),
        *(("channel", channel) for channel in places.channels),
    ]
