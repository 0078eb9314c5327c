"""What is kept until it changes: made once for all who ask, again after a failure, and never broken off by who goes."""

from __future__ import annotations

import asyncio

import pytest

from bot.infra.cache import Memo


class Maker:
    """Makes a new number each time, once it may."""

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


async def test_who_asks_meanwhile_waits_for_the_same() -> None:
    memo, maker = Memo(2), Maker()
    asked = [asyncio.create_task(memo.get("a", maker.make)) for _ in range(3)]
    await asyncio.sleep(0)
    asked[0].cancel()
    await asyncio.sleep(0)
    maker.may.set()
    assert await asyncio.gather(*asked[1:]) == [1, 1]
    assert asked[0].cancelled()
    assert await memo.get("a", maker.make) == 1
    assert await memo.get("b", maker.make) == 2


async def test_what_failed_is_made_again() -> None:
    memo, maker = Memo(2), Maker()
    maker.may.set()
    maker.fails = True
    for attempt in (1, 2):
        with pytest.raises(LookupError, match=f"attempt {attempt}"):
            await memo.get("a", maker.make)
    maker.fails = False
    assert await memo.get("a", maker.make) == await memo.get("a", maker.make) == 3


async def test_what_was_asked_for_longest_ago_goes() -> None:
    memo, maker = Memo(2), Maker()
    maker.may.set()
    assert [await memo.get(key, maker.make) for key in "abacab"] == [1, 2, 1, 3, 1, 4]
