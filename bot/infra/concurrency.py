"""Limits on concurrent work: questions of a person, gatherings of a server."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import Generator


QUESTIONS = "I am still at work on what you asked before. Ask again when that is answered."
GATHERINGS = "I am gathering photos for this server already. Try again when that is done."


class ConcurrencyLimit:
    """Counts the work that runs for each key: the id of a person or a server.

    `most`: how much of it may run at a time. `busy`: the message for a person who asks for more.
    """

    def __init__(self, most: int, busy: str = QUESTIONS) -> None:
        self._most = most
        self._busy = busy
        self._taken: Counter[int] = Counter()

    @contextmanager
    def slot(self, key: int) -> Generator[None]:
        """Hold one of the slots of `key`; raises PersonError when all are taken."""
        if self._taken[key] >= self._most:
            raise PersonError(self._busy)
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]
