"""Notifications for moderators, handed to the part of the bot that delivers them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.models import MadeModel
    from bot.domain.quotas import QuotaUse

MOST_KEPT = 100
"""Notifications that wait for a listener; a further one replaces the oldest."""


@dataclass(frozen=True, slots=True)
class Notification:
    """News for a server's moderators: a model that the bot made by itself, or a quota that is full."""

    server: int
    news: MadeModel | QuotaUse


class Notifications:
    """Hands notifications to a listener; those sent while there is none wait for the next."""

    def __init__(self) -> None:
        self._listener: Callable[[Notification], None] | None = None
        self._kept: deque[Notification] = deque(maxlen=MOST_KEPT)

    def send(self, notification: Notification) -> None:
        """Hand `notification` to the listener, now or once there is one."""
        self._kept.append(notification)
        self._hand_on()

    def listen(self, listener: Callable[[Notification], None] | None) -> None:
        """Hand waiting and future notifications to `listener`. None: future ones wait."""
        self._listener = listener
        self._hand_on()

    def _hand_on(self) -> None:
        while self._listener is not None and self._kept:
            self._listener(self._kept.popleft())
