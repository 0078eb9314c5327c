"""What is due is forgotten while the bot runs, whatever fails on the way."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, update

from bot.app import App
from bot.clock import utc_now
from bot.database.crops import StoredCrop
from bot.database.damage import DamageRepository
from bot.database.engine import FILE
from bot.database.questions import QuestionRepository
from bot.database.tables.questions import Question, QuestionFace
from bot.database.tables.rosters import Crop
from bot.domain.deletions import MessageScope
from bot.domain.enums import AnnotationMeaning
from bot.domain.faces import FaceCrop, IdentifiedFace, IdentifiedPicture
from bot.domain.trust import Trust
from bot.infra.recent_deletions import REMEMBERED, RecentDeletions
from bot.usecases import deletions
from bot.usecases import retention as forgetting_module
from bot.usecases.questions import correct
from bot.usecases.questions.correct import Actor
from bot.usecases.retention import forget_due, forget_periodically
from models.faces import Box, ConfidenceBand, Guess
from tests.conftest import LONG_ENOUGH


async def asked(
    app: App,
    days_ago: float,
    *,
    origin: str = "a",
    message: int | None = None,
    channel: int | None = None,
    place: int | None = None,
) -> tuple[int, int]:
    """A question about one face, in this message, whose crop was kept; the question's id and the face's."""
    cut = FaceCrop(origin.encode(), 100, 2.0)
    await app.storage.put(f"crops/{origin}", cut.jpeg)
    face = IdentifiedFace(1, Box(0, 0, 9, 9), Guess(None, None, 0.9, ConfidenceBand.UNKNOWN), b"1234", crop=cut)
    question = Question(
        server_id=7,
        channel_id=channel,
        place_id=place,
        source_message_id=message,
        asker_id=1,
        engine="dlib-1",
        threshold=0.5,
        rosters=[7],
        asked_at=utc_now() - timedelta(days=days_ago),
    )
    async with app.database.writing() as session:
        seen = IdentifiedPicture((9, 9), None, (face,), b"", "dlib-1")
        stored = {cut.jpeg: StoredCrop(cut, f"crops/{origin}", origin)}
        answer = await QuestionRepository(session).add(question, [("a.jpg", seen)], stored)
    return answer.id, answer.faces[0][1].id


async def remembered(app: App) -> list[tuple[int, bytes]]:
    """The faces of which anything is left, with their encodings; the crops are theirs."""
    async with app.database.reading() as session:
        faces = (await session.scalars(select(QuestionFace).where(QuestionFace.crop_id.is_not(None)))).all()
        keys = list(await session.scalars(select(Crop.key)))
    assert sorted(keys) == await app.storage.keys("crops")
    assert len(keys) == len(faces)
    return [(face.id, face.vector) for face in faces]


async def test_what_nobody_labelled_goes_after_a_week_and_no_sooner(app: App) -> None:
    _, old = await asked(app, 7.1, origin="old")
    question, labelled = await asked(app, 7.1, origin="labelled")
    await correct.mark_as_nobody(app, question, labelled, AnnotationMeaning.STRANGER, Actor(1, Trust.TRUSTED))
    question, suggested = await asked(app, 7.1, origin="suggested")
    await correct.mark_as_nobody(app, question, suggested, AnnotationMeaning.STRANGER, Actor(2, Trust.MEMBER))
    _, fresh = await asked(app, 6.9, origin="fresh")
    await forget_due(app)
    assert await remembered(app) == [(labelled, b"1234"), (fresh, b"1234")]
    async with app.database.reading() as session:
        for face in (old, suggested):
            assert (await session.get_one(QuestionFace, face)).vector == b""


def files_with(data: Path, *secrets: bytes) -> list[str]:
    """The files below `data` that have one of `secrets` in their bytes."""
    contents = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    return sorted(path.name for path, content in contents.items() if any(secret in content for secret in secrets))


async def test_no_byte_of_a_forgotten_encoding_or_crop_is_left_in_any_file(app: App) -> None:
    vector, crop = np.linspace(-0.1, 0.1, 128, dtype="<f4").tobytes(), b"a crop of a face"
    _, face = await asked(app, 0, origin=crop.decode(), message=1)
    await asked(app, 0, origin="kept", message=2)
    async with app.database.writing() as session:
        (await session.get_one(QuestionFace, face)).vector = vector
    assert set(files_with(app.settings.data, vector, crop)) >= {f"{FILE}-wal", crop.decode()}
    await deletions.forget(app, MessageScope(messages=frozenset({1})))
    assert files_with(app.settings.data, vector, crop) == []


async def test_a_long_reader_postpones_the_emptying_of_the_log_until_the_next_pass(app: App) -> None:
    vector = np.linspace(0.1, -0.1, 128, dtype="<f4").tobytes()
    _, face = await asked(app, 8)
    async with app.database.writing() as session:
        (await session.get_one(QuestionFace, face)).vector = vector
    async with app.database.reading() as session:
        await session.scalars(select(QuestionFace.id))
        await forget_due(app)
        assert files_with(app.settings.data, vector) != []
    await forget_due(app)
    assert files_with(app.settings.data, vector) == []


async def test_a_deleted_message_takes_no_write_lock_unless_anything_of_it_is_kept(app: App) -> None:
    question, labelled = await asked(app, 0, origin="labelled", message=1)
    await correct.mark_as_nobody(app, question, labelled, AnnotationMeaning.STRANGER, Actor(1, Trust.TRUSTED))
    await asked(app, 0, origin="kept", message=2)
    async with app.database.writing(), asyncio.timeout(5):
        for message in (1, 99):
            await deletions.forget(app, MessageScope(messages=frozenset({message})))
    await deletions.forget(app, MessageScope(messages=frozenset({2})))
    async with app.database.writing(), asyncio.timeout(5):
        await deletions.forget(app, MessageScope(messages=frozenset({2})))
    assert await remembered(app) == [(labelled, b"1234")]


async def test_with_a_channel_go_its_messages_and_no_others(app: App) -> None:
    """A thread that was opened at a message has its id."""
    await asked(app, 0, origin="gone", message=1, channel=50)
    _, other = await asked(app, 0, origin="other", message=50, channel=60)
    await deletions.forget(app, MessageScope(channels=frozenset({50})))
    assert await remembered(app) == [(other, b"1234")]


async def test_with_a_channel_go_its_archived_threads_of_which_discord_tells_nothing(app: App) -> None:
    await asked(app, 0, origin="gone", message=1, channel=50, place=60)
    _, other = await asked(app, 0, origin="other", message=2, channel=51, place=61)
    await deletions.forget(app, MessageScope(channels=frozenset({60})))
    assert await remembered(app) == [(other, b"1234")]


async def test_deletions_are_remembered_for_an_hour() -> None:
    now = 0.0
    deletions = RecentDeletions(lambda: now)
    deletions.add(MessageScope(messages=frozenset({1}), channels=frozenset({7})))
    now = REMEMBERED - 1
    deletions.add(MessageScope(messages=frozenset({2})))
    assert deletions.contains_any(MessageScope(messages=frozenset({1, 3})))
    assert deletions.contains_any(MessageScope(channels=frozenset({7})))
    assert not deletions.contains_any(MessageScope(messages=frozenset({7}), channels=frozenset({1})))
    now += 1
    deletions.add(MessageScope(messages=frozenset({2})))
    assert not deletions.contains_any(MessageScope(messages=frozenset({1}), channels=frozenset({7})))
    assert deletions.contains_any(MessageScope(messages=frozenset({2})))


async def test_crops_that_a_killed_bot_left_behind_go_after_an_hour(app: App) -> None:
    await asked(app, 0, origin="kept")
    for name in ("left", "fresh"):
        await app.storage.put(f"crops/{name}.jpg", b"jpeg")
    long_ago = (utc_now() - timedelta(hours=2)).timestamp()
    for name in ("kept", "left.jpg"):
        os.utime(app.settings.data / "files" / "crops" / name, (long_ago, long_ago))
    await forget_due(app)
    assert await app.storage.keys("crops") == ["crops/fresh.jpg", "crops/kept"]


async def test_crops_that_a_killed_bot_was_storing_go_after_an_hour(app: App) -> None:
    await asked(app, 0, origin="kept")
    crops = app.settings.data / "files" / "crops"
    for name in ("left.jpg#1", "fresh.jpg#1"):
        (crops / name).write_bytes(b"jp")
    long_ago = (utc_now() - timedelta(hours=2)).timestamp()
    os.utime(crops / "left.jpg#1", (long_ago, long_ago))
    await forget_due(app)
    assert sorted(path.name for path in crops.iterdir()) == ["fresh.jpg#1", "kept"]


@pytest.mark.parametrize("damage", ["a lost row", "a damaged page"])
async def test_no_unnamed_crop_is_deleted_while_rows_may_be_lost(
    app: App, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    """The row of the crop is lost. Its encoding shows that, or a page of another table that can't be read."""
    await asked(app, 0, origin="lost")
    await app.database.engine.dispose()
    with closing(sqlite3.connect(app.settings.data / FILE)) as connection:
        connection.execute("DELETE FROM crop")
        if damage == "a damaged page":
            connection.execute("DELETE FROM crop_encoding")
            connection.execute("UPDATE question_face SET crop_id = NULL")
        connection.commit()
        ((size,),) = connection.execute("PRAGMA page_size")
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'note'")
    if damage == "a damaged page":
        with (app.settings.data / FILE).open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
    for name in ("lost", "lost#1"):
        path = app.settings.data / "files" / "crops" / name
        path.touch()
        os.utime(path, (0, 0))
    with caplog.at_level(logging.WARNING):
        await forget_due(app)
    assert await app.storage.keys("crops") == ["crops/lost"]
    assert not (app.settings.data / "files" / "crops" / "lost#1").exists()
    assert [record.getMessage() for record in caplog.records] == [
        "rows may be lost, so crops that no row names stay (1); nugu check names the damage"
    ]


