"""Fitted recognisers, cached until a roster changes or is trained, or another engine comes into use."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.engines import EngineRepository
from bot.database.rosters import RosterRepository
from bot.database.vetoes import VetoRepository
from bot.errors import NoPhotosError, NoRosterError, StorageError, UnencodedPhotosError, WaitingForModelError
from bot.infra.cache import SingleFlightCache

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.database.engine import Database
    from bot.domain.rosters import Revisions
    from bot.infra.compute import Compute
    from bot.jobs import EngineConfig
    from bot.learning.trainer import Trainer

log = logging.getLogger(__name__)

KEPT = 32
"""Recognisers in the cache, at most."""


@dataclass(frozen=True, slots=True)
class FittedRecogniser:
    """A fitted recogniser.

    `config`: with the engine of the encodings. `engine`: that engine's version. `recogniser`: serialised, for
    `Recogniser.from_bytes`. `has_all_classifiers`: its classifiers could be read.
    """

    config: EngineConfig
    engine: str
    recogniser: bytes
    has_all_classifiers: bool = True


class RecogniserCache:
    """The recogniser of each set of rosters, fitted in a worker at its first use after a change or a training.

    The engine in use is read anew each time, since another process may switch it.
    """

    def __init__(self, database: Database, compute: Compute, config: EngineConfig, trainer: Trainer) -> None:
        self._database = database
        self._compute = compute
        self._config = config
        self._trainer = trainer
        self._fitted: SingleFlightCache[tuple[str, Revisions], FittedRecogniser] = SingleFlightCache(KEPT)

    async def config(self) -> EngineConfig:
        """The configuration with the engine in use."""
        async with self._database.reading() as session:
            return self._config.with_engine(await EngineRepository(session).in_use())

    async def engine(self) -> str:
        """The version of the engine in use, which its encodings carry."""
        return (await self.config()).version

    async def for_rosters(self, servers: Collection[int]) -> FittedRecogniser:
        """The recogniser for the rosters of `servers`. Without one, raises the NobodyKnownError with the reason."""
        async with self._database.reading() as session:
            config = self._config.with_engine(await EngineRepository(session).in_use())
            key = config.engine, await RosterRepository(session).revisions(servers)
        fitted = await self._fitted.get(key, partial(self._fit, config, servers))
        if not fitted.has_all_classifiers:
            self._fitted.drop(key)
        return fitted

    async def _fit(self, config: EngineConfig, servers: Collection[int]) -> FittedRecogniser:
        async with self._database.reading() as session:
            members = await RosterRepository(session).members(servers)
        if not members:
            raise NoRosterError
        engine = config.version
        async with self._database.reading() as session:
            rows = await RosterRepository(session).encodings_in_use(servers, engine)
            vetoes = await VetoRepository(session).feedback(servers, engine)
            totals = await RosterRepository(session).photo_totals(servers)
        if not rows:
            if not totals.photos:
                raise NoPhotosError
            raise UnencodedPhotosError(config.engine) if totals.answering else WaitingForModelError()
        try:
            classifiers, is_whole = await self._trainer.classifiers(rows, engine), True
        except StorageError as fault:
            log.error("faces are named without classifiers: %s", fault)
            classifiers, is_whole = [], False
        fitted = await self._compute.run(jobs.fit_recogniser, rows, engine, classifiers, vetoes)
        return FittedRecogniser(config, engine, fitted, is_whole)
