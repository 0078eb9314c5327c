"""Limits on concurrent work: questions of a person, gatherings of a server."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.domain.messages import Message
from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import Generator


TOO_MANY_QUESTIONS = Message("I am still at work on what you asked before. Ask again when that is answered.")
TOO_MANY_GATHERINGS = Message("I am gathering photos for this server already. Try again when that is done.")


class ConcurrencyLimit:
    """Limits the work that runs at a time for each key, the id of a person or a server.

    `most`: the number of slots of a key. `refusal`: the message for a person who asks for more.
    """

    def __init__(self, most: int, refusal: Message = TOO_MANY_QUESTIONS) -> None:
        self._most = most
        self._refusal = refusal
        self._taken: Counter[int] = Counter()

    @contextmanager
    def slot(self, key: int) -> Generator[None]:
        """Hold one of the slots of `key`. Raises PersonError if all are taken."""
        if self._taken[key] >= self._most:
            raise PersonError(self._refusal)
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]
