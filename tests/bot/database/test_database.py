"""The database: migrations make the tables, and writers wait for each other."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, inspect, select, text

from bot.database.crops import CropRepository
from bot.database.engine import FILE, HEAD, MIGRATIONS, Database, migrate
from bot.database.engines import EngineRepository
from bot.database.rosters import RosterRepository
from bot.database.tables import METADATA
from bot.database.tables.questions import Question, QuestionPicture
from bot.database.tables.rosters import Group
from bot.database.tables.servers import KeyValue
from bot.errors import PersonError
from bot.settings import Settings
from bot.text.names import search_key
from tests.conftest import LONG_ENOUGH, ROOT
from tests.support.old_databases import load

OPEN = """
import asyncio, sys
from pathlib import Path
from bot.database.engine import Database
from bot.settings import Settings

async def main() -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    async with Database.open(Settings(data=Path(sys.argv[1]))) as database, database.reading():
        pass

asyncio.run(main())
"""


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


@pytest.mark.parametrize(
    "name",
    ["what? now", "100%20", "50%", "#1", "~sana", "a:b&c=d", ":memory:", "사나"],
    ids=lambda name: name.encode().hex(),
)
async def test_the_database_is_in_exactly_the_named_folder(tmp_path: Path, name: str) -> None:
    async with Database.open(Settings(data=tmp_path / name / "data")):
        pass
    assert (tmp_path / name / "data" / "nugu.sqlite3").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_migrations_are_found_wherever_nugu_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(MIGRATIONS, tmp_path / "50% off" / "migrations")
    monkeypatch.setattr("bot.database.engine.MIGRATIONS", tmp_path / "50% off" / "migrations")
    with create_engine("sqlite://").begin() as connection:
        migrate(connection)
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD


async def test_migrations_make_the_tables(tmp_path: Path) -> None:
    def differences(connection: Connection) -> list[object]:
        # SQLAlchemy doesn't read the actions of foreign keys that were added with their columns. The pragma below does.
        options = {"include_object": lambda _object, _name, kind, *_: kind != "foreign_key_constraint"}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))

    async with Database.open(Settings(data=tmp_path)) as database, database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        for table in METADATA.tables.values():
            rows = await connection.execute(text(f"PRAGMA foreign_key_list({table.name})"))
            migrated = {(row["from"], row["table"], row["on_delete"]) for row in rows.mappings()}
            declared = {
                (key.parent.name, key.column.table.name, key.ondelete or "NO ACTION") for key in table.foreign_keys
            }
            assert migrated == declared, table.name


async def test_a_crop_of_the_first_nugu_goes_with_its_last_photo(tmp_path: Path) -> None:
    load(tmp_path / FILE, "0001")
    async with Database.open(Settings(data=tmp_path)) as database:
        async with database.reading() as session:
            assert await EngineRepository(session).in_use() == "dlib"
            assert await EngineRepository(session).progress("dlib-1") == (4, 4, 0)
        for photo, gone in ((1, 0), (5, 1)):
            async with database.writing() as session:
                await session.execute(text(f"DELETE FROM photo WHERE id = {photo}"))
                assert len(await CropRepository(session).sweep()) == gone
        async with database.reading() as session:
            assert await EngineRepository(session).progress("dlib-1") == (3, 3, 0)


@pytest.mark.parametrize(("column", "version", "before"), [("missing", "0013", "0012"), ("resume_at", "0014", "0013")])
def test_a_column_of_clips_goes_with_its_migration(tmp_path: Path, column: str, version: str, before: str) -> None:
    def columns() -> set[str]:
        return {column["name"] for column in inspect(engine).get_columns("clip_job")}

    engine = create_engine(f"sqlite:///{tmp_path / 'nugu.sqlite3'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    for move, target, there in ((command.upgrade, version, True), (command.downgrade, before, False)):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            move(config, target)
        assert (column in columns()) is there
    engine.dispose()


async def test_an_interrupted_migration_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path / FILE, "0001")
    settings = Settings(data=tmp_path)

    def power_cut(*_: object, **__: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr("alembic.op.batch_alter_table", power_cut)
        with pytest.raises(PersonError, match="power cut"):
            async with Database.open(settings):
                pass
    async with Database.open(settings) as database, database.reading() as session:
        assert await EngineRepository(session).progress("dlib-1") == (4, 4, 0)


async def test_rows_outlast_the_process_that_wrote_them(tmp_path: Path) -> None:
    async with Database.open(Settings(data=tmp_path)) as database, database.writing() as session:
        await RosterRepository(session).add_group(1, "TWICE")
    async with Database.open(Settings(data=tmp_path)) as database, database.reading() as session:
        group = await RosterRepository(session).find_group([1], "twice")
        assert group is not None
        assert group.name == "TWICE"


async def test_writers_that_read_first_wait_for_each_other(tmp_path: Path) -> None:
    async with Database.open(Settings(data=tmp_path)) as database:
        async with database.writing() as session:
            session.add(KeyValue(key="count", value="0"))

        async def add_one() -> None:
            async with database.writing() as session:
                note = await session.get(KeyValue, "count")
                assert note is not None
                await asyncio.sleep(0.01)
                note.value = str(int(note.value) + 1)

        await asyncio.gather(*(add_one() for _ in range(10)))
        async with database.reading() as session:
            note = await session.get(KeyValue, "count")
            assert note is not None
            assert note.value == "10"


async def test_sqlite_is_set_up_for_a_bot(tmp_path: Path) -> None:
    async with Database.open(Settings(data=tmp_path)) as database, database.engine.connect() as connection:
        for pragma, wanted in (
            ("journal_mode", "wal"),
            ("foreign_keys", 1),
            ("busy_timeout", 10_000),
            ("secure_delete", 1),
        ):
            assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar() == wanted


@pytest.mark.thorough
def test_processes_open_a_new_folder_at_once(tmp_path: Path) -> None:
    for attempt in range(3):
        command = [sys.executable, "-c", OPEN, str(tmp_path / str(attempt))]
        openers = [
            subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, stderr=subprocess.STDOUT, text=True)
            for _ in range(6)
        ]
        for opener in openers:
            assert opener.stdout is not None
            assert opener.stdout.readline() == "ready\n"
        for opener in openers:
            assert opener.stdin is not None
            opener.stdin.write("\n")
            opener.stdin.flush()
        outputs = [opener.communicate(timeout=LONG_ENOUGH)[0] for opener in openers]
        assert [opener.returncode for opener in openers] == [0] * len(openers), outputs


async def test_a_folder_of_a_newer_nugu_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    async with Database.open(settings) as database, database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(PersonError, match="This data folder was written by a newer nugu"):
        async with Database.open(settings):
            pass


async def test_a_time_is_read_as_it_was_written(tmp_path: Path) -> None:
    seoul = datetime(2026, 4, 12, 9, 30, tzinfo=timezone(timedelta(hours=9)))
    async with Database.open(Settings(data=tmp_path)) as database:
        async with database.writing() as session:
            question = Question(asker_id=1, engine="dlib-1", threshold=0.5, rosters=[], asked_at=seoul)
            session.add(question)
        async with database.reading() as session:
            read = await session.get_one(Question, question.id)
            assert read.asked_at == seoul
            assert read.asked_at.tzinfo is UTC
            assert read.hidden_at is None


async def test_text_from_outside_fits_its_column(tmp_path: Path) -> None:
    names = ["a\0b", "caf\udce9", "a\nb\u2028c", "x" * 4000, "쯔위.jpg"]
    async with Database.open(Settings(data=tmp_path)) as database:
        async with database.writing() as session:
            pictures = [QuestionPicture(position=at, name=name) for at, name in enumerate(names)]
            session.add(Question(asker_id=1, engine="e", threshold=0.5, rosters=[], pictures=pictures))
        async with database.reading() as session:
            kept = list(await session.scalars(select(QuestionPicture.name).order_by(QuestionPicture.position)))
    assert kept == ["a b", "caf ", "a b c", "x" * 300, "쯔위.jpg"]


async def test_an_id_is_never_reused(tmp_path: Path) -> None:
    async with Database.open(Settings(data=tmp_path)) as database:
        async with database.writing() as session:
            first = await RosterRepository(session).add_group(1, "TWICE")
        async with database.writing() as session:
            await session.delete(await session.get_one(Group, first.id))
        async with database.writing() as session:
            assert (await RosterRepository(session).add_group(1, "ITZY")).id > first.id


def test_spellings_of_one_name_have_one_search_key() -> None:
    assert search_key("  Ｔｚｕｙｕ ") == search_key("tzuyu")
    assert search_key("쯔위".encode().decode()) == search_key("\u110d\u1173\u110b\u1171")


async def test_a_file_that_is_no_database_is_reported_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "nugu.sqlite3").write_bytes(b"this is no database, but it is long enough to be read as one" * 40)
    with pytest.raises(PersonError, match=r"The database .+sqlite3 can't be opened: file is not a database"):
        async with Database.open(Settings(data=tmp_path)):
            pass


async def test_a_url_that_names_no_database_is_reported_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PersonError, match="NUGU_DATABASE_URL can't be used"):
        async with Database.open(Settings(data=tmp_path, database_url=SecretStr("nonsense"))):
            pass
