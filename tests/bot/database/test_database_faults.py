"""A database that can't be used raises one error that names the fault, and keeps nothing of the transaction."""

from __future__ import annotations

import asyncio
import logging
import resource
import shutil
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
import tenacity
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import engine as engine_module
from bot.database.engine import FILE, Database
from bot.database.faults import reason_of
from bot.database.location import DatabaseLocation
from bot.database.tables.servers import KeyValue
from bot.domain.storage import StorageReason
from bot.errors import StorageError
from bot.infra.storage_faults import StorageFaults
from bot.settings import Settings
from tests.conftest import LONG_ENOUGH
from tests.support.disks import filled, read_only, small_disk

LARGE = "x" * 200_000


def test_the_place_of_a_database_names_no_password() -> None:
    url = make_url("postgresql+asyncpg://nugu:hunter@db.example/nugu?password=hunter")
    assert DatabaseLocation(url).name == "postgresql+asyncpg://nugu:***@db.example/nugu"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SQLite itself wait for no lock."""
    monkeypatch.setattr(engine_module, "BUSY_MILLISECONDS", 1)


@pytest.fixture
async def database(data: Path) -> AsyncGenerator[Database]:
    async with Database.open(Settings(data=data)) as database:
        yield database


async def write(database: Database, key: str, value: str = LARGE) -> None:
    async with database.writing() as session:
        session.add(KeyValue(key=key, value=value))


async def notes(database: Database) -> int:
    async with database.reading() as session:
        return (await session.scalars(select(func.count()).select_from(KeyValue))).one()


async def test_a_full_disk_is_named_and_reading_goes_on(tmp_path: Path, migrated: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        shutil.copy(migrated, disk)
        faults = StorageFaults()
        async with Database.open(Settings(data=disk), faults) as database:
            await write(database, "before")
            with filled(disk):
                for key in ("first", "second"):
                    with pytest.raises(StorageError) as raised:
                        await write(database, key)
                    assert raised.value.reason is StorageReason.FULL
                assert await notes(database) == 1
            await write(database, "after")
            assert await notes(database) == 2
        told: list[str] = []
        faults.notices.listen(lambda notice: told.append(str(notice)))
        assert told == [f"No space is left for {disk / FILE} (database or disk is full). Make room."]


async def test_an_error_of_the_disk_is_named(database: Database, data: Path) -> None:
    await write(database, "before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((data / f"{FILE}-wal").stat().st_size, hard))
    try:
        with pytest.raises(StorageError) as raised:
            await write(database, "second")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert raised.value.reason is StorageReason.BROKEN
    assert "disk I/O error" in str(raised.value)
    await write(database, "second")
    assert await notes(database) == 2


class Attempts(logging.Handler):
    """Notices that the database tries to take the lock again."""

    def __init__(self) -> None:
        super().__init__()
        self.again = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.again.set()


async def test_a_lock_is_waited_for(database: Database, data: Path, caplog: pytest.LogCaptureFixture) -> None:
    attempts = Attempts()
    engine_module.log.addHandler(attempts)
    with closing(sqlite3.connect(data / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with caplog.at_level(logging.INFO, engine_module.__name__):
            writing = asyncio.create_task(write(database, "waits"))
            await asyncio.wait_for(attempts.again.wait(), LONG_ENOUGH)
        other.execute("ROLLBACK")
        await writing
    engine_module.log.removeHandler(attempts)
    assert await notes(database) == 1


async def test_a_lock_that_lasts_is_named_and_readers_never_wait(
    database: Database, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "PATIENCE", 0.3)
    with closing(sqlite3.connect(data / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        # More than the pool has connections: those that wait must hold none.
        writers = [asyncio.create_task(write(database, str(number))) for number in range(20)]
        assert await asyncio.wait_for(notes(database), LONG_ENOUGH) == 0
        outcomes = await asyncio.gather(*writers, return_exceptions=True)
        assert {outcome.reason for outcome in outcomes if isinstance(outcome, StorageError)} == {StorageReason.LOCKED}
        assert len(outcomes) == 20
        other.execute("ROLLBACK")
    await write(database, "after")
    assert await notes(database) == 1


class SimulatedLock:
    """A lock of another process that lasts, on a clock that only waits move on. Each attempt takes `busy` seconds at most.

    `pauses`: the seconds between attempts. `now`: seconds.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, busy: float) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self._busy = busy
        clock = SimpleNamespace(monotonic=lambda: self.now)
        monkeypatch.setattr(engine_module, "time", clock)
        monkeypatch.setattr(tenacity, "time", clock)
        monkeypatch.setattr(asyncio, "sleep", self._sleep)
        monkeypatch.setattr(AsyncSession, "connection", self._refuse)
        monkeypatch.setattr(engine_module, "BUSY_MILLISECONDS", 10_000)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def _refuse(self, *, execution_options: dict[str, float]) -> None:
        self.now += min(self._busy, execution_options.get("nugu_busy_milliseconds", 10_000) / 1000)
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise wrapped(error)


