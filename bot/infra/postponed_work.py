"""Work that a fault of the storage held up, and that is done once the storage is well again."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from bot.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Work = Callable[[], Awaitable[None]]

log = logging.getLogger(__name__)

MAX_KEPT = 1000
"""Work that waits, at most; more replaces the oldest. It is forgotten when the process ends."""


class PostponedWork:
    """Does work now, or at the next `retry` where the storage has a fault. The work may be done twice."""

    def __init__(self) -> None:
        self._waiting: deque[Work] = deque(maxlen=MAX_KEPT)

    async def attempt(self, work: Work) -> None:
        """Do `work`; after a StorageError it waits for `retry`, and the log has a line."""
        try:
            await work()
        except StorageError as fault:
            log.error("this waits for the storage: %s", fault)
            self._waiting.append(work)

    async def retry(self) -> None:
        """Do the waiting work, the oldest first. Work that fails again waits for the next call."""
        for _ in range(len(self._waiting)):
            await self.attempt(self._waiting.popleft())
