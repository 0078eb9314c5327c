"""A value is made once for concurrent callers, and again after a failure. Its making outlasts a cancelled caller."""

from __future__ import annotations

import asyncio

import pytest

from bot.infra.cache import SingleFlightCache


class Maker:
    """Makes a new number at each call, once `may` is set."""

    def __init__(self) -> None:
        self.made = 0
        self.may = asyncio.Event()
        self.fails = False

    async def make(self) -> int:
        await self.may.wait()
        self.made += 1
        if self.fails:
            raise LookupError(f"attempt {self.made}")
        return self.made


async def test_concurrent_callers_share_one_value() -> None:
    cache, maker = SingleFlightCache[str, int](2), Maker()
    asked = [asyncio.create_task(cache.get("a", maker.make)) for _ in range(3)]
    await asyncio.sleep(0)
    asked[0].cancel()
    await asyncio.sleep(0)
    maker.may.set()
    assert await asyncio.gather(*asked[1:]) == [1, 1]
    assert asked[0].cancelled()
    assert await cache.get("a", maker.make) == 1
    assert await cache.get("b", maker.make) == 2


async def test_a_failure_is_not_cached() -> None:
    cache, maker = SingleFlightCache[str, int](2), Maker()
    maker.may.set()
    maker.fails = True
    for attempt in (1, 2):
        with pytest.raises(LookupError, match=f"attempt {attempt}"):
            await cache.get("a", maker.make)
    maker.fails = False
    assert await cache.get("a", maker.make) == await cache.get("a", maker.make) == 3


async def test_the_least_recently_used_value_is_dropped() -> None:
    cache, maker = SingleFlightCache[str, int](2), Maker()
    maker.may.set()
    assert [await cache.get(key, maker.make) for key in "abacab"] == [1, 2, 1, 3, 1, 4]
