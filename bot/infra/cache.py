"""A cache of values that take long to make."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Key = TypeVar("Key")
Value = TypeVar("Value")


class SingleFlightCache(Generic[Key, Value]):
    """Keeps the `most` values that were used last. A key is hashable and holds everything that its value depends on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tasks: OrderedDict[Key, asyncio.Task[Value]] = OrderedDict()

    async def get(self, key: Key, make: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """The value of `key`, made by `make` if the cache has none. Raises the errors of `make`.

        Concurrent callers wait for the same value. The cancellation of a caller doesn't cancel the making. A failure is not
        cached: the next caller makes the value again.
        """
        task = self._tasks.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._tasks[key] = asyncio.create_task(make())
            while len(self._tasks) > self._most:
                self._tasks.popitem(last=False)
        self._tasks.move_to_end(key)
        return await asyncio.shield(task)

    def drop(self, key: Key) -> None:
        """Let the next caller make the value anew."""
        self._tasks.pop(key, None)
