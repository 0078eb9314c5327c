"""What moderators are told without having asked. Whoever speaks to them listens here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the moderators of a server, in Discord's markup."""

    server: int
    sentence: str


class Notices:
    """Notices in the order in which they came up, kept until they are told."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Notice] = asyncio.Queue()

    def tell(self, notice: Notice) -> None:
        """Let the moderators of a server be told."""
        self._queue.put_nowait(notice)

    async def next(self) -> Notice:
        """The next one to tell; waits for it."""
        return await self._queue.get()
