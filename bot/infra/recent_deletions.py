"""Recent deletions on Discord. Work that takes long checks them after it has written its rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from cachetools import TTLCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.deletions import MessageScope

_Key = tuple[Literal["message", "channel"], int]

REMEMBERED = 3600.0
"""Seconds for which a deletion is remembered. A picture is answered, and the row of a clip job written, in far less."""

MOST_REMEMBERED = 100_000
"""Deletions that are remembered, at most. A further one replaces the oldest."""


class RecentDeletions:
    """The messages and channels that were deleted within the last hour.

    A deletion is added before the database is searched for its rows. Other code writes a row first, and checks for
    deletions after. So no deletion is missed: either the search finds the row, or the check finds the deletion.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._deleted: TTLCache[_Key, None] = TTLCache(MOST_REMEMBERED, REMEMBERED, timer)

    def add(self, scope: MessageScope) -> None:
        """Remember that these were deleted."""
        for key in _keys(scope):
            self._deleted[key] = None

    def any_of(self, scope: MessageScope) -> bool:
        """Whether one of these was deleted."""
        return any(key in self._deleted for key in _keys(scope))


def _keys(scope: MessageScope) -> list[_Key]:
    return [
        *(("message", message) for message in scope.messages),
        *(("channel", channel) for channel in scope.channels),
    ]
