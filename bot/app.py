"""The composition root: opens database, storage and compute, and hands them on. Bot and command line start the same way."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.database.engine import Database
from bot.infra.cache import Memo
from bot.infra.clip_files import ClipFiles
from bot.infra.clip_tasks import ClipTasks
from bot.infra.compute import Compute
from bot.infra.deletions import Deletions
from bot.infra.limits import GATHERINGS, ConcurrencyLimit
from bot.infra.storage import Storage
from bot.jobs import EngineConfig
from bot.learning.notifications import Notifications
from bot.learning.recognisers import Recognisers
from bot.learning.reports import Reports
from bot.learning.trainer import QUIET, Trainer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.settings import Settings

DRAWN = 24
"""Pictures of groups that are kept until their roster changes, a megabyte each."""


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
    drawn: Memo = field(default_factory=lambda: Memo(DRAWN))
    deletions: Deletions = field(default_factory=Deletions)
    mapping: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, *, own_processes: bool = True, trains: bool = False) -> AsyncGenerator[App]:
        """An app on the data folder that `settings` name; closed, workers included, at the end.

        `own_processes=False` looks at pictures in this process, for commands on the operator's own files. `trains`: groups
        are trained in the background when that is due.
        """
        config = engine_config(settings)
        storage, notifications = Storage.open(settings), Notifications()
        async with (
            Database.open(settings) as database,
            Compute.open(settings, own_processes=own_processes) as compute,
            Trainer.open(
                database,
                storage,
                compute,
                config,
                notifications,
                after=settings.retrain_after,
                quiet=QUIET if trains else None,
            ) as trainer,
        ):
            recognisers = Recognisers(database, compute, config, trainer)
            reports = Reports(database, compute, recognisers)
            question_limit = ConcurrencyLimit(settings.questions_at_once)
            videos = ClipFiles(settings.data / "clips", settings.clip_keep_bytes, settings.forget_days)
            app = cls(
                settings=settings,
                database=database,
                storage=storage,
                compute=compute,
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
