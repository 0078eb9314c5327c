"""Trains groups in the background: after enough new labels or new submitted photos, and when a classifier is missing."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from contextvars import Context
from typing import TYPE_CHECKING, Any

from bot.database.rosters import RosterRepository
from bot.domain.messages import Message
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError, QuotaError, StorageError, log_failure
from bot.infra.request_context import Asker
from bot.infra.turns import TurnQueue
from bot.learning.model_maker import ModelMaker
from bot.learning.notifications import Notification
from bot.learning.training_quota import TrainingQuota
from bot.text.models import classifier_trial
from models.learning.isolation import IsolatedProcessError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bot.database.engine import Database
    from bot.domain.models import GroupModel
    from bot.domain.quotas import QuotaUsage
    from bot.domain.rosters import EnrolledEncoding
    from bot.infra.compute import Compute
    from bot.infra.storage import Storage
    from bot.jobs import EngineConfig
    from bot.learning.notifications import NotificationQueue

log = logging.getLogger(__name__)

QUIET = 20.0
"""Seconds without a change of a server's roster before it is trained, so that a burst of changes is one training."""

AFTER_FAULT = 600.0
"""Seconds until the trainer tries again after a fault of the storage."""

BOT = 0
"""The maker of models that the bot trains by itself."""


class Trainer:
    """Keeps the models and classifiers of groups up to date.

    A new model comes into use only if it passes the gate. Until then, and if a training is killed, the model in use stays. An
    unfinished training stays due: the next change in its server, or the next start, takes it up. Servers take turns. A server
    that has used its hourly quota waits.
    """

    def __init__(
        self,
        database: Database,
        maker: ModelMaker,
        quota: TrainingQuota,
        notifications: NotificationQueue,
        *,
        after: int,
        quiet: float | None,
    ) -> None:
        self._database = database
        self._maker = maker
        self._quota = quota
        self._notifications = notifications
        self._after = after
        self._quiet = quiet
        self._waiting: dict[int, asyncio.Task[None]] = {}
        self._by_hand: dict[int, asyncio.Task[GroupModel]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._looked_at: set[int] = set()
        self._changed_meanwhile: set[int] = set()
        # A training takes 600 MB, so there is one at a time.
        self._turns = TurnQueue(1)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        database: Database,
        storage: Storage,
        compute: Compute,
        config: EngineConfig,
        notifications: NotificationQueue,
        *,
        after: int,
        max_trainings_per_hour: int,
        quiet: float | None,
    ) -> AsyncGenerator[Trainer]:
        """A trainer, which stops at the end.

        `after`: the number of new labels of a group that make a training due.
        `max_trainings_per_hour`: of a server.
        `quiet`: seconds after the last change of a roster, after which the trainer looks for due trainings; None: it trains
        only on `train`.
        """
        quota = TrainingQuota(max_trainings_per_hour)
        maker = ModelMaker(database, storage, compute, config, quota)
        trainer = cls(database, maker, quota, notifications, after=after, quiet=quiet)
        try:
            if quiet is not None:
                database.listeners.append(trainer.schedule)
                async with database.reading() as session:
                    servers = await RosterRepository(session).servers()
                for server in servers:
                    trainer.schedule(server)
            yield trainer
        finally:
            tasks: list[asyncio.Task[Any]] = [*trainer._tasks, *trainer._by_hand.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def at_work(self) -> int | None:
        """The id of the group in training; None between trainings."""
        return self._maker.at_work

    def usage(self, server: int) -> QuotaUsage:
        """The trainings of a server within the last hour."""
        return self._quota.usage(server)

    async def classifiers(self, rows: Sequence[EnrolledEncoding], engine: str) -> list[bytes]:
        """The classifiers of the groups of `rows`, all photos in use of each. A group that lacks one is trained soon."""
        files, lacking = await self._maker.find_classifiers(rows, engine)
        if lacking:
            async with self._database.reading() as session:
                servers = await RosterRepository(session).servers_of(lacking)
            for server in servers:
                self.schedule(server)
        return files

    def schedule(self, server: int, after: float = 0.0) -> None:
        """Train the groups of a server in the background, if that is due once its roster is quiet.

        `after`: seconds that pass at least.
        """
        if self._quiet is None:
            return
        if before := self._waiting.pop(server, None):
            before.cancel()
        # In a fresh context: otherwise a simulated Discord lets the person of this context wait for the task.
        task = self._waiting[server] = Context().run(
            asyncio.create_task, self._train_in(server, max(self._quiet, after))
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def train(self, group: int, *, by: int) -> GroupModel:
        """Make a model of all photos of a group now. Concurrent callers get the same model.

        Raises PersonError if nothing is new, or if another model or engine came into use meanwhile; IsolatedProcessError; and
        the errors of `Compute.run_isolated`; QuotaError. After an error the model in use stays.
        """
        task = self._by_hand.get(group)
        if task is None:
            task = self._by_hand[group] = asyncio.create_task(self._train_all(group, by))
            task.add_done_callback(lambda _: self._by_hand.pop(group, None))
        return await asyncio.shield(task)

    async def _train_in(self, server: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        # A change from here on makes another task.
        del self._waiting[server]
        if server in self._looked_at:
            self._changed_meanwhile.add(server)
            return
        self._looked_at.add(server)
        try:
            await self._train_due(server)
        finally:
            self._looked_at.discard(server)
        if server in self._changed_meanwhile:
            self._changed_meanwhile.discard(server)
            self.schedule(server)

    async def _train_due(self, server: int) -> None:
        """Train the groups of a server that are due, one in each of its turns."""
        try:
            async with self._database.reading() as session:
                groups = [group.id for group in await RosterRepository(session).groups([server])]
            await self._maker.delete_orphans()
        except Exception as error:  # noqa: BLE001  # the next change in the server looks again
            log_failure("no training was looked for in server %s", server, error=error, logger=log)
            self.schedule(server, AFTER_FAULT)
            return
        for group in groups:
            try:
                async with self._turns.turn(Asker(server=server)):
                    await self._train_if_due(group)
            except QuotaError:
                self.schedule(server, self._quota.seconds_until_room(server))
                return
            except StorageError as fault:
                log.error("group %s was not trained; it answers as before: %s", group, fault)
                self.schedule(server, AFTER_FAULT)
            except (IsolatedProcessError, PersonError, OSError) as error:
                log.warning("group %s was not trained; it answers as before: %s", group, error)
            except Exception:
                log.exception("group %s was not trained", group)

    async def _train_if_due(self, group: int) -> None:
        found = await self._maker.trainable(group)
        if found is None:
            return
        state = found.state
        if not state.has_new_submissions and state.new_labels < self._after:
            await self._maker.renew_classifier(found)
            return
        made = await self._maker.make_model(found, state.next_photos, by=BOT)
        if made is None:
            self.schedule(state.server)
            return
        if made.labels:
            self._notifications.send(Notification(made.server, made))
        if not made.accepted:
            await self._maker.renew_classifier(found)

    async def _train_all(self, group: int, by: int) -> GroupModel:
        async with self._database.reading() as session:
            servers = await RosterRepository(session).servers_of([group])
        async with self._turns.turn(Asker(server=next(iter(servers), SHARED_ROSTER))):
            found = await self._maker.trainable(group)
            if found is None:
                raise PersonError("There is no photo of that group that I could learn from.")
            state = found.state
            if state.model is not None and not state.has_new_submissions and len(state.answering) == len(state.photos):
                renewed = await self._maker.renew_classifier(found)
                also = Message("")
                if renewed is not None:
                    trial = classifier_trial(renewed.trial)
                    also = Message(" I trained its classifier anew: {trial}.", trial=trial)
                raise PersonError(
                    "Nothing is new: the model of {group} that answers knows all its photos.{also}",
                    group=state.name,
                    also=also,
                )
            made = await self._maker.make_model(found, frozenset(state.photos), by=by)
            if made is None:
                raise PersonError("Something else changed meanwhile, so I left it as it was. Try again.")
            return made
