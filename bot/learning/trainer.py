"""Trains groups in the background: after enough new labels, after photos were handed in, and when a classifier is missing."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot import jobs
from bot.database.engines import EngineRepository
from bot.database.labels import LabelRepository
from bot.database.models import GroupState, ModelRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.domain.messages import Message
from bot.domain.models import Figures
from bot.errors import PersonError, UnseenPhotosError
from bot.learning.classifiers import Classifiers, classifier_key
from bot.learning.notifications import Notification
from bot.text.models import classifier_trial, gate_objections
from models.learning.isolation import BrokenOffError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bot.database.engine import Database
    from bot.domain.models import MadeModel, TrainedClassifier
    from bot.domain.rosters import RosterRow
    from bot.infra.compute import Compute
    from bot.infra.storage import Storage
    from bot.jobs import EngineConfig
    from bot.learning.notifications import Notifications

log = logging.getLogger(__name__)

QUIET = 20.0
"""Seconds for which a server's rosters must not have changed before they are trained, so that a burst is one training."""

LIMIT = 900.0
"""Seconds that a training may take. Nine members with five photos each take eleven on one free core, TensorFlow's import
included; all the work but that import is the same for any group, and judging such a model takes five.
"""

NOBODY = 0
"""The maker of a model that the bot trains by itself."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A group with what it could be trained on, by the engine `name` of this `version`."""

    state: GroupState
    name: str
    version: str
    rows: Sequence[RosterRow]

    @property
    def answering(self) -> list[RosterRow]:
        """The rows that answer now."""
        return [row for row in self.rows if row.photo in self.state.answering]


