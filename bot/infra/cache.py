"""What took long to make, kept until what it was made of changes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

T = TypeVar("T")


class Memo:
    """Keeps so many of what was made last, each by a key that holds all that it depends on."""

    def __init__(self, most: int) -> None:
        self._most = most
        # Any stands for whatever is made: each key is made by one function alone.
        self._made: OrderedDict[Hashable, asyncio.Task[Any]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `make` makes for this key. Raises what it raises.

        Who asks meanwhile waits for the same. What failed is made again for the next who asks. That somebody no longer waits
        breaks nothing off.
        """
        made = self._made.get(key)
        if made is None or (made.done() and (made.cancelled() or made.exception() is not None)):
            made = self._made[key] = asyncio.create_task(make())
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return await asyncio.shield(made)