@pytest.mark.parametrize("busy", [0.0, 10.0], ids=["a server refuses at once", "SQLite waits"])
async def test_a_lock_is_tried_at_random_intervals_for_half_a_minute(
    database: Database, monkeypatch: pytest.MonkeyPatch, busy: float
) -> None:
    lock = SimulatedLock(monkeypatch, busy)
    tried: list[list[float]] = []
    for _ in range(2):
        began, lock.pauses = lock.now, []
        with pytest.raises(StorageError) as raised:
            await write(database, "waits")
        assert raised.value.reason is StorageReason.LOCKED
        assert 28 < lock.now - began <= 30.01
        assert max(lock.pauses) <= 1
        tried.append(lock.pauses)
    assert not {*tried[0]} & {*tried[1]}, "two processes don't try in step"
    assert len({*tried[0]}) == len(tried[0])
    if not busy:
        assert len(tried[0]) > 30


async def test_the_turn_and_the_lock_are_waited_for_half_a_minute_together(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = asyncio.Event()
    release = asyncio.Event()

    async def hold_the_turn() -> None:
        async with database.writing():
            held.set()
            await release.wait()

    holding = asyncio.create_task(hold_the_turn())
    await held.wait()
    lock = SimulatedLock(monkeypatch, 10.0)
    began = lock.now
    waiting = asyncio.create_task(write(database, "waits"))
    while not database._turn._waiters:  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        await asyncio.wait([waiting], timeout=0.01)
    lock.now += 25
    release.set()
    await holding
    with pytest.raises(StorageError) as raised:
        await waiting
    assert raised.value.reason is StorageReason.LOCKED
    assert lock.now - began <= 30.01


async def test_sqlite_itself_waits_no_longer_than_is_left(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BUSY_MILLISECONDS", 1000 * int(LONG_ENOUGH))
    monkeypatch.setattr(engine_module, "PATIENCE", 0.3)
    async with Database.open(Settings(data=data)) as database:
        with closing(sqlite3.connect(data / FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError) as raised:
                await asyncio.wait_for(write(database, "waits"), LONG_ENOUGH / 2)
            other.execute("ROLLBACK")
        assert raised.value.reason is StorageReason.LOCKED
        async with database.reading() as session:
            assert await session.scalar(text("PRAGMA busy_timeout")) == 1000 * LONG_ENOUGH


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_removed_folder_is_named_and_no_new_database_begins(
    database: Database, data: Path, *, replaced: bool
) -> None:
    await write(database, "before")
    shutil.move(data, data.with_name("elsewhere"))
    if replaced:
        data.mkdir()
        shutil.copy(data.with_name("elsewhere") / FILE, data)
    for attempt in (write(database, "lost"), notes(database)):
        with pytest.raises(StorageError) as raised:
            await attempt
        assert raised.value.reason is StorageReason.MISSING
        assert str(data / FILE) in str(raised.value)
    shutil.rmtree(data, ignore_errors=True)
    shutil.move(data.with_name("elsewhere"), data)
    await write(database, "after")
    assert await notes(database) == 2


async def test_a_read_only_folder_is_named(data: Path) -> None:
    with read_only(data):
        with pytest.raises(StorageError) as raised:
            async with Database.open(Settings(data=data)) as database:
                await database.check_writable()
        assert raised.value.reason is StorageReason.READ_ONLY


async def test_a_read_only_folder_without_a_database_is_named(tmp_path: Path) -> None:
    with read_only(tmp_path):
        with pytest.raises(StorageError) as raised:
            async with Database.open(Settings(data=tmp_path / "data")):
                pass
        assert raised.value.reason is StorageReason.READ_ONLY


class DriverError(Exception):
    """An error of a driver with the attribute by which it tells the code."""

    def __init__(self, *args: object, **attributes: object) -> None:
        super().__init__(*args)
        vars(self).update(attributes)


def wrapped(error: Exception, kind: type[DBAPIError] = OperationalError, *, lost: bool = False) -> DBAPIError:
    return kind("SELECT 1", {}, error, connection_invalidated=lost)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (wrapped(DriverError(sqlstate="53100")), StorageReason.FULL),
        (wrapped(DriverError(pgcode="53300")), StorageReason.AWAY),
        (wrapped(DriverError(sqlstate="55P03")), StorageReason.LOCKED),
        (wrapped(DriverError(sqlstate="40P01")), StorageReason.LOCKED),
        (wrapped(DriverError(sqlstate="25006")), StorageReason.READ_ONLY),
        (wrapped(DriverError(sqlstate="28P01")), StorageReason.DENIED),
        (wrapped(DriverError(sqlstate="3D000")), StorageReason.MISSING),
        (wrapped(DriverError(sqlstate="57P03")), StorageReason.AWAY),
        (wrapped(DriverError(sqlstate="XX001")), StorageReason.BROKEN),
        (wrapped(DriverError(1114, "The table 'photo' is full")), StorageReason.FULL),
        (wrapped(DriverError(1205, "Lock wait timeout exceeded")), StorageReason.LOCKED),
        (wrapped(DriverError(2006, "MySQL server has gone away")), StorageReason.AWAY),
        (wrapped(DriverError("the connection was closed"), lost=True), StorageReason.AWAY),
        (ConnectionRefusedError(111, "Connection refused"), StorageReason.AWAY),
        (PoolTimeoutError("QueuePool limit reached"), StorageReason.LOCKED),
        (wrapped(DriverError(sqlstate="23505"), IntegrityError), None),
        (wrapped(DriverError(sqlstate="42P01")), None),
        (wrapped(DriverError(1062, "Duplicate entry"), IntegrityError), None),
        (ValueError("no fault of a database"), None),
    ],
)
def test_drivers_of_servers_tell_the_reason_by_codes_of_their_own(
    error: Exception, reason: StorageReason | None
) -> None:
    assert reason_of(error) is reason
