"""The trained classifier of each server's own roster, kept in storage and trained in the background."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.rosters import Rosters
from bot.errors import PersonError
from bot.jobs import TrainingFailedError
from models.classifier_file import FORMAT, is_whole

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Sequence

    from bot.compute import Compute
    from bot.database.engine import Database
    from bot.jobs import RosterRow, Trained
    from bot.storage import Storage

log = logging.getLogger(__name__)

QUIET = 20.0
"""Seconds for which a roster must not have changed before it is trained, so that a burst of photos is one training."""

LIMIT = 900.0
"""Seconds that a training may take. Nine members with five photos each take eleven on one free core, TensorFlow's import
included; all the work but that import is the same for any roster.
"""


class Classifiers:
    """Finds the classifiers of rosters, and sees to it that there are any.

    A file is called by its format and what it was trained on: a roster that has changed has none until it is trained anew,
    and the distance answers alone meanwhile, as it does when a training is killed. A broken file is as good as none.
    `trained` counts the trainings, so that recognisers that were fitted before the last can be told.
    """

    def __init__(self, database: Database, storage: Storage, compute: Compute, *, quiet: float | None = None) -> None:
        self._database = database
        self._storage = storage
        self._compute = compute
        self._quiet = quiet
        self._waiting: dict[tuple[int, str], asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # A training takes 600 MB.
        self._one_at_a_time = asyncio.Lock()
        self.trained = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls, database: Database, storage: Storage, compute: Compute, *, quiet: float | None
    ) -> AsyncGenerator[Classifiers]:
        """Classifiers that train in the background `quiet` seconds after a change; only when told to where that is None."""
        classifiers = cls(database, storage, compute, quiet=quiet)
        try:
            yield classifiers
        finally:
            for task in classifiers._tasks:
                task.cancel()
            await asyncio.gather(*classifiers._tasks, return_exceptions=True)

    async def of(self, servers: Collection[int], engine: str) -> list[bytes]:
        """The files of the rosters of `servers` as they are now; a roster without one is trained soon."""
        files: list[bytes] = []
        for server in servers:
            rows = await self._rows(server, engine)
            if not rows:
                continue
            file = await self._file(server, engine, rows)
            if file is None:
                self.wanted(server, engine)
            else:
                files.append(file)
        return files

    def wanted(self, server: int, engine: str) -> None:
        """Train the roster of a server in the background once it rests, unless that was done."""
        if self._quiet is None:
            return
        if before := self._waiting.pop((server, engine), None):
            before.cancel()
        task = self._waiting[server, engine] = asyncio.create_task(self._when_quiet(server, engine, self._quiet))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def train(self, server: int, engine: str) -> Trained | None:
        """Train the roster of a server now, whatever there is; None where it is too small.

        Raises TrainingFailedError, and PersonError as `Compute.run_aside`. What was there before is then left as it was.
        """
        async with self._one_at_a_time:
            rows = await self._rows(server, engine)
            return await self._train(server, engine, rows) if rows else None

    async def _when_quiet(self, server: int, engine: str, quiet: float) -> None:
        await asyncio.sleep(quiet)
        # From here on a further change is another training.
        del self._waiting[server, engine]
        try:
            async with self._one_at_a_time:
                rows = await self._rows(server, engine)
                if rows and await self._file(server, engine, rows) is None:
                    await self._train(server, engine, rows)
        except (TrainingFailedError, PersonError, OSError) as error:
            log.warning("the roster of server %s was not trained; the distance answers alone: %s", server, error)
        except Exception:
            log.exception("the roster of server %s was not trained", server)

    async def _train(self, server: int, engine: str, rows: Sequence[RosterRow]) -> Trained | None:
        trained = await self._compute.run_aside(LIMIT, jobs.train, rows, engine, LIMIT)
        if trained is not None:
            key = _key(server, engine, rows)
            await self._storage.put(key, trained.file)
            self.trained += 1
            for other in await self._storage.keys(_folder(server, engine)):
                if other != key:
                    await self._storage.delete(other)
        return trained

    async def _file(self, server: int, engine: str, rows: Sequence[RosterRow]) -> bytes | None:
        """The classifier's file; None where there is none, or it is broken."""
        key = _key(server, engine, rows)
        file = await self._storage.get(key)
        if file is None or await asyncio.to_thread(is_whole, file):
            return file
        log.warning("%s is broken; the distance answers alone until the roster is trained anew", key)
        return None

    async def _rows(self, server: int, engine: str) -> list[RosterRow]:
        async with self._database.reading() as session:
            return await Rosters(session).rows([server], engine)


def _folder(server: int, engine: str) -> str:
    return f"classifiers/{server}/{engine}"


def _key(server: int, engine: str, rows: Sequence[RosterRow]) -> str:
    """Where the classifier of just these members, groups and encodings is kept, in the format of today."""
    digest = sha256(
        f"{FORMAT}/".encode() + b"".join(f"{row.member}/{row.group}/".encode() + row.vector for row in rows)
    )
    return f"{_folder(server, engine)}/{digest.hexdigest()[:32]}.keras"
