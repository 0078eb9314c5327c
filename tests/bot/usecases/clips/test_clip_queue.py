"""The queue of clips: each request is answered once and in order; a person can cancel it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.app import App
from bot.database.clips import ClipRepository
from bot.database.tables.clips import ClipJob
from bot.domain.clips import ClipStage
from bot.domain.enums import ClipState
from bot.domain.trust import Trust
from bot.errors import PersonError
from bot.usecases import upload_limits
from bot.usecases.clips import queue, request
from bot.usecases.questions.correct import Actor
from tests.support.clip_queue import (
    SERVER,
    TARGET,
    FakeClipWork,
    RecordingReporter,
    check_hidden,
    request_clip,
    state_of,
    until,
    until_state,
)


async def test_a_request_is_answered_once(app: App, works: FakeClipWork, reporter: RecordingReporter) -> None:
    job_id = await request_clip(app, 1)
    await until(lambda: any(one.stage is ClipStage.TRACK for one in reporter.shown))
    assert [one for one in reporter.shown if one.stage is ClipStage.TRACK][-1].seen == ("Sana",)
    works.go_on.set()
    await until_state(app, job_id, ClipState.DONE)
    assert [one.job_id for one in reporter.answers] == [job_id]
    assert reporter.answers[0].target.card_id == 10


async def test_the_same_request_never_runs_twice_at_once(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    first, second, other = await request_clip(app, 1), await request_clip(app, 2), await request_clip(app, 3, "b")
    await until(lambda: len(app.clips.at_work) == 2)
    assert app.clips.at_work == {first, other}
    works.go_on.set()
    await until_state(app, second, ClipState.DONE)
    assert works.began.index(first) < works.began.index(second)


async def test_a_person_has_one_clip_in_work_and_a_server_so_many_waiting(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    await request_clip(app, 1)
    with pytest.raises(PersonError, match="still at work on your last clip"):
        await request_clip(app, 1, "b")
    for asker in range(2, 2 + queue.AT_ONCE - 1 + app.settings.clips_of_server):
        await request_clip(app, asker, f"v{asker}")
        await until(lambda asker=asker: len(app.clips.at_work) == min(asker, queue.AT_ONCE))
    with pytest.raises(PersonError, match=r"20 clips wait here already\. Ask again in about \d+ min"):
        await request_clip(app, 99, "z")
    assert not list((app.settings.data / "clips").glob("incoming-*"))


async def test_of_two_requests_of_one_person_at_once_one_is_taken(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    both = await asyncio.gather(request_clip(app, 1), request_clip(app, 1, "b"), return_exceptions=True)
    assert sum(isinstance(one, PersonError) for one in both) == 1


async def test_cancelling_ends_the_work_and_is_not_for_everybody(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    job_id = await request_clip(app, 1)
    await until(lambda: works.began == [job_id])
    with pytest.raises(PersonError, match="Only the person who asked, or a moderator"):
        await request.cancel(app, job_id, Actor(2, Trust.TRUSTED, server_id=SERVER))
    await request.cancel(app, job_id, Actor(1, Trust.MEMBER, server_id=SERVER))
    await until(lambda: reporter.explained == {job_id: str(queue.CANCELLED)})
    with pytest.raises(PersonError, match="done already"):
        await request.cancel(app, job_id, Actor(1, Trust.MEMBER, server_id=SERVER))
    await request_clip(app, 1, "b")
    assert not reporter.answers


async def test_a_waiting_clip_can_be_cancelled_too(app: App, works: FakeClipWork, reporter: RecordingReporter) -> None:
    await request_clip(app, 1)
    second = await request_clip(app, 2)
    await request.cancel(app, second, Actor(3, Trust.MODERATOR, server_id=SERVER))
    await until(lambda: reporter.explained == {second: str(queue.CANCELLED)})


async def test_an_upload_that_is_refused_is_made_smaller_once(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    works.go_on.set()
    reporter.refuses = 1
    job_id = await request_clip(app, 1)
    await until_state(app, job_id, ClipState.DONE)
    assert works.most == [upload_limits.USUAL, upload_limits.USUAL // 2]
    reporter.refuses = 2
    job_id = await request_clip(app, 1, "b")
    await until(lambda: reporter.explained == {job_id: str(queue.TOO_LARGE)})
    assert await state_of(app, job_id) is ClipState.FAILED
    # Nobody is asked in review about the faces of a clip that never came.
    await check_hidden(app, job_id)


async def test_an_error_is_reported_and_the_queue_goes_on(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    works.go_on.set()
    works.fails = PersonError("This is no video.")
    first = await request_clip(app, 1)
    await until(lambda: reporter.explained == {first: "This is no video."})
    assert await state_of(app, first) is ClipState.FAILED
    works.fails = None
    second = await request_clip(app, 1, "b")
    await until_state(app, second, ClipState.DONE)


async def test_a_late_attempt_overwrites_nothing(app: App, works: FakeClipWork, reporter: RecordingReporter) -> None:
    job_id = await request_clip(app, 1)
    await until(lambda: works.began == [job_id])
    async with app.database.writing() as session:
        job = await ClipRepository(session).get(job_id)
        assert job is not None
        late = ClipJob(id=job_id, attempt=job.attempt - 1)
        assert not await ClipRepository(session).set_state(late, ClipState.DONE)
    assert await state_of(app, job_id) is ClipState.WORKING


async def test_drawing_again_burdens_nobody_and_a_failure_leaves_the_clip(
    app: App, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.go_on.set()
    job_id = await request_clip(app, 1)
    await until_state(app, job_id, ClipState.DONE)
    asker, fan, trusted = (
        Actor(1, Trust.MEMBER, server_id=SERVER),
        Actor(2, Trust.MEMBER, server_id=SERVER),
        Actor(3, Trust.TRUSTED, server_id=SERVER),
    )
    with pytest.raises(PersonError, match="with these names already"):
        await request.draw_again(app, job_id, asker, TARGET)
    monkeypatch.setattr(ClipRepository, "count_changes", lambda *_: asyncio.sleep(0, 1))
    with pytest.raises(PersonError, match="Only the person who asked"):
        await request.draw_again(app, job_id, fan, TARGET)
    works.fails = PersonError("It went wrong.")
    await request.draw_again(app, job_id, trusted, replace(TARGET, max_bytes=50 << 20))
    await until(lambda: reporter.explained == {job_id: "It went wrong."})
    assert works.most == [upload_limits.USUAL, 50 << 20]
    assert await state_of(app, job_id) is ClipState.DONE
    works.fails = None
    works.go_on.clear()
    await request.draw_again(app, job_id, trusted, TARGET)
    with pytest.raises(PersonError, match="being drawn already"):
        await request.draw_again(app, job_id, asker, TARGET)
    await request_clip(app, 1, "b")
