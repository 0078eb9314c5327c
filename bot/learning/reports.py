"""Reports on groups, made in an isolated process and cached until the roster changes."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot import jobs
from bot.clock import utc_now
from bot.database.models import ModelRepository
from bot.database.photos import PhotoRepository
from bot.database.rosters import RosterRepository
from bot.errors import PersonError, UnencodedPhotosError
from bot.infra.cache import SingleFlightCache

if TYPE_CHECKING:
    from bot.database.engine import Database
    from bot.domain.reports import ReportFigures
    from bot.domain.rosters import Revisions
    from bot.infra.compute import Compute
    from bot.learning.recognisers import RecogniserCache

KEPT = 16
"""Reports in the cache, at most. A report takes 50 kB."""

LIMIT = 600.0
"""Seconds that a report may take. A group of nine members with ten photos each takes a quarter of a minute."""

RECENT = timedelta(days=90)
"""The age up to which a photo is recent. A quarter of a year has one comeback or two, each with its own hair and make-up; in
less time too few photos arrive to judge a look by.
"""


class ReportCache:
    """The report on each group, about all its photos, also those that wait for the next model."""

    def __init__(self, database: Database, compute: Compute, recognisers: RecogniserCache) -> None:
        self._database = database
        self._compute = compute
        self._recognisers = recognisers
        self._reports: SingleFlightCache[tuple[int, str, Revisions, frozenset[int]], ReportFigures] = SingleFlightCache(
            KEPT
        )

    async def for_group(self, server: int, group: int) -> ReportFigures:
        """The report on a group of a server, by its current roster.

        Raises PersonError for a group without photos, and IsolatedProcessError if the process breaks off.
        """
        engine = await self._recognisers.engine()
        async with self._database.reading() as session:
            recent = await PhotoRepository(session).arrived_since(group, utc_now() - RECENT)
            key = group, engine, await RosterRepository(session).revisions([server]), recent
        return await self._reports.get(key, partial(self._make, group, engine, recent))

    async def _make(self, group: int, engine: str, recent: frozenset[int]) -> ReportFigures:
        async with self._database.reading() as session:
            rows = await RosterRepository(session).encodings_of_groups([group], engine)
            state = await ModelRepository(session).state(group)
        if not rows:
            if state is not None and state.photos:
                raise UnencodedPhotosError((await self._recognisers.config()).engine)
            raise PersonError("There is no photo of that group yet that I could report on.")
        return await self._compute.run_isolated(LIMIT, jobs.report_on_group, rows, recent, engine)
