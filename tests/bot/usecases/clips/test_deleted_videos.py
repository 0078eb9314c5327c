"""Videos of clips whose message is deleted, and of refused requests."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.app import App
from bot.domain.deletions import MessageScope
from bot.domain.enums import ClipState
from bot.errors import MessageDeletedError, PersonError
from bot.usecases import deletions
from bot.usecases.clips import queue
from tests.support.clip_queue import FakeClipWork, RecordingReporter, request_clip, state_of, until, until_state


async def test_a_video_whose_message_is_deleted_is_forgotten(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    job_id = await request_clip(app, 1, "posted", message=555)
    (folder,) = (app.settings.data / "clips").iterdir()
    await until(lambda: works.began == [job_id])
    await deletions.forget(app, MessageScope(messages=frozenset({555})))
    await until(lambda: reporter.explained == {job_id: str(queue.CANCELLED)})
    assert not folder.exists()


async def test_a_video_whose_message_is_deleted_while_it_is_received_is_forgotten(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    await deletions.forget(app, MessageScope(messages=frozenset({555})))
    job_id = await request_clip(app, 1, "posted", message=555)
    await until(lambda: reporter.explained == {job_id: str(queue.CANCELLED)})
    assert list((app.settings.data / "clips").iterdir()) == []
    other = await request_clip(app, 1, "posted", message=556)
    works.go_on.set()
    await until_state(app, other, ClipState.DONE)


async def test_a_video_whose_message_is_deleted_while_its_clip_is_posted_is_forgotten(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    reporter.holds = asyncio.Event()
    works.go_on.set()
    job_id = await request_clip(app, 1, "posted", message=555)
    (folder,) = (app.settings.data / "clips").iterdir()
    await until(lambda: bool(reporter.answers))
    await deletions.forget(app, MessageScope(messages=frozenset({555})))
    assert folder.exists()
    reporter.holds.set()
    await until(lambda: not folder.exists())
    assert await state_of(app, job_id) is ClipState.DONE


async def test_a_video_whose_message_is_deleted_before_its_clip_arrived_is_not_posted_again(
    app: App, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.1)
    reporter.holds, reporter.breaks = asyncio.Event(), aiohttp.ServerDisconnectedError()
    works.go_on.set()
    job_id = await request_clip(app, 1, "posted", message=555)
    (folder,) = (app.settings.data / "clips").iterdir()
    await until(lambda: bool(reporter.answers))
    reporter.posted.clear()
    await deletions.forget(app, MessageScope(messages=frozenset({555})))
    reporter.holds.set()
    await until(lambda: not folder.exists())
    await until(lambda: reporter.explained == {job_id: str(MessageDeletedError())})
    assert await state_of(app, job_id) is ClipState.FAILED
    assert len(reporter.answers) == 1


async def test_a_video_that_somebody_else_posted_too_stays_for_them(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    first, second = await request_clip(app, 1, message=555), await request_clip(app, 2, message=556)
    await until(lambda: works.began == [first])
    await deletions.forget(app, MessageScope(messages=frozenset({555})))
    works.go_on.set()
    await until_state(app, second, ClipState.DONE)


async def test_a_refused_request_leaves_no_video(app: App, works: FakeClipWork, reporter: RecordingReporter) -> None:
    await request_clip(app, 1)
    with pytest.raises(PersonError):
        await request_clip(app, 1, "b")
    assert len(list((app.settings.data / "clips").iterdir())) == 1
