"""Recent deletions on Discord. Work that takes long checks them after it has written its rows."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from cachetools import TTLCache

from bot.errors import MessageDeletedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from bot.domain.deletions import MessageScope

_Key = tuple[Literal["message", "channel"], int]

REMEMBERED = 3600.0
"""Seconds for which a deletion is remembered. A picture is answered, and the row of a clip job written, in far less."""

MAX_REMEMBERED = 100_000
"""Deletions that are remembered, at most. A further one replaces the oldest."""


class RecentDeletions:
    """The messages and channels that were deleted within the last hour.

    A deletion is added before the database is searched for its rows. Other code writes a row first, and checks for
    deletions after. So no deletion is missed: either the search finds the row, or the check finds the deletion.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._deleted: TTLCache[_Key, None] = TTLCache(MAX_REMEMBERED, REMEMBERED, timer)
        self._needed: dict[asyncio.Timeout, frozenset[_Key]] = {}

    def add(self, scope: MessageScope) -> None:
        """Remember that these were deleted, and end the blocks of `abort_on_deletion` that need one of them."""
        keys = _keys(scope)
        for key in keys:
            self._deleted[key] = None
        now = asyncio.get_running_loop().time() if self._needed else 0.0
        for block, needed in self._needed.items():
            if not needed.isdisjoint(keys) and not block.expired():
                block.reschedule(now)

    def contains_any(self, scope: MessageScope) -> bool:
        """Whether one of these was deleted."""
        return any(key in self._deleted for key in _keys(scope))

    @asynccontextmanager
    async def abort_on_deletion(self, scope: MessageScope) -> AsyncGenerator[None]:
        """A block of work that is given up with MessageDeletedError as soon as one of these is deleted."""
        if self.contains_any(scope):
            raise MessageDeletedError
        block = asyncio.timeout(None)
        try:
            async with block:
                self._needed[block] = frozenset(_keys(scope))
                try:
                    yield
                finally:
                    del self._needed[block]
        except TimeoutError:
            if block.expired():
                raise MessageDeletedError from None
            raise


def _keys(scope: MessageScope) -> list[_Key]:
    return [
        *(("message", message) for message in scope.messages),
        *(("channel", channel) for channel in scope.channels),
    ]
