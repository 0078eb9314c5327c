"""The composition root: opens database, storage and workers for the bot and for the command line alike."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot import jobs
from bot.clock import AgeClock
from bot.database.engine import Database
from bot.infra.cache import SingleFlightCache
from bot.infra.clip_files import ClipFiles
from bot.infra.clip_tasks import ClipTasks
from bot.infra.compute import Compute
from bot.infra.concurrency import TOO_MANY_GATHERINGS, ConcurrencyLimit
from bot.infra.outbox import Outbox
from bot.infra.postponed_work import PostponedWork
from bot.infra.recent_deletions import RecentDeletions
from bot.infra.storage import Storage
from bot.infra.storage_faults import StorageFaults
from bot.infra.turns import TurnQueue
from bot.jobs import EngineConfig
from bot.learning.notifications import Notification, NotificationQueue
from bot.learning.recognisers import RecogniserCache
from bot.learning.reports import ReportCache
from bot.learning.trainer import QUIET, Trainer
from models.engines import DEFAULT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.domain.maps import GroupMap
    from bot.domain.messages import Message
    from bot.domain.rosters import Revisions
    from bot.domain.twins import DrawnLookAlikes, DrawnTwins
    from bot.settings import Settings
    from bot.text.names import Spelling
    from models.faces import ProjectionMethod

    LookAlikeIds = dict[int, tuple[int, ...]]
    """The ids of the look-alikes of each member, by the member's id, the nearest first."""


LONG_PATIENCE = 600.0
"""Seconds that a long order may wait for its turn. Discord lets an answer be edited for fifteen minutes."""


@dataclass(frozen=True, slots=True)
class RosterCaches:
    """Caches of results about rosters. Keys hold the rosters' revisions, and the engine's version where it matters.

    `maps`: by group and projection. `twins`: by the compared groups. `look_alikes`: by member and compared groups.
    `look_alike_ids`: by the compared groups, for the quiz. `member_spellings`: by servers and their number of names, for
    autocomplete. A picture takes up to a megabyte.
    """

    maps: SingleFlightCache[tuple[int, ProjectionMethod, str, Revisions], GroupMap] = field(
        default_factory=lambda: SingleFlightCache(12)
    )
    twins: SingleFlightCache[tuple[tuple[int, ...], str, Revisions], DrawnTwins] = field(
        default_factory=lambda: SingleFlightCache(6)
    )
    look_alikes: SingleFlightCache[tuple[int, tuple[int, ...], str, Revisions], DrawnLookAlikes] = field(
        default_factory=lambda: SingleFlightCache(12)
    )
    member_spellings: SingleFlightCache[tuple[frozenset[int], Revisions, tuple[int, ...]], list[Spelling]] = field(
        default_factory=lambda: SingleFlightCache(8)
    )
    look_alike_ids: SingleFlightCache[tuple[tuple[int, ...], str, Revisions], LookAlikeIds] = field(
        default_factory=lambda: SingleFlightCache(24)
    )


@dataclass(frozen=True, slots=True)
class BulkQueues:
    """Queues of long orders, fair to people and servers. An order hears at once when its turn would come too late.

    `archives`: whole imports. `gatherings`: whole gatherings. `maps`: maps, each a process of several hundred megabytes.
    `uploads`: posted videos on their way to the disk.
    """

    archives: TurnQueue = field(default_factory=lambda: TurnQueue(2, patience=LONG_PATIENCE, usual=60.0))
    gatherings: TurnQueue = field(default_factory=lambda: TurnQueue(2, patience=LONG_PATIENCE, usual=60.0))
    maps: TurnQueue = field(default_factory=lambda: TurnQueue(1, patience=LONG_PATIENCE, usual=10.0))
    uploads: TurnQueue = field(default_factory=lambda: TurnQueue(3, patience=LONG_PATIENCE, usual=10.0))


@dataclass(frozen=True, slots=True)
class App:
    """The services that use cases work with.

    `engine_config`: of the default engine. `recognisers.config()` is that of the engine in use. `advice`: what the bot's owners
    may want to know, and is no fault.
    """

    settings: Settings
    database: Database
    storage: Storage
    compute: Compute
    engine_config: EngineConfig
    recognisers: RecogniserCache
    trainer: Trainer
    reports: ReportCache
    notifications: NotificationQueue
    question_limit: ConcurrencyLimit
    videos: ClipFiles
    faults: StorageFaults = field(default_factory=StorageFaults)
    advice: Outbox[Message] = field(default_factory=lambda: Outbox["Message"]())
    postponed_work: PostponedWork = field(default_factory=PostponedWork)
    clips: ClipTasks = field(default_factory=ClipTasks)
    gathering_limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit(1, TOO_MANY_GATHERINGS))
    caches: RosterCaches = field(default_factory=RosterCaches)
    age_clock: AgeClock = field(default_factory=AgeClock)
    deletions: RecentDeletions = field(default_factory=RecentDeletions)
    queues: BulkQueues = field(default_factory=BulkQueues)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, *, compute: Compute | None = None, own_processes: bool = True, serves: bool = False
    ) -> AsyncGenerator[App]:
        """An app on the data folder of `settings`, closed at the end.

        `compute`: workers, which the caller closes; None: workers of its own. `own_processes=False`: its own worker is a
        thread of this process, for commands on the operator's files. `serves`: people ask meanwhile, so due trainings run in
        the background, and a worker is left for pictures.
        """
        config = engine_config(settings)
        faults, notifications = StorageFaults(), NotificationQueue()
        storage = Storage.open(settings, faults)
        async with (
            Database.open(settings, faults) as database,
            nullcontext(compute)
            if compute
            else Compute.open(settings, own_processes=own_processes, serves=serves, faults=faults) as workers,
            Trainer.open(
                database,
                storage,
                workers,
                config,
                notifications,
                after=settings.retrain_after,
                max_trainings_per_hour=settings.quota_trainings,
                quiet=QUIET if serves else None,
            ) as trainer,
        ):
            recognisers = RecogniserCache(database, workers, config, trainer)
            reports = ReportCache(database, workers, recognisers)
            database.filled_listeners.append(lambda server, use: notifications.send(Notification(server, use)))
            question_limit = ConcurrencyLimit(settings.questions_at_once)
            videos = ClipFiles(
                settings.data / "clips",
                settings.clip_keep_bytes,
                settings.quota_clip_bytes,
                settings.forget_days,
                faults,
            )
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
                faults=faults,
            )
            try:
                yield app
            finally:
                await app.clips.close()

    async def warm_up(self) -> None:
        """Load the engine in use in each worker, so that no question waits for it. An error is left to the questions."""
        await self.compute.run_in_each_worker(jobs.warm_up, await self.recognisers.config())


def engine_config(settings: Settings) -> EngineConfig:
    """The configuration of the default engine."""
    return EngineConfig(
        engine=DEFAULT,
        weights=(settings.data / "engines").absolute(),
        picture_bytes=settings.picture_bytes,
        picture_pixels=settings.picture_pixels,
    )
