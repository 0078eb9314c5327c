"""The database: migrations make what the tables say, and writers wait for one another."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.database.engine import HEAD, MIGRATIONS, Database
from bot.database.rosters import Rosters
from bot.database.tables import Base, Note, key_of
from bot.settings import Settings


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


async def test_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    async with Database.open(Settings(data=tmp_path)) as database, database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_what_was_written_is_there_the_next_time(tmp_path: Path) -> None:
    async with Database.open(Settings(data=tmp_path)) as database, database.writing() as session:
        await Rosters(session).add_group(1, "TWICE")
    async with Database.open(Settings(data=tmp_path)) as database, database.reading() as session:
        group = await Rosters(session).find_group([1], "twice")
        assert group is not None
        assert group.name == "TWICE"


async def test_writers_that_read_first_wait_for_one_another(tmp_path: Path) -> None:
    async with Database.open(Settings(data=tmp_path)) as database:
        async with database.writing() as session:
            session.add(Note(key="count", value="0"))

        async def add_one() -> None:
            async with database.writing() as session:
                note = await session.get(Note, "count")
                assert note is not None
                await asyncio.sleep(0.01)
                note.value = str(int(note.value) + 1)

        await asyncio.gather(*(add_one() for _ in range(10)))
        async with database.reading() as session:
            note = await session.get(Note, "count")
            assert note is not None
            assert note.value == "10"


async def test_sqlite_is_set_up_for_a_bot(tmp_path: Path) -> None:
    async with Database.open(Settings(data=tmp_path)) as database, database.engine.connect() as connection:
        for pragma, wanted in (("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 10_000)):
            assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar() == wanted


def test_a_name_is_found_however_it_is_written() -> None:
    assert key_of("  Ｔｚｕｙｕ ") == key_of("tzuyu")
    assert key_of("쯔위".encode().decode()) == key_of("\u110d\u1173\u110b\u1171")
