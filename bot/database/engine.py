"""Open the database: connections prepared for SQLite, migrations, sessions that read or write."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from tenacity import AsyncRetrying, before_sleep_log, retry_if_exception, stop_before_delay, wait_random_exponential

from bot.database.faults import reason_of
from bot.database.location import DatabaseLocation
from bot.database.quotas import full_quotas
from bot.database.servers import changed_rosters
from bot.database.tables.questions import Annotation
from bot.domain.enums import AnnotationMeaning
from bot.domain.storage import StorageReason
from bot.errors import PersonError, StorageError
from bot.infra.storage_faults import StorageFaults

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from alembic.config import Config

    from bot.domain.quotas import QuotaLimits, QuotaUsage
    from bot.settings import Settings

log = logging.getLogger(__name__)

FILE = "nugu.sqlite3"
"""The database in the data folder."""

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0019"
"""The newest revision in `migrations`. A database at this revision is opened without Alembic, whose import takes 0.3 s."""

BUSY_MILLISECONDS = 10_000
"""The time that SQLite waits for a lock."""

LOG_MILLISECONDS = 500
"""The time that the emptying of SQLite's write-ahead log waits for other transactions. Meanwhile nobody can write."""

PATIENCE = 30.0
"""Seconds that a transaction which writes waits at most: for its turn in this process, then for the lock of another one."""

MAX_WRITERS = 10
"""Transactions that write to a database server at once; the pool has 15 connections."""

LONGEST_PAUSE = 1.0
"""Seconds between two of these attempts, at most. Chance chooses them, so that processes don't try in step."""

WRITES: dict[str, Any] = {"nugu_writes": True}
"""Execution options of a connection whose transactions take the write lock at their begin.

`nugu_busy_milliseconds`, where it is given, replaces `BUSY_MILLISECONDS` at the begin.
"""

_READABLE_ANNOTATIONS = with_loader_criteria(
    Annotation, Annotation.meaning.in_(list(AnnotationMeaning)), include_aliases=True
)


class _ReadableRows(Session):
    """A session that reads no annotation of an unknown meaning: any that stood for it would change names."""


@event.listens_for(_ReadableRows, "do_orm_execute")
def _leave_out_unreadable(state: ORMExecuteState) -> None:
    if state.is_select and not state.is_column_load and not state.is_relationship_load:
        state.statement = state.statement.options(_READABLE_ANNOTATIONS)


class Database:
    """Sessions on one database. `reading()` sees a snapshot. `writing()` takes the write lock first, and commits.

    Both raise StorageError where the database can't be used, and nothing is kept of a transaction then.
    """

    def __init__(self, engine: AsyncEngine, limits: QuotaLimits, faults: StorageFaults | None = None) -> None:
        """`faults`: gets each fault of the database."""
        self.engine = engine
        self.listeners: list[Callable[[int], None]] = []
        """Called after each commit with the id of each server whose roster the transaction changed."""
        self.filled_listeners: list[Callable[[int, QuotaUsage], None]] = []
        """Called after each commit with each server whose moderators are to be told that this quota is full."""
        self._place = DatabaseLocation(engine.url)
        self._faults = faults or StorageFaults()
        self._sessions = async_sessionmaker(
            engine, sync_session_class=_ReadableRows, expire_on_commit=False, info={"limits": limits}
        )
        # SQLite has one writer. The others of this process wait for it without a connection.
        self._turn = asyncio.Semaphore(1 if engine.dialect.name == "sqlite" else MAX_WRITERS)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, faults: StorageFaults | None = None) -> AsyncGenerator[Database]:
        """The database of `settings`, migrated to the newest revision. Raises PersonError if it can't be opened."""
        if (fault := _make_folder(settings.data)) is not None:
            raise fault
        # A URL object takes the path as it is. In the text of a URL, ? and % have meanings of their own.
        own = URL.create("sqlite+aiosqlite", database=str((settings.data / FILE).absolute()))
        try:
            engine = create_async_engine(settings.database_url.get_secret_value() or own)
        except (SQLAlchemyError, ImportError) as error:
            raise PersonError("NUGU_DATABASE_URL can't be used: {error}.", error=str(error)) from None
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)
        try:
            try:
                await _migrate_if_needed(engine)
            except (SQLAlchemyError, OSError) as error:
                raise DatabaseLocation(engine.url).error_at_open(error) from error
            yield cls(engine, settings.quotas, faults)
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """A session that is rolled back at the end."""
        with self._faults.reporting(self._place.fault_of):
            self._place.check()
            async with self._sessions() as session:
                yield session

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession]:
        """A session that is committed at the end, or rolled back after an error.

        Other transactions of this process and the lock of another process are waited for, for `PATIENCE` seconds together.
        """
        with self._faults.reporting(self._place.fault_of):
            until = time.monotonic() + PATIENCE
            async with self._taking_turns(until), self._sessions() as session:
                await self._take_lock(session, until)
                yield session
                await session.commit()
            for server in changed_rosters(session):
                for listener in self.listeners:
                    listener(server)
            for server, use in full_quotas(session):
                for told in self.filled_listeners:
                    told(server, use)

    async def empty_log(self) -> bool:
        """Empty SQLite's write-ahead log, which has the former content of deleted rows. Another database has none here.

        False where a transaction still needs it after `LOG_MILLISECONDS`, or where the disk has a fault.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        try:
            with self._faults.reporting(self._place.fault_of):
                self._place.check()
                async with self.engine.connect() as connection:
                    return await _truncate_log(connection)
        except StorageError as fault:
            log.warning("the write-ahead log was not emptied: %s", fault)
            return False

    async def check_writable(self) -> None:
        """Raise StorageError where nothing can be written."""
        async with self.writing():
            pass

    @asynccontextmanager
    async def _taking_turns(self, until: float) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(until - time.monotonic()):
                await self._turn.acquire()
        except TimeoutError:
            raise StorageError(StorageReason.LOCKED, self._place.name) from None
        try:
            yield
        finally:
            self._turn.release()

    async def _take_lock(self, session: AsyncSession, until: float) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(lambda error: reason_of(error) is StorageReason.LOCKED),
            wait=wait_random_exponential(multiplier=0.1, max=LONGEST_PAUSE),
            stop=stop_before_delay(until - time.monotonic()),
            before_sleep=before_sleep_log(log, logging.INFO),
            reraise=True,
        ):
            with attempt:
                self._place.check()
                try:
                    await session.connection(execution_options=WRITES | _busy_option(until - time.monotonic()))
                except BaseException:
                    await session.rollback()
                    raise


async def _truncate_log(connection: AsyncConnection) -> bool:
    """Checkpoint and truncate the write-ahead log. SQLAlchemy would begin a transaction, in which SQLite refuses that."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    await driver.execute(f"PRAGMA busy_timeout={LOG_MILLISECONDS}")
    try:
        async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
            busy, *_ = await cursor.fetchone()
    finally:
        await driver.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    return not busy


