"""Fitted recognisers, kept until a roster changes or is trained."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.rosters import Rosters
from bot.errors import NoRosterError

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.classifiers import Classifiers
    from bot.compute import Compute
    from bot.database.engine import Database
    from bot.jobs import Workbench

KEPT = 32


@dataclass(frozen=True, slots=True)
class Fitted:
    """A recogniser as bytes, and the engine version whose encodings it was fitted to."""

    engine: str
    recogniser: bytes


class Recognisers:
    """The recogniser of each set of rosters, fitted in a worker on first use after a change or a training."""

    def __init__(self, database: Database, compute: Compute, bench: Workbench, classifiers: Classifiers) -> None:
        self._database = database
        self._compute = compute
        self._bench = bench
        self._classifiers = classifiers
        self._engine: str | None = None
        self._fits: OrderedDict[tuple[tuple[tuple[int, int], ...], int], asyncio.Task[Fitted]] = OrderedDict()

    async def engine(self) -> str:
        """The version of the engine in use, as encodings carry it."""
        if self._engine is None:
            self._engine = await self._compute.run(jobs.warm_up, self._bench)
        return self._engine

    async def of(self, servers: Collection[int]) -> Fitted:
        """The recogniser for the rosters of `servers`; raises NoRosterError when nobody is enrolled in them."""
        async with self._database.reading() as session:
            key = (await Rosters(session).revisions(servers), self._classifiers.trained)
        # A burst of questions after a change waits for one fit; a fit that fails is tried again by the next question.
        fit = self._fits.get(key)
        if fit is None or (fit.done() and (fit.cancelled() or fit.exception() is not None)):
            fit = self._fits[key] = asyncio.create_task(self._fit(servers))
            while len(self._fits) > KEPT:
                self._fits.popitem(last=False)
        self._fits.move_to_end(key)
        return await asyncio.shield(fit)

    async def _fit(self, servers: Collection[int]) -> Fitted:
        async with self._database.reading() as session:
            anybody = await Rosters(session).members(servers)
        if not anybody:
            raise NoRosterError
        engine = await self.engine()
        async with self._database.reading() as session:
            rows = await Rosters(session).rows(servers, engine)
        if not rows:
            raise NoRosterError
        classifiers = await self._classifiers.of(servers, engine)
        return Fitted(engine, await self._compute.run(jobs.fit, rows, engine, classifiers))
