"""A database of each older schema, with rows in every table, is upgraded: no row is lost, and nugu works on with it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, select

from bot.app import App
from bot.database.engine import FILE, HEAD, MIGRATIONS, Database
from bot.database.models import ModelRepository
from bot.database.questions import QuestionRepository
from bot.database.snapshots import broken_references, integrity_problems
from bot.database.tables.base import Base
from bot.database.tables.clips import ClipJob
from bot.database.tables.questions import Question
from bot.database.tables.rosters import Group, Photo
from bot.domain.backups import DataFaultKind
from bot.domain.clips import MissingFootage, PersonScreenTime
from bot.domain.files import SubmittedFile
from bot.domain.trust import Trust
from bot.infra.compute import Compute
from bot.settings import Settings
from bot.usecases.backups import back_up
from bot.usecases.checking import check
from bot.usecases.questions import correct, identify
from bot.usecases.questions.correct import Actor
from bot.usecases.questions.identify import IdentifyRequest
from bot.usecases.restoring import restore
from models.engines import DEFAULT
from tests.conftest import LONG_ENOUGH, run_in_new_loop
from tests.support.old_databases import REVISIONS, columns, load, make_folder, rows, tables

SERVER = 1100000000000000007
MODERATOR = Actor(501, Trust.MODERATOR, channel_id=31, server_id=SERVER)

every_revision = pytest.mark.parametrize("revision", REVISIONS)
before_crops = pytest.mark.parametrize("revision", [revision for revision in REVISIONS if revision < "0004"])
the_oldest = pytest.mark.parametrize(
    "revision", [REVISIONS[0], *(pytest.param(revision, marks=pytest.mark.thorough) for revision in REVISIONS[1:])]
)
"""A test that takes a second: everyday with the oldest revision."""


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the data folder of a revision after its upgrade, for tests that only read or copy it."""

    @cache
    def folder(revision: str) -> Path:
        made = make_folder(tmp_path_factory.mktemp("old") / revision, revision)
        run_in_new_loop(upgrade(made))
        return made

    return folder


async def upgrade(folder: Path) -> None:
    async with Database.open(Settings(data=folder)):
        pass


def schema(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """The statements that made the tables and indexes."""
    found = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    return set(found.fetchall())


def last_ids(connection: sqlite3.Connection) -> dict[str, int]:
    """The last id that each table gave, deleted rows included."""
    return dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())


def stored(folder: Path) -> dict[str, bytes]:
    """The crops of a data folder by their keys."""
    files = folder / "files"
    return {str(path.relative_to(files)): path.read_bytes() for path in files.rglob("*.jpg")}


def test_each_older_revision_has_its_dump() -> None:
    older = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()} - {HEAD}
    assert older <= set(REVISIONS)


def test_the_migrations_still_make_the_tables_that_they_made_then(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / FILE}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    for revision in REVISIONS:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
        load(tmp_path / revision, revision)
        with closing(sqlite3.connect(tmp_path / FILE)) as made, closing(sqlite3.connect(tmp_path / revision)) as then:
            assert schema(made) == schema(then), revision
    engine.dispose()


@every_revision
def test_no_row_is_lost(tmp_path: Path, migrated: Path, upgraded: Callable[[str], Path], revision: str) -> None:
    old_folder = make_folder(tmp_path / "old", revision)
    with (
        closing(sqlite3.connect(old_folder / FILE)) as old,
        closing(sqlite3.connect(upgraded(revision) / FILE)) as new,
        closing(sqlite3.connect(migrated)) as fresh,
    ):
        assert schema(new) == schema(fresh)
        assert (integrity_problems(new), broken_references(new)) == ((), [])
        for table in tables(old):
            before = rows(old, table)
            assert before, table
            if table in tables(new):
                kept = [name for name in columns(new, table) if name in columns(old, table)]
                assert rows(new, table, kept) == [{name: row[name] for name in kept} for row in before], table
        ids = last_ids(new)
        assert {table: ids[table] for table in last_ids(old)} == last_ids(old)


@every_revision
def test_an_installation_in_use_keeps_its_engine(upgraded: Callable[[str], Path], revision: str) -> None:
    with closing(sqlite3.connect(upgraded(revision) / FILE)) as new:
        assert rows(new, "engine_in_use") == [{"id": 1, "name": "dlib", "told": 0}]


async def test_an_installation_with_retail_has_trio(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "old", "0018")
    with closing(sqlite3.connect(folder / FILE)) as old, old:
        old.execute("UPDATE engine_in_use SET name = 'retail'")
    async with Database.open(Settings(data=folder)):
        pass
    with closing(sqlite3.connect(folder / FILE)) as new:
        assert [row["name"] for row in rows(new, "engine_in_use")] == ["trio"]