async def test_the_database_is_read_as_a_whole_only_when_a_crop_is_to_be_deleted(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bool] = []

    async def look(_: DamageRepository) -> bool:
        looked.append(True)
        return False

    monkeypatch.setattr(DamageRepository, "may_lack_rows", look)
    await asked(app, 0, origin="kept")
    os.utime(app.settings.data / "files" / "crops" / "kept", (0, 0))
    await forget_due(app)
    assert not looked
    for number in range(2):
        await app.storage.put(f"crops/{number}.jpg", b"jpeg")
        os.utime(app.settings.data / "files" / "crops" / f"{number}.jpg", (0, 0))
    await forget_due(app)
    assert (looked, await app.storage.keys("crops")) == ([True], ["crops/kept"])


class Rounds:
    """Counts the runs of forgetting."""

    def __init__(self) -> None:
        self._ended = 0
        self._changed = asyncio.Condition()

    async def forget_due(self, app: App) -> None:
        await forget_due(app)
        async with self._changed:
            self._ended += 1
            self._changed.notify_all()

    async def two_more(self) -> None:
        """Returns once a round has ended that began after this call."""
        async with asyncio.timeout(LONG_ENOUGH), self._changed:
            wanted = self._ended + 2
            await self._changed.wait_for(lambda: self._ended >= wanted)


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Rounds:
    rounds = Rounds()
    monkeypatch.setattr(forgetting_module, "forget_due", rounds.forget_due)
    return rounds


