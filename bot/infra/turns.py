"""One holder at a time, and turns of the servers that wait, so that nobody's many delay another's one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Turns:
    """A lock that goes round the servers. Those of one server get it in the order in which they asked."""

    def __init__(self) -> None:
        self._is_held = False
        self._waiting: OrderedDict[int, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, server: int) -> AsyncGenerator[None]:
        """Hold the lock once it is this server's turn."""
        await self._acquire(server)
        try:
            yield
        finally:
            self._pass_on(server)

    async def _acquire(self, server: int) -> None:
        if not self._is_held:
            self._is_held = True
            return
        asked = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(server, deque()).append(asked)
        try:
            await asked
        except asyncio.CancelledError:
            if asked.done() and not asked.cancelled():
                self._pass_on(server)
            raise

    def _pass_on(self, server: int) -> None:
        """Give the lock to the first one of the next server that waits; `server` had it, and comes last."""
        if server in self._waiting:
            self._waiting.move_to_end(server)
        while self._waiting:
            other, queue = next(iter(self._waiting.items()))
            asked = queue.popleft()
            if not queue:
                del self._waiting[other]
            if not asked.done():
                asked.set_result(None)
                return
        self._is_held = False
