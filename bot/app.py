"""The composition root: opens database, storage and compute, and hands them on. Bot and command line start the same way."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.database.engine import Database
from bot.infra.cache import SingleFlightCache
from bot.infra.clip_files import ClipFiles
from bot.infra.clip_tasks import ClipTasks
from bot.infra.compute import Compute
from bot.infra.concurrency import GATHERINGS, ConcurrencyLimit
from bot.infra.recent_deletions import Deletions
from bot.infra.storage import Storage
from bot.jobs import EngineConfig
from bot.learning.notifications import Notifications
from bot.learning.recognisers import Recognisers
from bot.learning.reports import Reports
from bot.learning.trainer import QUIET, Trainer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.domain.maps import GroupMap
    from bot.domain.rosters import Revisions
    from bot.domain.twins import DrawnLookAlikes, DrawnTwins
    from bot.settings import Settings
    from models.faces import Projection

    LookAlikeIds = dict[int, tuple[int, ...]]
    """By each member's id the ids of the members who look like them, nearest first."""


@dataclass(frozen=True, slots=True)
class Caches:
    """Results about rosters, by the engine's version and the revisions of those rosters. A picture takes up to a megabyte.

    `maps`: by group and projection. `twins`: by the groups compared. `look_alikes`: by member and the groups compared.
    `look_alike_ids`: by the groups compared, for the quiz.
    """

    maps: SingleFlightCache[tuple[int, Projection, str, Revisions], GroupMap] = field(
        default_factory=lambda: SingleFlightCache(12)
    )
    twins: SingleFlightCache[tuple[tuple[int, ...], str, Revisions], DrawnTwins] = field(
        default_factory=lambda: SingleFlightCache(6)
    )
    look_alikes: SingleFlightCache[tuple[int, tuple[int, ...], str, Revisions], DrawnLookAlikes] = field(
        default_factory=lambda: SingleFlightCache(12)
    )
    look_alike_ids: SingleFlightCache[tuple[tuple[int, ...], str, Revisions], LookAlikeIds] = field(
        default_factory=lambda: SingleFlightCache(24)
    )


@dataclass(frozen=True, slots=True)
class App:
    """Everything a use case works with.

    `engine_config` names the default engine; the one in use comes from `recognisers.config()`.
    """

    settings: Settings
    database: Database
    storage: Storage
    compute: Compute
    engine_config: EngineConfig
    recognisers: Recognisers
    trainer: Trainer
    reports: Reports
    notifications: Notifications
    question_limit: ConcurrencyLimit
    videos: ClipFiles
    clips: ClipTasks = field(default_factory=ClipTasks)
    gathering_limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit(1, GATHERINGS))
    caches: Caches = field(default_factory=Caches)
    deletions: Deletions = field(default_factory=Deletions)
    map_semaphore: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, *, compute: Compute | None = None, own_processes: bool = True, trains: bool = False
    ) -> AsyncGenerator[App]:
        """An app on the data folder that `settings` name, closed at the end.

        `compute`: workers that the caller closes; None: workers of its own. `own_processes=False`: they are a thread of this
        process, for commands on the operator's own files. `trains`: groups are trained in the background when that is due.
        """
        config = engine_config(settings)
        storage, notifications = Storage.open(settings), Notifications()
        async with (
            Database.open(settings) as database,
            nullcontext(compute) if compute else Compute.open(settings, own_processes=own_processes) as workers,
            Trainer.open(
                database,
                storage,
                workers,
                config,
                notifications,
                after=settings.retrain_after,
                quiet=QUIET if trains else None,
            ) as trainer,
        ):
            recognisers = Recognisers(database, workers, config, trainer)
            reports = Reports(database, workers, recognisers)
            question_limit = ConcurrencyLimit(settings.questions_at_once)
            videos = ClipFiles(settings.data / "clips", settings.clip_keep_bytes, settings.forget_days)
            app = cls(
                settings=settings,
                database=database,
                storage=storage,
                compute=workers,
                engine_config=config,
                recognisers=recognisers,
                trainer=trainer,
                reports=reports,
                notifications=notifications,
                question_limit=question_limit,
                videos=videos,
            )
            try:
                yield app
            finally:
                await app.clips.close()


def engine_config(settings: Settings) -> EngineConfig:
    """The configuration of the default engine, by `settings`."""
    return EngineConfig(
        engine="dlib",
        weights=(settings.data / "engines").absolute(),
        picture_bytes=settings.picture_bytes,
        picture_pixels=settings.picture_pixels,
    )