async def test_what_fails_once_is_tried_again_and_the_rest_is_done(
    app: App, rounds: Rounds, caplog: pytest.LogCaptureFixture
) -> None:
    """The row goes at once. Its file is one that a later round finds left behind."""
    await asked(app, 8)
    files, elsewhere = app.settings.data / "files", app.settings.data / "elsewhere"
    left = app.settings.data / "clips" / "left behind"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    os.utime(files / "crops" / "a", (0, 0))
    shutil.move(files, elsewhere)
    with caplog.at_level(logging.ERROR):
        async with forget_periodically(app, every=0.01):
            await rounds.two_more()
            assert not left.exists()
            shutil.move(elsewhere, files)
            await rounds.two_more()
    assert await app.storage.keys("crops") == []
    assert f"what is due was not forgotten: {files} is gone" in caplog.text
    assert "Traceback" not in caplog.text
    assert not [task for task in asyncio.all_tasks() if "forget" in repr(task.get_coro())]


async def test_a_face_that_comes_due_later_goes_then(app: App, rounds: Rounds) -> None:
    await asked(app, 6)
    async with forget_periodically(app, every=0.01):
        await rounds.two_more()
        assert len(await remembered(app)) == 1
        async with app.database.writing() as session:
            await session.execute(update(Question).values(asked_at=utc_now() - timedelta(days=8)))
        await rounds.two_more()
        assert await app.storage.keys("crops") == []