def test_a_new_installation_has_the_default_engine(migrated: Path) -> None:
    with closing(sqlite3.connect(migrated)) as fresh:
        assert [row["name"] for row in rows(fresh, "engine_in_use")] == [DEFAULT]


@before_crops
def test_each_photo_keeps_its_crop_and_encodings(
    tmp_path: Path, upgraded: Callable[[str], Path], revision: str
) -> None:
    def photos(folder: Path, tables: str, columns: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(folder / FILE)) as connection:
            query = f"SELECT photo.id, {columns}, engine, vector FROM {tables} ORDER BY photo.id, engine"
            return connection.execute(query).fetchall()

    then = "photo JOIN photo_encoding ON photo_id = photo.id"
    now = "photo JOIN crop ON crop.id = photo.crop_id JOIN crop_encoding USING (crop_id)"
    old = photos(make_folder(tmp_path / "old", revision), then, "sha256, crop_key, face_width")
    assert photos(upgraded(revision), now, "sha256, key, face_width") == old != []


@every_revision
async def test_every_row_is_read_by_the_program_of_today(upgraded: Callable[[str], Path], revision: str) -> None:
    async with Database.open(Settings(data=upgraded(revision))) as database, database.reading() as session:
        for mapper in Base.registry.mappers:
            number = await session.scalar(select(func.count()).select_from(mapper.class_))
            assert len((await session.scalars(select(mapper.class_))).all()) == number
        for question in (await session.scalars(select(Question.id))).all():
            assert (await QuestionRepository(session).answer(question)).pictures
        for group in (await session.scalars(select(Group.id))).all():
            assert all(model.figures.judged.rounds == 3 for model in await ModelRepository(session).of_group(group))
        for job in await session.scalars(select(ClipJob)):
            assert all(PersonScreenTime.from_json(row).seconds > 0 for row in job.cast)
            assert MissingFootage.from_json(job.missing).recordings in {1, 3}


@every_revision
async def test_corrections_go_on(
    tmp_path: Path, upgraded: Callable[[str], Path], compute: Compute, revision: str
) -> None:
    shutil.copy(upgraded(revision) / FILE, tmp_path)
    async with App.open(Settings(data=tmp_path), compute=compute) as app:
        corrected = await correct.assign_member(app, 1, 1, 2, MODERATOR)
        assert [face.name for _, face in corrected.answer.faces] == ["Byeol", "Byeol"]
        undone = await correct.undo(app, 1, MODERATOR)
        assert [face.name for _, face in undone.answer.faces] == ["Haneul", "Byeol"]


@the_oldest
@pytest.mark.slow
async def test_a_new_question_teaches(tmp_path: Path, compute: Compute, small_photos: Path, revision: str) -> None:
    folder = make_folder(tmp_path / "data", revision)
    picture = SubmittedFile("who.jpg", (small_photos / "obama.jpg").read_bytes())
    async with App.open(Settings(data=folder, deadline=LONG_ENOUGH), compute=compute) as app:
        asked = await identify.answer_question(
            app, IdentifyRequest(MODERATOR.id, SERVER, 31, rosters=(SERVER,)), [picture]
        )
        ((_, face),) = asked.answer.faces
        named = await correct.assign_member(app, asked.answer.id, face.id, 1, MODERATOR)
        assert [face.name for _, face in named.answer.faces] == ["Haneul"]
        async with app.database.reading() as session:
            (photo,) = (await session.scalars(select(Photo).where(Photo.face_id == face.id))).all()
            assert photo.member_id == 1


@the_oldest
@pytest.mark.slow
def test_a_backup_of_an_older_folder_is_restored_whole(tmp_path: Path, revision: str) -> None:
    folder = make_folder(tmp_path / "data", revision)
    back_up(Settings(data=folder), tmp_path / "bot.backup", None)
    restored = Settings(data=tmp_path / "restored")
    content = restore(restored, tmp_path / "bot.backup", None)
    assert (content.record.schema_revision, content.record.missing) == (revision, [])
    assert stored(restored.data) == stored(folder) != {}
    found = run_in_new_loop(check(restored, mends=False))
    # The clip at work in the dump grows older than a day.
    assert {fault.fault for fault in found} <= {DataFaultKind.STALE_CLIP}


def test_crops_from_before_they_had_a_table_are_backed_up(tmp_path: Path, upgraded: Callable[[str], Path]) -> None:
    folder = upgraded(REVISIONS[0])
    back_up(Settings(data=folder), tmp_path / "bot.backup", None)
    content = restore(Settings(data=tmp_path / "restored"), tmp_path / "bot.backup", None)
    assert content.record.missing == []
    assert stored(tmp_path / "restored") == stored(folder) != {}
