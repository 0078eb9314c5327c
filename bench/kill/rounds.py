"""The rounds: some seconds of load, a kill, a new start where it needs one, and the checks."""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import psutil

from bench.kill.ledger import faults, unfinished_clips
from bench.kill.load import Load, Material
from bench.kill.processes import a_worker, descendants, kill, left_behind, still_alive, trains, until
from bench.kill.report import Report, Victim
from bench.kill.running import Bot, Scheduler, separate_scheduler
from bot.database.engine import FILE
from bot.settings import Settings
from bot.usecases import checking
from models.engines import DEFAULT
from tests.support.image_search import serving
from tests.support.portraits import public_portraits
from tests.support.wire import WireDiscord

_LONGEST_LOAD = 6.0
"""Seconds of load before a kill, at most."""

_SETTLING_SECONDS = 300.0
_LAST_ACTIONS_SECONDS = 240.0
_INSTALLS = 0.3
"""The share of rounds in which an engine is installed or changed."""

_AT_REQUEST = 0.5
"""The share of the bot's deaths right after one of its requests, between what people see and what the database knows."""

_DAYS = 2 * 24 * 3600.0
"""Seconds after which the bot sweeps what a killed process was at work on."""


async def run(report: Report, kills: int, seed: int, *, only: Victim | None = None) -> None:
    """So many kills, and what they found. The scheduler comes last, since the bot has to use a separate one."""
    chance = random.Random(seed)
    victims = [only] * kills if only else [list(Victim)[number % len(Victim)] for number in range(kills)]
    chance.shuffle(victims)
    with tempfile.TemporaryDirectory(prefix="nugu-kill-") as folder:
        async with serving() as site, WireDiscord() as wire:
            load = Load(wire, site, Material.make(public_portraits(), Path(folder)), chance, kills)
            rounds = Rounds(report, Bot.make(wire, site, Path(folder)), load, chance)
            try:
                await rounds.run([victim for victim in victims if victim is not Victim.SCHEDULER])
                await rounds.run_with_scheduler([victim for victim in victims if victim is Victim.SCHEDULER])
                await rounds.finish()
            finally:
                report.counts = load.ledger.counts()


