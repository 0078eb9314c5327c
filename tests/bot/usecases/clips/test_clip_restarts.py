"""The queue of clips after a restart, a lost connection or a passing error."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from bot.app import App
from bot.clock import utc_now
from bot.database.clips import ClipRepository
from bot.database.tables.clips import ClipJob
from bot.domain.enums import ClipState
from bot.domain.trust import Trust
from bot.errors import NoWorkersError
from bot.usecases import upload_limits
from bot.usecases.clips import queue, request, runner
from bot.usecases.clips.queue import ClipQueue
from bot.usecases.questions.correct import Actor
from tests.support.clip_queue import (
    SERVER,
    FakeClipWork,
    RecordingReporter,
    check_hidden,
    request_clip,
    request_clip_by_message,
    state_of,
    until,
    until_state,
)


async def kill(app: App) -> None:
    """The bot ends between two instructions: nothing more is written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClipRepository, "requeue_interrupted", lambda *_: asyncio.sleep(0))
        await app.clips.close()


async def end_while_posting(app: App, works: FakeClipWork, reporter: RecordingReporter) -> int:
    """The bot ends while Discord takes the answer of a clip; its id."""
    reporter.holds = asyncio.Event()
    works.go_on.set()
    job_id = await request_clip(app, 1)
    await until(lambda: bool(reporter.answers))
    await app.clips.close()
    return job_id


