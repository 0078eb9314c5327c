"""The lock goes round the servers that wait for it."""

from __future__ import annotations

import asyncio

from bot.infra.turns import Turns

A, B, C = 1, 2, 3


async def test_the_servers_take_turns() -> None:
    turns, had = Turns(), list[int]()
    begun = asyncio.Event()

    async def ask(server: int) -> None:
        async with turns.turn(server):
            had.append(server)
            await begun.wait()

    tasks = [asyncio.create_task(ask(server)) for server in (A, A, A, A, B, B, C)]
    await asyncio.sleep(0)
    begun.set()
    await asyncio.gather(*tasks)
    assert had == [A, B, C, A, B, A, A]


async def test_a_server_that_asks_again_at_once_comes_after_the_others() -> None:
    turns, had = Turns(), list[int]()

    async def ask(server: int, times: int) -> None:
        for _ in range(times):
            async with turns.turn(server):
                had.append(server)
                await asyncio.sleep(0)

    await asyncio.gather(ask(A, 5), ask(B, 2))
    assert had == [A, B, A, B, A, A, A]


async def test_one_who_gives_up_leaves_the_lock_to_the_next() -> None:
    turns = Turns()
    async with turns.turn(A):
        waiting = asyncio.create_task(turns.turn(B).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1), turns.turn(C):
        pass


async def test_one_who_is_cancelled_with_the_lock_in_hand_passes_it_on() -> None:
    turns = Turns()
    held = turns.turn(A)
    await held.__aenter__()
    waiting = asyncio.create_task(turns.turn(B).__aenter__())
    await asyncio.sleep(0)
    await held.__aexit__(None, None, None)  # B has the lock now, and doesn't run yet
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1), turns.turn(C):
        pass
