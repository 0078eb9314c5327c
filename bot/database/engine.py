"""Opens the database: connections set up for SQLite, migrations, and sessions that read or write."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bot.database.servers import touched
from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from bot.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0012"
"""The newest revision in `migrations`; a database that has it is opened without importing Alembic (0.3 s)."""

BUSY_MILLISECONDS = 10_000
WRITES: dict[str, Any] = {"nugu_writes": True}
"""Execution options of a connection whose transactions take the write lock when they begin."""


class Database:
    """Sessions on one database. `reading()` sees a snapshot; `writing()` takes the write lock first and commits."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.listeners: list[Callable[[int], None]] = []
        """Told of each server whose rosters a transaction changed, once that is committed."""
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncGenerator[Database]:
        """The database of `settings`, brought up to date; raises PersonError when it can't be opened."""
        settings.data.mkdir(parents=True, exist_ok=True)
        # A URL object takes the path as it is; in a URL's text ? and % mean something else.
        own = URL.create("sqlite+aiosqlite", database=str((settings.data / "nugu.sqlite3").absolute()))
        try:
            engine = create_async_engine(settings.database_url.get_secret_value() or own)
        except (SQLAlchemyError, ImportError) as error:
            raise PersonError("NUGU_DATABASE_URL can't be used: {error}.", error=str(error)) from None
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)
        try:
            try:
                await _bring_up_to_date(engine)
            except (SQLAlchemyError, OSError) as error:
                raise PersonError(
                    "The database {database} can't be opened: {reason}.",
                    database=_called(engine.url),
                    reason=str(getattr(error, "orig", error)),
                ) from error
            yield cls(engine)
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """A session whose changes are thrown away."""
        async with self._sessions() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession]:
        """A session that is committed at the end, or rolled back whole when an error leaves it."""
        async with self._sessions() as session:
            async with session.begin():
                await session.connection(execution_options=WRITES)
                yield session
            for server in touched(session):
                for told in self.listeners:
                    told(server)


def _called(url: URL) -> str:
    """What an operator knows a database by: its file, or its URL without the password."""
    return url.database if url.get_backend_name() == "sqlite" and url.database else str(url)


async def _bring_up_to_date(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        current = await connection.run_sync(_revision)
    if current == HEAD:
        return
    async with engine.connect() as connection:
        await connection.execution_options(**WRITES)
        async with connection.begin():
            await connection.run_sync(migrate)


def migrate(connection: Connection) -> None:
    """Run Alembic's migrations up to the newest on `connection`, which holds the write lock.

    Another process may have run them while this one waited for the lock; then nothing is left to do.
    Raises PersonError when the database is newer than this program.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    # Alembic reads the option as configparser does, to which a % means something.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    current = _revision(connection)
    if current is not None and current not in {
        s.revision for s in ScriptDirectory.from_config(config).walk_revisions()
    }:
        raise PersonError(
            "This data folder was written by a newer nugu (its database is at {current}, I know up to {head}). "
            "Update me, or use another data folder.",
            current=current,
            head=HEAD,
        )
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _prepare_sqlite(engine: AsyncEngine) -> None:
    """Transactions are SQLAlchemy's alone, and one that will write takes the lock at once.

    A transaction that reads first and writes later fails at once when another has written in between, whatever the
    busy timeout (SQLITE_BUSY_SNAPSHOT); BEGIN IMMEDIATE waits instead.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        # Going over to WAL takes a lock, for which the timeout makes it wait.
        for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "journal_mode=WAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("nugu_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
