"""Faults of the storage: errors of libraries become a `StorageError`, and the operator gets a notice of each."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cachetools import TTLCache

from bot.errors import StorageError
from bot.infra.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from bot.domain.messages import Message
    from bot.domain.storage import StorageReason

AGAIN = 3600.0
"""Seconds until a fault that lasts is reported again."""

MAX_REMEMBERED = 100


class StorageFaults:
    """Sends the operator a notice of each fault, at most once in `AGAIN` seconds for each kind and place."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self.notices: Outbox[Message] = Outbox()
        self._reported: TTLCache[tuple[StorageReason, str], None] = TTLCache(MAX_REMEMBERED, AGAIN, timer)

    def report(self, fault: StorageError) -> None:
        """Send a notice of `fault`, unless one was sent lately."""
        if (fault.reason, fault.place) not in self._reported:
            self._reported[fault.reason, fault.place] = None
            self.notices.send(fault.for_operator)

    @contextmanager
    def reporting(
        self, fault_of: Callable[[Exception], StorageError | None] = StorageError.from_error
    ) -> Generator[None]:
        """Report faults of the storage in a block, and raise them as StorageError. Other errors pass.

        `fault_of`: the fault that an error stands for, None for no fault.
        """
        try:
            yield
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            self.report(fault)
            if fault is error:
                raise
            raise fault from error