class Trainer:
    """Sees to it that groups have models that know their labels, and classifiers as they are now.

    A new model answers only if it passes the gate; until then, and when a training is killed, the one in use answers on. What
    was not finished is due as before, and taken up when its server is next wanted, at the next start at the latest.
    """

    def __init__(
        self,
        database: Database,
        storage: Storage,
        compute: Compute,
        config: EngineConfig,
        notifications: Notifications,
        *,
        after: int,
        quiet: float | None = None,
    ) -> None:
        self._database = database
        self._classifiers = Classifiers(storage)
        self._compute = compute
        self._config = config
        self._notifications = notifications
        self._after = after
        self._quiet = quiet
        self._waiting: dict[int, asyncio.Task[None]] = {}
        self._by_hand: dict[int, asyncio.Task[MadeModel]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._too_small: set[str] = set()
        # A training takes 600 MB.
        self._one_at_a_time = asyncio.Lock()
        self.at_work: int | None = None
        """The id of the group in training; None between trainings."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        database: Database,
        storage: Storage,
        compute: Compute,
        config: EngineConfig,
        notifications: Notifications,
        *,
        after: int,
        quiet: float | None,
    ) -> AsyncGenerator[Trainer]:
        """A trainer that looks `quiet` seconds after a change whether training is due; only when told to where that is None.

        `after`: so many new labels of a group make it due.
        """
        trainer = cls(database, storage, compute, config, notifications, after=after, quiet=quiet)
        try:
            if quiet is not None:
                database.listeners.append(trainer.wanted)
                async with database.reading() as session:
                    servers = await RosterRepository(session).servers()
                for server in servers:
                    trainer.wanted(server)
            yield trainer
        finally:
            tasks: list[asyncio.Task[Any]] = [*trainer._tasks, *trainer._by_hand.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def classifiers(self, rows: Sequence[RosterRow], engine: str) -> list[bytes]:
        """The files of the groups of `rows`, all that answer of each; a group without one is trained soon."""
        files: list[bytes] = []
        lacking: list[int] = []
        for group in dict.fromkeys(row.group for row in rows):
            key = classifier_key(engine, [row for row in rows if row.group == group])
            file = await self._classifiers.find(key)
            if file is not None:
                files.append(file)
            elif key not in self._too_small:
                lacking.append(group)
        if lacking:
            async with self._database.reading() as session:
                servers = await RosterRepository(session).servers_of(lacking)
            for server in servers:
                self.wanted(server)
        return files

    def wanted(self, server: int) -> None:
        """Look in the background, once the rosters of a server rest, whether one of its groups is to be trained."""
        if self._quiet is None:
            return
        if before := self._waiting.pop(server, None):
            before.cancel()
        # Made in a context of its own: whoever asked doesn't wait for it, on a simulated Discord either.
        task = self._waiting[server] = Context().run(asyncio.create_task, self._when_quiet(server, self._quiet))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def train(self, group: int, *, by: int) -> MadeModel:
        """Make a model of all photos of a group, now; who asks for the same meanwhile gets the same.

        Raises PersonError where there is nothing new to train or another engine came into use meanwhile,
        BrokenOffError, and as `Compute.run_isolated`. What answered before then answers on.
        """
        task = self._by_hand.get(group)
        if task is None:
            task = self._by_hand[group] = asyncio.create_task(self._train_all(group, by))
            task.add_done_callback(lambda _: self._by_hand.pop(group, None))
        return await asyncio.shield(task)

    async def _when_quiet(self, server: int, quiet: float) -> None:
        await asyncio.sleep(quiet)
        # From here on a further change is another training.
        del self._waiting[server]
        try:
            async with self._database.reading() as session:
                rosters = RosterRepository(session)
                groups = [group.id for group in await rosters.groups([server])]
                gone = await self._classifiers.groups() - await rosters.group_ids()
            for group in gone:
                await self._classifiers.tidy(group, ())
        except Exception:
            log.exception("the rosters of server %s were not looked at", server)
            return
        for group in groups:
            try:
                await self._see_to(group)
            except (BrokenOffError, PersonError, OSError) as error:
                log.warning("group %s was not trained; it answers as before: %s", group, error)
            except Exception:
                log.exception("group %s was not trained", group)

    async def _see_to(self, group: int) -> None:
        """Train a group if that is due."""
        async with self._one_at_a_time:
            ready = await self._ready(group)
            if ready is None:
                return
            state = ready.state
            if state.handed_in or state.labels >= self._after:
                made = await self._make(ready, state.candidate, by=NOBODY)
                if made is None:
                    self.wanted(state.server)
                    return
                if made.labels:
                    self._notifications.send(Notification(made.server, made))
                if not made.promoted:
                    await self._renew_classifier(ready)
            else:
                await self._renew_classifier(ready)

    async def _train_all(self, group: int, by: int) -> MadeModel:
        async with self._one_at_a_time:
            ready = await self._ready(group)
            if ready is None:
                raise PersonError("There is no photo of that group that I could learn from.")
            state = ready.state
            if state.model is not None and not state.handed_in and len(state.answering) == len(state.photos):
                renewed = await self._renew_classifier(ready)
                also = Message("")
                if renewed is not None:
                    trial = classifier_trial(renewed.trial)
                    also = Message(" I trained its classifier anew: {trial}.", trial=trial)
                raise PersonError(
                    "Nothing is new: the model of {group} that answers knows all its photos.{also}",
                    group=state.name,
                    also=also,
                )
            made = await self._make(ready, frozenset(state.photos), by=by)
            if made is None:
                raise PersonError("Something else changed meanwhile, so I left it as it was. Try again.")
            return made

    async def _ready(self, group: int) -> _Ready | None:
        """What a group could be trained on; None where it is gone, or has no photo.

        Classifiers of photos that are gone go at once, whatever can be trained in their place. Raises UnseenPhotosError where
        the engine in use knows none of the photos.
        """
        async with self._database.reading() as session:
            name = await EngineRepository(session).in_use()
            version = self._config.with_engine(name).version
            state = await ModelRepository(session).state(group)
            rows = await RosterRepository(session).rows_of([group], version)
        ready = _Ready(state, name, version, rows) if state is not None and rows else None
        await self._tidy(group, ready, set())
        if ready is None and state is not None and state.photos:
            raise UnseenPhotosError(name)
        return ready

    async def _make(self, ready: _Ready, photos: frozenset[int], *, by: int) -> MadeModel | None:
        """Make a model of `photos`, and let it answer if it passes; None where that is no longer wanted."""
        state, rows = ready.state, [row for row in ready.rows if row.photo in photos]
        if not rows:
            raise PersonError("There is no photo of that group that I could learn from.")
        self.at_work = state.group
        try:
            made = await self._compute.run_isolated(LIMIT, jobs.train_model, rows, state.answering, ready.version)
        finally:
            self.at_work = None
        key = classifier_key(ready.version, rows) if made.trained else None
        if made.trained is not None and key is not None:
            await self._classifiers.keep(key, made.trained.file)
        elif made.judged.passes:
            self._too_small.add(classifier_key(ready.version, rows))
        figures = Figures(
            len(photos),
            len({row.member for row in rows}),
            made.judged,
            made.trained.trial if made.trained else None,
            made.named,
        )
        async with self._database.writing() as session:
            kept = await ModelRepository(session).keep(
                state,
                photos,
                figures,
                engine=(ready.name, ready.version),
                classifier_key=key,
                by=by,
            )
            await LabelRepository(session).suspect(made.doubts)
        if kept is not None:
            await self._tidy(state.group, ready, {key} if key else set())
            log.info("model %s of group %s: %s", kept.number, kept.group, _fate(kept))
        return kept

    async def _renew_classifier(self, ready: _Ready) -> TrainedClassifier | None:
        """Train the classifier of what answers, unless there is one: a photo was removed, or another engine is in use."""
        rows = ready.answering
        if not rows:
            return None
        key = classifier_key(ready.version, rows)
        if key in self._too_small or await self._classifiers.find(key) is not None:
            return None
        self.at_work = ready.state.group
        try:
            trained = await self._compute.run_isolated(LIMIT, jobs.train_classifier, rows, ready.version)
        finally:
            self.at_work = None
        if trained is None:
            self._too_small.add(key)
            return None
        await self._classifiers.keep(key, trained.file)
        async with self._database.writing() as session:
            await ServerRepository(session).touch(ready.state.server)
        return trained

    async def _tidy(self, group: int, ready: _Ready | None, wanted: set[str]) -> None:
        """Forget the classifiers of a group save those wanted, those of its models, and that of what answers."""
        async with self._database.reading() as session:
            wanted |= await ModelRepository(session).whole_classifiers(group)
        if ready is not None and ready.answering:
            wanted.add(classifier_key(ready.version, ready.answering))
        await self._classifiers.tidy(group, wanted)


def _fate(model: MadeModel) -> str:
    """The result of a training, for the log."""
    return "promoted" if model.promoted else gate_objections(model.figures.judged)
