"""Values that one part of the bot sends and another delivers, which may start later."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_KEPT = 100
"""Values that wait for a listener; a further one replaces the oldest."""


class Outbox(Generic[T]):
    """Hands values to a listener. Values sent without a listener wait for the next one."""

    def __init__(self) -> None:
        self._listener: Callable[[T], None] | None = None
        self._kept: deque[T] = deque(maxlen=MAX_KEPT)

    def send(self, value: T) -> None:
        """Hand `value` to the listener, now or once there is one."""
        self._kept.append(value)
        self._hand_on()

    def listen(self, listener: Callable[[T], None] | None) -> None:
        """Hand waiting and future values to `listener`. None: future ones wait."""
        self._listener = listener
        self._hand_on()

    def _hand_on(self) -> None:
        while self._listener is not None and self._kept:
            self._listener(self._kept.popleft())
