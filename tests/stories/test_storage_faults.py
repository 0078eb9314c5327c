"""A full or locked disk costs nobody an answer, and keeps nothing by halves."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.database import engine as engine_module
from bot.database.engine import FILE
from bot.database.tables.questions import Annotation, Question
from cogs.common.markup import plain
from tests.stories.conftest import Stage
from tests.stories.questions import asked, trusted
from tests.stories.reading import answer, buttons, latest, texts
from tests.support.disks import filled, read_only, small_disk

READ_ONLY = "My disk takes no changes, which only my owner can mend; nothing of yours is lost."
FULL = "My disk is full, which only my owner can mend; nothing of yours is lost."
NOT_KEPT = "I could not keep this answer, so nobody can correct it later."


@pytest.fixture
def data(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A data folder on a disk of its own, which a test can fill. SQLite itself waits for no lock there."""
    monkeypatch.setattr(engine_module, "BUSY_MILLISECONDS", 1)
    with small_disk(tmp_path / "disk", 16) as disk:
        folder = disk / "data"
        folder.mkdir()
        shutil.copy(migrated, folder)
        yield folder


async def counted(stage: Stage) -> tuple[int, int]:
    """The numbers of questions and of annotations."""
    async with stage.app.database.reading() as session:
        questions = (await session.scalars(select(func.count()).select_from(Question))).one()
        return questions, (await session.scalars(select(func.count()).select_from(Annotation))).one()


async def test_who_is_answered_though_the_disk_is_full(stage: Stage, data: Path) -> None:
    await stage.enrol_presidents()
    files = await stage.app.storage.keys("crops")
    with filled(data):
        await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
        card = latest(stage.channel)
        assert "**Obama**" in texts(card)
        assert NOT_KEPT in texts(card)
        assert buttons(card) == ["All right", "Fix a face", "Details", "Hide"]
        for label in ("All right", "Fix a face", "Details"):
            told = answer(await stage.fan.click(card, label=label))
            assert "I could not keep this answer" in texts(told)
        await stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[stage.photo("biden.jpg")])
        assert NOT_KEPT in texts(latest(stage.channel))
        refused = answer(await stage.other.click(card, label="Hide"))
        assert "Only" in texts(refused)
        await stage.fan.click(card, label="Hide")
        assert latest(stage.channel).id != card.id
    assert await counted(stage) == (0, 0)
    assert await stage.app.storage.keys("crops") == files
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    assert NOT_KEPT not in texts(latest(stage.channel))
    assert await counted(stage) == (1, 0)


async def test_a_correction_on_a_full_disk_gets_a_sentence_and_counts_once_there_is_room(
    stage: Stage, data: Path
) -> None:
    card = await asked(stage)
    expert = await trusted(stage)
    with filled(data):
        assert texts(answer(await expert.click(card, label="All right"))) == FULL
        assert texts(answer(await stage.moderator.slash(stage.channel, "group add", name="ITZY"))) == FULL
        photo = stage.photo("biden.jpg")
        added = await stage.moderator.slash(stage.channel, "member add", group="Presidents", name="Joe", photo=photo)
        assert FULL in texts(answer(added))
        assert await counted(stage) == (1, 0)
    await expert.click(card, label="All right")
    assert await counted(stage) == (1, 1)


@asynccontextmanager
async def becoming_read_only(stage: Stage, data: Path) -> AsyncGenerator[None]:
    """While this context lasts, the bot's data folder takes no changes, and can be read as before."""
    connections = stage.app.database.engine
    # It keeps the log of the database in the folder, which SQLite deletes with its last connection.
    with closing(sqlite3.connect(data / FILE)) as reader:
        reader.execute("SELECT count(*) FROM question").fetchone()
        with read_only(data):
            # Those from before would still write.
            await connections.dispose()
            yield
        await connections.dispose()


async def test_who_is_answered_though_the_disk_has_become_read_only(stage: Stage, data: Path) -> None:
    await stage.enrol_presidents()
    async with becoming_read_only(stage, data):
        for ask in (
            stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")),
            stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[stage.photo("obama2.jpg")]),
        ):
            await ask
            card = latest(stage.channel)
            assert "**Obama**" in texts(card)
            assert NOT_KEPT in texts(card)
            told = answer(await stage.fan.click(card, label="All right"))
            assert "I could not keep this answer" in texts(told)
    assert await counted(stage) == (0, 0)


async def test_a_correction_on_a_disk_that_has_become_read_only_gets_a_sentence(stage: Stage, data: Path) -> None:
    card = await asked(stage)
    expert = await trusted(stage)
    async with becoming_read_only(stage, data):
        assert texts(answer(await expert.click(card, label="All right"))) == READ_ONLY
    assert await counted(stage) == (1, 0)
    await expert.click(card, label="All right")
    assert await counted(stage) == (1, 1)


async def test_a_deletion_on_a_full_disk_is_made_up_for(stage: Stage, data: Path) -> None:
    await stage.enrol_presidents()
    before = await stage.app.storage.keys("crops")
    message = await stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[stage.photo("obama2.jpg")])
    assert len(await stage.app.storage.keys("crops")) == len(before) + 1
    with filled(data):
        await stage.fan.delete(message)
    await stage.app.postponed_work.retry()
    assert await stage.app.storage.keys("crops") == before


async def test_a_locked_database_is_answered_for(stage: Stage, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "PATIENCE", 0.1)
    await stage.enrol_presidents()
    with closing(sqlite3.connect(data / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
        assert NOT_KEPT in texts(latest(stage.channel))
        refused = answer(await stage.moderator.slash(stage.channel, "group add", name="ITZY"))
        assert "Something else has locked my database, which only my owner can mend" in texts(refused)
        other.execute("ROLLBACK")
    await stage.moderator.slash(stage.channel, "group add", name="ITZY")
    assert await counted(stage) == (0, 0)


async def test_the_owner_is_told_once_what_to_do(stage: Stage, data: Path) -> None:
    owner = stage.env.create_user("owner")
    stage.bot.owner_ids = {owner.id}
    with filled(data):
        for name in ("TWICE", "ITZY"):
            await stage.moderator.slash(stage.channel, "group add", name=name)
    told = [message.content for message in owner.dm_channel.history()]
    assert told == [f"No space is left for {plain(str(data / FILE))} (database or disk is full). Make room."]


async def test_a_removed_data_folder_is_told_in_a_sentence(stage: Stage, data: Path) -> None:
    await stage.enrol_presidents()
    away = data.with_name("away")
    data.rename(away)
    told = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    assert texts(told) == "I can't find my files any more, which only my owner can mend."
    away.rename(data)
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    assert await counted(stage) == (1, 0)
