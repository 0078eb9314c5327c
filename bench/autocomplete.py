"""The time of an autocomplete: `python -m bench.autocomplete [--members 10000] [--aliases 0]`.

A server has so many members in groups of ten, each with so many aliases. The yardstick is the reading of their rows alone.
Discord asks anew at each keystroke, and the event loop answers. It ends with 1 where an answer takes longer than `PROMISED`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app import App
from bot.cli.running import NEW_OBJECTS
from bot.database.aliases import SpellingRepository
from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Alias, Group, Member
from bot.settings import Settings
from bot.text.names import search_key
from bot.usecases.roster.members import autocomplete_members

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SERVER = 7
IN_A_GROUP = 10
TURNS = 15
PROMISED = 0.05
"""Seconds of an answer on an idle machine, at most."""


def main() -> None:
    """Fill a database, and print the times."""
    parser = argparse.ArgumentParser(prog="python -m bench.autocomplete", description="What a keystroke costs.")
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--aliases", type=int, default=0, help="of each member")
    arguments = parser.parse_args()
    gc.set_threshold(NEW_OBJECTS)  # as in the bot
    slowest = asyncio.run(measure(arguments.members, arguments.aliases))
    if slowest > PROMISED:
        sys.exit(f"the slowest takes {1000 * slowest:.0f} ms in place of {1000 * PROMISED:.0f}")


async def measure(members: int, aliases: int) -> float:
    """Print the median time of each text, in ms and against the yardstick; returns the longest in seconds."""
    with tempfile.TemporaryDirectory(prefix="nugu-bench-") as folder:
        async with App.open(Settings(data=Path(folder)), own_processes=False) as app:
            names = await fill(app, members, aliases)

            async def read() -> None:
                async with app.database.reading() as session:
                    await SpellingRepository(session).of_members({SERVER})

            yardstick = await median_of(read)
            print(f"{members} members: {1000 * yardstick:.1f} ms to read their rows")
            typed = {
                "nothing": "",
                "a letter": names[7][:1],
                "a beginning": names[7][:4],
                "a slip": names[7][:6] + "qq",
            }
            slowest = 0.0
            for kind, text in typed.items():
                seconds = await median_of(lambda text=text: autocomplete_members(app, SERVER, "", text))
                print(f"  {kind:12} {1000 * seconds:6.1f} ms, {seconds / yardstick:.2f} times the reading")
                slowest = max(slowest, seconds)
            return slowest


async def fill(app: App, members: int, aliases: int) -> list[str]:
    """Add the members; returns their names."""
    chance = random.Random(3)
    names = ["".join(chance.choices("abcdefghijklmnoprstuyz", k=8)) for _ in range(members)]
    async with app.database.writing() as session:
        await ServerRepository(session).ensure(SERVER)
        for start in range(0, members, IN_A_GROUP):
            group = Group(server_id=SERVER, name=f"group {start}", key=f"group {start}")
            session.add(group)
            await session.flush()
            rows = [
                Member(group_id=group.id, name=name, key=search_key(name)) for name in names[start : start + IN_A_GROUP]
            ]
            session.add_all(rows)
            await session.flush()
            session.add_all(
                Alias(group_id=group.id, member_id=row.id, name=f"{row.name} {number}", key=f"{row.key} {number}")
                for row in rows
                for number in range(aliases)
            )
    return names


async def median_of(work: Callable[[], Awaitable[object]]) -> float:
    """The median seconds of some work, after a first time."""
    await work()
    seconds: list[float] = []
    for _ in range(TURNS):
        began = time.perf_counter()
        await work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