def sqlite_file(settings: Settings) -> Path | None:
    """The file of the database of `settings`; None for another database than SQLite. Raises PersonError for a wrong URL."""
    text = settings.database_url.get_secret_value()
    if not text:
        return settings.data / FILE
    try:
        url = make_url(text)
    except SQLAlchemyError as error:
        raise PersonError("NUGU_DATABASE_URL can't be used: {error}.", error=str(error)) from None
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def is_known(revision: str) -> bool:
    """Whether this program knows a revision of the database."""
    from alembic.script import ScriptDirectory

    return revision in {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def _make_folder(folder: Path) -> StorageError | None:
    """Make the data folder, of this user alone. The fault of its disk, if it has one."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        if (fault := StorageError.from_error(error)) is None:
            raise
        return fault
    return None


async def _migrate_if_needed(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        current = await connection.run_sync(_revision)
    if current == HEAD:
        return
    async with engine.connect() as connection:
        await connection.execution_options(**WRITES)
        async with connection.begin():
            await connection.run_sync(migrate)


def migrate(connection: Connection) -> None:
    """Run the migrations up to the newest revision on `connection`, which holds the write lock.

    If another process ran them while this one waited for the lock, nothing is left to do. Raises PersonError for a
    database that is newer than this program.
    """
    from alembic import command

    config = _alembic()
    config.attributes["connection"] = connection
    current = _revision(connection)
    if current is not None and not is_known(current):
        raise PersonError(
            "This data folder was written by a newer nugu (its database is at {current}, I know up to {head}). "
            "Update me, or use another data folder.",
            current=current,
            head=HEAD,
        )
    command.upgrade(config, "head")


def _alembic() -> Config:
    """Alembic's configuration."""
    from alembic.config import Config

    config = Config()
    # Alembic reads the option by configparser, for which % has a meaning of its own.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _busy_option(left: float) -> dict[str, Any]:
    """The option that lets SQLite wait no longer than the seconds left; none where it doesn't wait so long anyway."""
    milliseconds = max(1, int(1000 * left))
    return {"nugu_busy_milliseconds": milliseconds} if milliseconds < BUSY_MILLISECONDS else {}


def _prepare_sqlite(engine: AsyncEngine) -> None:
    """Leave transactions to SQLAlchemy, and let one that writes take the write lock at its begin.

    A transaction that reads first and writes later fails if another one writes in between, whatever the busy timeout
    (SQLITE_BUSY_SNAPSHOT). BEGIN IMMEDIATE waits instead.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        # The change to WAL takes a lock, and waits for it by the timeout, which is set before.
        # What is deleted is overwritten by zeros.
        pragmas = f"busy_timeout={BUSY_MILLISECONDS}", "journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON"
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        begin = "BEGIN IMMEDIATE" if options.get("nugu_writes", False) else "BEGIN"
        busy = options.get("nugu_busy_milliseconds")
        if busy is None:
            connection.exec_driver_sql(begin)
            return
        connection.exec_driver_sql(f"PRAGMA busy_timeout={busy}")
        try:
            connection.exec_driver_sql(begin)
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
