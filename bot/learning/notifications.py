"""What moderators are told without having asked. Whoever speaks to them listens here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.models import MadeModel

MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """A model that the bot made by itself, for the moderators of a server."""

    server: int
    model: MadeModel


class Notices:
    """Hands notices to who listens; those that come up while nobody does are kept until somebody does."""

    def __init__(self) -> None:
        self._listener: Callable[[Notice], None] | None = None
        self._kept: deque[Notice] = deque(maxlen=MOST_KEPT)

    def tell(self, notice: Notice) -> None:
        """Let the moderators of a server be told."""
        self._kept.append(notice)
        self._hand_on()

    def listen(self, listener: Callable[[Notice], None] | None) -> None:
        """Hand every notice to `listener` from now on; to nobody where that is None."""
        self._listener = listener
        self._hand_on()

    def _hand_on(self) -> None:
        while self._listener is not None and self._kept:
            self._listener(self._kept.popleft())