async def test_a_restart_in_the_middle_takes_the_work_up_again(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    job_id = await request_clip(app, 1)
    await until(lambda: works.began == [job_id])
    await app.clips.close()
    assert await state_of(app, job_id) is ClipState.WAITING
    works.go_on.set()
    await ClipQueue(app, reporter).start()
    await until_state(app, job_id, ClipState.DONE)
    assert works.began == [job_id, job_id]
    assert [one.job_id for one in reporter.answers] == [job_id]


async def test_an_answer_that_was_posted_before_the_end_is_not_posted_again(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    job_id = await end_while_posting(app, works, reporter)
    assert await state_of(app, job_id) is ClipState.SENDING
    await ClipQueue(app, reporter).start()
    await until_state(app, job_id, ClipState.DONE)
    assert len(reporter.answers) == 1


async def test_an_answer_that_never_arrived_is_posted_after_the_restart(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    job_id = await end_while_posting(app, works, reporter)
    reporter.posted.clear()
    reporter.holds = None
    await ClipQueue(app, reporter).start()
    await until_state(app, job_id, ClipState.DONE)
    assert len(reporter.answers) == 2


async def test_a_killed_bot_takes_its_work_up_again_three_times_at_most(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    job_id = await request_clip(app, 1)
    for times in range(runner.MAX_ATTEMPTS):
        await until(lambda times=times: works.began == [job_id] * (times + 1))
        await kill(app)
        assert await state_of(app, job_id) is ClipState.WORKING
        await ClipQueue(app, reporter).start()
    await until(lambda: reporter.explained == {job_id: str(runner.GIVEN_UP)})
    assert await state_of(app, job_id) is ClipState.FAILED


async def test_a_bot_that_is_ended_in_good_health_may_be_so_often(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    job_id = await request_clip(app, 1)
    for times in range(runner.MAX_ATTEMPTS + 1):
        await until(lambda times=times: len(works.began) == times + 1)
        await app.clips.close()
        await ClipQueue(app, reporter).start()
    works.go_on.set()
    await until_state(app, job_id, ClipState.DONE)


async def test_a_passing_trouble_is_tried_again(
    app: App, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.1)
    works.go_on.set()
    works.fails = NoWorkersError()
    job_id = await request_clip(app, 1)
    await until(lambda: len(works.began) == 2)
    works.fails = None
    await until_state(app, job_id, ClipState.DONE)
    assert not reporter.explained


async def test_an_outage_counts_as_no_breakdown_and_is_waited_out(
    app: App, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.001)
    works.go_on.set()
    works.fails = NoWorkersError()
    job_id = await request_clip(app, 1)
    await until(lambda: len(works.began) > 2 * runner.MAX_ATTEMPTS)
    works.fails = None
    await until_state(app, job_id, ClipState.DONE)
    assert not reporter.explained


async def test_each_further_passing_error_doubles_the_rest_and_the_last_ends_the_clip(
    app: App,
    works: FakeClipWork,
    reporter: RecordingReporter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.02)
    monkeypatch.setattr(queue, "LONGEST_REST", timedelta(seconds=0.1))
    works.go_on.set()
    works.fails = NoWorkersError()
    job_id = await request_clip(app, 1)
    await until_state(app, job_id, ClipState.FAILED)
    assert reporter.explained == {job_id: str(works.fails)}
    assert len(works.began) == runner.MAX_DELAYS + 1
    rests = [
        record.args[1] for record in caplog.records if isinstance(record.args, tuple) and "tried again" in record.msg
    ]
    assert rests == pytest.approx([0.02, 0.04, 0.08, *[0.1] * (runner.MAX_DELAYS - 3)])


@pytest.mark.parametrize("error", [ConnectionError(), ValueError("a message that can't be read")])
async def test_a_card_that_cannot_be_looked_for_is_not_replaced_by_a_second_one(
    app: App, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    await app.clips.close()
    job_id = await request_clip_by_message(app, 60)
    reporter.cards[60] = 61
    reporter.search_error = error
    works.go_on.set()
    monkeypatch.setattr(queue, "PAUSE", 0.01)
    await ClipQueue(app, reporter).start()

    async def has_rested() -> bool:
        async with app.database.reading() as session:
            return (await session.get_one(ClipJob, job_id)).delays > 2

    await until(has_rested)
    assert await state_of(app, job_id) is ClipState.WAITING
    assert works.began == []
    reporter.search_error = None
    await until_state(app, job_id, ClipState.DONE)
    assert [clip.target.card_id for clip in reporter.answers] == [61]


async def test_a_card_whose_posting_had_no_answer_is_looked_for_by_the_running_queue(
    app: App, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request, "CARD_SECONDS", 0.1)
    reporter.cards[60] = 61
    works.go_on.set()
    await until_state(app, await request_clip_by_message(app, 60), ClipState.DONE)
    assert [clip.target.card_id for clip in reporter.answers] == [61]


async def test_a_clip_is_not_posted_again_while_nobody_can_tell_whether_it_was_posted(
    app: App, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.01)
    job_id = await end_while_posting(app, works, reporter)
    reporter.search_error, reporter.holds = ConnectionError(), None
    await ClipQueue(app, reporter).start()
    await until_state(app, await request_clip(app, 2, "b"), ClipState.DONE)
    assert await state_of(app, job_id) is ClipState.SENDING
    reporter.search_error = None
    await until_state(app, job_id, ClipState.DONE)
    assert len(reporter.answers) == 2


async def test_a_cancel_during_the_pause_is_reported_and_ends_it(
    app: App, works: FakeClipWork, reporter: RecordingReporter, caplog: pytest.LogCaptureFixture
) -> None:
    works.go_on.set()
    works.fails = NoWorkersError()
    job_id = await request_clip(app, 1)
    await until(lambda: "is tried again in" in caplog.text)
    await request.cancel(app, job_id, Actor(1, Trust.MEMBER, server_id=SERVER))
    await until(lambda: reporter.explained == {job_id: str(queue.CANCELLED)})
    assert await state_of(app, job_id) is ClipState.CANCELLED
    works.fails = None
    await until_state(app, await request_clip(app, 1, "b"), ClipState.DONE)
    assert works.began.count(job_id) == 1


async def test_a_bot_that_ends_during_the_pause_takes_the_clip_up_again(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    works.go_on.set()
    works.fails = NoWorkersError()
    job_id = await request_clip(app, 1)
    await until(lambda: works.began == [job_id] and not app.clips.at_work)
    await app.clips.close()
    works.fails = None
    async with app.database.writing() as session:
        job = await session.get_one(ClipJob, job_id)
        assert job.state is ClipState.WAITING
        assert not job.is_due(utc_now())
        job.resume_at = utc_now()
    await ClipQueue(app, reporter).start()
    await until_state(app, job_id, ClipState.DONE)
    assert not reporter.explained


async def test_a_clip_that_rests_holds_up_no_other(
    app: App, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "AT_ONCE", 1)
    works.go_on.set()
    works.fails = NoWorkersError()
    resting = await request_clip(app, 1)
    await until(lambda: works.began == [resting] and not app.clips.at_work)
    assert await state_of(app, resting) is ClipState.WAITING
    works.fails = None
    await until_state(app, await request_clip(app, 2, "b"), ClipState.DONE)
    assert works.began.count(resting) == 1


async def test_a_connection_that_is_lost_while_posting_posts_no_second_clip(
    app: App, works: FakeClipWork, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.1)
    reporter.breaks = aiohttp.ServerDisconnectedError()
    works.go_on.set()
    job_id = await request_clip(app, 1)
    await until_state(app, job_id, ClipState.DONE)
    assert len(reporter.answers) == 1


async def test_the_queue_goes_on_after_a_reporter_fails_to_search(
    app: App,
    works: FakeClipWork,
    reporter: RecordingReporter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.1)
    job_id = await end_while_posting(app, works, reporter)
    reporter.search_error = TimeoutError()
    await ClipQueue(app, reporter).start()
    await until(lambda: "the queue of clips stumbled" in caplog.text)
    reporter.search_error, reporter.holds = None, None
    await until_state(app, job_id, ClipState.DONE)
    await until_state(app, await request_clip(app, 1, "b"), ClipState.DONE)


async def test_a_clip_that_a_restart_interrupts_is_made_smaller_once_too(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    reporter.refuses = 1
    job_id = await request_clip(app, 1)
    await until(lambda: works.began == [job_id])
    works.go_on.set()
    await until(lambda: not reporter.refuses)
    works.go_on.clear()
    await until(lambda: works.began == [job_id] * 2)
    await app.clips.close()
    reporter.refuses = 2
    works.go_on.set()
    await ClipQueue(app, reporter).start()
    await until(lambda: reporter.explained == {job_id: str(queue.TOO_LARGE)})
    assert works.most == [upload_limits.USUAL, upload_limits.USUAL // 2, upload_limits.USUAL // 2]


async def test_nobody_reviews_the_faces_of_a_clip_that_is_cancelled_while_it_waits(
    app: App, works: FakeClipWork, reporter: RecordingReporter
) -> None:
    job_id = await end_while_posting(app, works, reporter)
    async with app.database.writing() as session:
        job = await ClipRepository(session).get(job_id)
        assert job is not None
        await ClipRepository(session).set_state(job, ClipState.WAITING)
    await request.cancel(app, job_id, Actor(1, Trust.MEMBER, server_id=SERVER))
    await ClipQueue(app, reporter).start()
    await until(lambda: reporter.explained == {job_id: str(queue.CANCELLED)})
    await check_hidden(app, job_id)