class Rounds:
    """The rounds of a run, on one data folder."""

    def __init__(self, report: Report, bot: Bot, load: Load, chance: random.Random) -> None:
        self.report = report
        self._bot, self._load, self._chance = bot, load, chance
        self._known = False
        self._installed = False

    async def run(self, victims: Sequence[Victim]) -> None:
        """Kill the bot and its own workers."""
        if victims:
            async with self._started():
                for victim in victims:
                    await self._round(victim)

    async def run_with_scheduler(self, victims: Sequence[Victim]) -> None:
        """Kill a separate scheduler."""
        if victims:
            async with separate_scheduler(self._bot) as scheduler, self._started(scheduler):
                for victim in victims:
                    await self._round(victim, scheduler)

    async def finish(self) -> None:
        """Let the bot sweep what is days old, and look at everything once more."""
        then = time.time() - _DAYS
        for folder in ("files", "clips"):
            for path in (self._bot.data / folder).rglob("*"):
                os.utime(path, (then, then))
        async with self._started():
            await asyncio.sleep(5.0)
        found = await self._faults()
        found += [f"{name} is left in the end" for name in await left_behind(self._bot.temporary)]
        unfinished = [*self._bot.data.glob("clips/*/.*"), *self._bot.data.glob("clips/incoming-*")]
        found += [f"{path.relative_to(self._bot.data)} is left in the end" for path in unfinished]
        self.report.add_faults(Victim.BOT, found)

    @asynccontextmanager
    async def _started(self, scheduler: Scheduler | None = None) -> AsyncGenerator[None]:
        process = await self._bot.start(**(scheduler.settings if scheduler else {}))
        try:
            if not self._known:
                await self._load.enrol()
                self._known = True
            yield
            process = self._bot.process or process
            begun = descendants(process)
        finally:
            await self._bot.stop()
        self.report.add_faults(Victim.BOT, [f"after the stop {each}" for each in await still_alive(begun)])

    async def _round(self, victim: Victim, scheduler: Scheduler | None = None) -> None:
        times = [time.monotonic()]
        stopped = asyncio.Event()
        actions = self._load.round(stopped)
        install = await self._begin_install()
        await asyncio.sleep(self._chance.uniform(0.0, _LONGEST_LOAD))
        found = [f"an action ended with {each!r}" for each in _errors(actions)]
        times.append(time.monotonic())
        self.report.in_training += trains(psutil.Process())
        if victim is Victim.BOT:
            found += await self._kill_bot(actions)
        else:
            found += await self._kill_other(victim, scheduler, install)
            stopped.set()
            found += await _last_actions(actions)
        times.append(time.monotonic())
        if install is not None:
            found += await _end_of(install)
        await until(lambda: not unfinished_clips(self._bot.data / FILE), _SETTLING_SECONDS)
        times.append(time.monotonic())
        found += await self._faults()
        found += [f"{name} is left" for name in await left_behind(self._bot.temporary)]
        new = self.report.add(victim, found)
        times.append(time.monotonic())
        steps = ("killed after", "served again", "settled", "checked")
        took = ", ".join(
            f"{step} {end - begin:.1f} s" for step, (begin, end) in zip(steps, pairwise(times), strict=True)
        )
        told = f"{self.report.kills.total()}: {victim} {took}"
        print(told, *new, sep="\n  ", file=sys.stderr, flush=True)

    async def _kill_bot(self, actions: Sequence["asyncio.Task[None]"]) -> list[str]:
        begun = await self._bot.kill(at_request=self._chance.random() < _AT_REQUEST)
        for action in actions:
            action.cancel()
        await asyncio.gather(*actions, return_exceptions=True)
        found = [f"left running: {each}" for each in await still_alive(begun)]
        await self._bot.start()
        return found

    async def _kill_other(
        self, victim: Victim, scheduler: Scheduler | None, install: asyncio.subprocess.Process | None
    ) -> list[str]:
        if victim is Victim.SCHEDULER:
            assert scheduler is not None
            assert scheduler.process is not None
            kill(scheduler.process)
            await scheduler.stop()
            await scheduler.start()
            return []
        owner = self._bot.process
        if install is not None and install.returncode is None and self._chance.random() < _INSTALLS:
            owner = psutil.Process(install.pid)
        assert owner is not None
        worker = await a_worker(owner, self._chance)
        if worker is None:
            return ["no worker was there to kill"]
        below = descendants(worker)
        kill(worker)
        return [f"left running: {each}" for each in await still_alive([worker, *below])]

    async def _begin_install(self) -> asyncio.subprocess.Process | None:
        """Install the second engine, or go back to the first one."""
        if self._chance.random() >= _INSTALLS:
            return None
        self._installed = not self._installed
        if not self._installed:
            return await self._bot.begin("engine", "use", DEFAULT)
        source = self._bot.folder / "source" / "toy"
        source.mkdir(parents=True, exist_ok=True)
        (source / "weights.bin").write_bytes(bytes(range(256)) * 1024)
        return await self._bot.begin("engine", "install", "toy", "--from", str(source.parent))

    async def _faults(self) -> list[str]:
        damaged = await checking.check(Settings(data=self._bot.data), mends=False)
        found = [f"nugu check: {each.fault} {each.subject} {each.detail}" for each in damaged]
        cards, messages = self._load.cards(), self._load.messages()
        found += faults(self._load.ledger, self._bot.data / FILE, cards, messages)
        return found


async def _last_actions(actions: Sequence["asyncio.Task[None]"]) -> list[str]:
    """Wait for the actions that were under way."""
    _, late = await asyncio.wait(actions, timeout=_LAST_ACTIONS_SECONDS)
    for action in late:
        action.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [f"an action ended with {each!r}" for each in _errors(actions)] + ["an action had no end"] * len(late)


def _errors(actions: Sequence["asyncio.Task[None]"]) -> list[BaseException]:
    done = [action for action in actions if action.done() and not action.cancelled()]
    return [error for action in done if (error := action.exception()) is not None]


async def _end_of(install: asyncio.subprocess.Process) -> list[str]:
    """Wait for an install; whatever it says about a killed worker, it ends."""
    try:
        await asyncio.wait_for(install.communicate(), _SETTLING_SECONDS)
    except TimeoutError:
        install.kill()
        await install.wait()
        return ["the install had no end"]
    return []
