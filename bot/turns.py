"""Nobody keeps the workers for themselves: a person has so many questions in work at a time."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import Generator


class Turns:
    """Counts what is in work for each person."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[int] = Counter()

    @contextmanager
    def taken_by(self, person: int) -> Generator[None]:
        """Hold one of the person's turns; raises PersonError when all are taken."""
        if self._taken[person] >= self._most:
            raise PersonError("I am still at work on what you asked before. Ask again when that is answered.")
        self._taken[person] += 1
        try:
            yield
        finally:
            self._taken[person] -= 1
            if not self._taken[person]:
                del self._taken[person]
