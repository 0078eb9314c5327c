"""Fixtures of the clip queue."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from bot.app import App
from bot.database.rosters import RosterRepository
from bot.usecases.clips import attempt
from bot.usecases.clips.queue import ClipQueue
from tests.support.clip_queue import SERVER, FakeClipWork, RecordingReporter


@pytest.fixture
def works(app: App, monkeypatch: pytest.MonkeyPatch) -> FakeClipWork:
    works = FakeClipWork(app)
    for name in ("cached_video", "make", "finished"):
        monkeypatch.setattr(attempt, name, getattr(works, name))
    return works


@pytest.fixture
async def reporter(app: App, works: FakeClipWork) -> AsyncGenerator[RecordingReporter]:
    async with app.database.writing() as session:
        group = await RosterRepository(session).add_group(SERVER, "TWICE")
        await RosterRepository(session).add_member(group.id, "Sana")
    reporter = RecordingReporter()
    await ClipQueue(app, reporter).start()
    yield reporter
    await app.clips.close()
