"""Nobody keeps the workers for themselves: a person has so many questions in work at a time, a server so many gatherings."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import Generator


QUESTIONS = "I am still at work on what you asked before. Ask again when that is answered."
GATHERINGS = "I am gathering photos for this server already. Try again when that is done."


class Turns:
    """Counts what is in work for each person, or server; `busy` is what one hears who wants more than `most` at a time."""

    def __init__(self, most: int, busy: str = QUESTIONS) -> None:
        self._most = most
        self._busy = busy
        self._taken: Counter[int] = Counter()

    @contextmanager
    def taken_by(self, whom: int) -> Generator[None]:
        """Hold one of the turns of a person, or server; raises PersonError when all are taken."""
        if self._taken[whom] >= self._most:
            raise PersonError(self._busy)
        self._taken[whom] += 1
        try:
            yield
        finally:
            self._taken[whom] -= 1
            if not self._taken[whom]:
                del self._taken[whom]
