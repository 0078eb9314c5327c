"""Open the database: connections prepared for SQLite, migrations, sessions that read or write."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bot.database.quotas import filled
from bot.database.servers import touched
from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from alembic.config import Config

    from bot.domain.quotas import Limits, QuotaUse
    from bot.settings import Settings

FILE = "nugu.sqlite3"
"""The database in the data folder."""

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0015"
"""The newest revision in `migrations`. A database at this revision is opened without Alembic, whose import takes 0.3 s."""

BUSY_MILLISECONDS = 10_000
"""The time that SQLite waits for a lock."""

WRITES: dict[str, Any] = {"nugu_writes": True}
"""Execution options of a connection whose transactions take the write lock at their begin."""


class Database:
    """Sessions on one database. `reading()` sees a snapshot. `writing()` takes the write lock first, and commits."""

    def __init__(self, engine: AsyncEngine, limits: Limits) -> None:
        self.engine = engine
        self.listeners: list[Callable[[int], None]] = []
        """Called after each commit with the id of each server whose roster the transaction changed."""
        self.filled_listeners: list[Callable[[int, QuotaUse], None]] = []
        """Called after each commit with each server whose moderators are to be told that this quota is full."""
        self._sessions = async_sessionmaker(engine, expire_on_commit=False, info={"limits": limits})

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncGenerator[Database]:
        """The database of `settings`, migrated to the newest revision. Raises PersonError if it can't be opened."""
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
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
                raise PersonError(
                    "The database {database} can't be opened: {reason}.",
                    database=_display_name(engine.url),
                    reason=str(getattr(error, "orig", error)),
                ) from error
            yield cls(engine, settings.quotas)
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """A session that is rolled back at the end."""
        async with self._sessions() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession]:
        """A session that is committed at the end, or rolled back after an error."""
        async with self._sessions() as session:
            async with session.begin():
                await session.connection(execution_options=WRITES)
                yield session
            for server in touched(session):
                for listener in self.listeners:
                    listener(server)
            for server, use in filled(session):
                for told in self.filled_listeners:
                    told(server, use)


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


def _display_name(url: URL) -> str:
    """The name of a database for operators: its file, or its URL without the password."""
    return url.database if url.get_backend_name() == "sqlite" and url.database else str(url)


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
        for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "journal_mode=WAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("nugu_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
