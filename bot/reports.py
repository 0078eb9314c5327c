"""Reports on groups, made in a worker and kept until the roster changes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.rosters import Rosters
from bot.errors import PersonError

if TYPE_CHECKING:
    from bot.compute import Compute
    from bot.database.engine import Database
    from bot.jobs import RosterReport
    from bot.recognisers import Recognisers

KEPT = 16
"""Reports, 50 kB each."""

LIMIT = 600.0
"""Seconds that a report may take; nine members with ten photos each take a quarter of a minute."""


class Reports:
    """The report on each group: of all its photos, those that wait for the next model too."""

    def __init__(self, database: Database, compute: Compute, recognisers: Recognisers) -> None:
        self._database = database
        self._compute = compute
        self._recognisers = recognisers
        self._made: OrderedDict[tuple[int, str, tuple[tuple[int, int], ...]], asyncio.Task[RosterReport]] = (
            OrderedDict()
        )

    async def of(self, server: int, group: int) -> RosterReport:
        """The report on a group of a server as its roster is now.

        Raises PersonError where it has no photo, TrainingFailedError when the process that makes it breaks off.
        """
        engine = await self._recognisers.engine()
        async with self._database.reading() as session:
            key = group, engine, await Rosters(session).revisions([server])
        # Who asks meanwhile waits for the same; a report that failed is tried again by the next who asks.
        made = self._made.get(key)
        if made is None or (made.done() and (made.cancelled() or made.exception() is not None)):
            made = self._made[key] = asyncio.create_task(self._make(group, engine))
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return await asyncio.shield(made)

    async def _make(self, group: int, engine: str) -> RosterReport:
        async with self._database.reading() as session:
            rows = await Rosters(session).all_rows(group, engine)
        if not rows:
            raise PersonError("There is no photo of that group yet that I could report on.")
        return await self._compute.run_aside(LIMIT, jobs.report, rows, engine, LIMIT)
