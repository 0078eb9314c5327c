"""The queue of clips: each request is answered once and in order, even after a restart or an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest

from bot.app import App
from bot.clock import utc_now
from bot.database.clips import ClipRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.clips import ClipJob
from bot.database.tables.questions import Question
from bot.domain.answers import Answer
from bot.domain.clip_requests import ClipRequest, PostedVideo, ReplyTarget
from bot.domain.clips import ClipAttachments, ClipProgress, ClipStage, FinishedClip, ReportedClip, UploadRefusedError
from bot.domain.deletions import MessageScope
from bot.domain.enums import ClipState
from bot.domain.messages import Message
from bot.domain.trust import Trust
from bot.errors import MessageDeletedError, NoWorkersError, PersonError
from bot.infra.clip_files import CachedVideo
from bot.usecases import deletions, upload_limits
from bot.usecases.clips import attempt, queue, request, room, runner
from bot.usecases.clips.attempt import DrawnClip
from bot.usecases.clips.options import ClipProgressCallback
from bot.usecases.clips.queue import ClipQueue
from bot.usecases.questions.correct import Actor
from bot.usecases.questions.identify import IdentifyRequest
from tests.conftest import LONG_ENOUGH

SERVER, CHANNEL = 7, 70
TARGET = ReplyTarget(CHANNEL, upload_limits.USUAL)


@dataclass
class RecordingReporter:
    """A reporter that records its calls. `refuses`: the number of uploads to refuse. `holds`: the event that an answer awaits.

    `breaks`: the error of an answer whose clip arrived. `search_error`: the error of a search for an answer.
    """

    shown: list[ClipProgress] = field(default_factory=list[ClipProgress])
    answers: list[ReportedClip] = field(default_factory=list[ReportedClip])
    explained: dict[int, str] = field(default_factory=dict[int, str])
    refuses: int = 0
    posted: dict[int, int] = field(default_factory=dict[int, int])
    holds: asyncio.Event | None = None
    breaks: Exception | None = None
    search_error: Exception | None = None

    async def show(self, progress: ClipProgress) -> None:
        self.shown.append(progress)

    async def answer(self, clip: ReportedClip, finished: FinishedClip, attachments: ClipAttachments) -> int:
        if self.refuses:
            self.refuses -= 1
            raise UploadRefusedError(clip.target.max_bytes // 2)
        self.answers.append(clip)
        self.posted[clip.job_id] = 1000 + clip.job_id
        if self.holds is not None:
            await self.holds.wait()
        if self.breaks is not None:
            raise self.breaks
        return self.posted[clip.job_id]

    async def answered(self, clip: ReportedClip) -> int | None:
        if self.search_error is not None:
            raise self.search_error
        return self.posted.get(clip.job_id)

    async def posted_card(self, clip: ReportedClip) -> int | None:
        return None

    async def explain(self, clip: ReportedClip, message: Message) -> None:
        self.explained[clip.job_id] = str(message)


@dataclass
class Works:
    """Makes empty clips, each when `go_on` is set, and records the requests."""

    app: App
    began: list[int] = field(default_factory=list[int])
    most: list[int] = field(default_factory=list[int])
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    fails: Exception | None = None

    async def cached_video(self, app: App, job: ClipJob, on_progress: ClipProgressCallback) -> CachedVideo:
        found = await app.videos.find(job.video)
        assert found is not None
        return found

    async def make(self, app: App, job: ClipJob, video: CachedVideo, on_progress: ClipProgressCallback) -> DrawnClip:
        self.began.append(job.id)
        self.most.append(job.max_bytes)
        on_progress(ClipStage.TRACK, 0.5, ("Sana",))
        await self.go_on.wait()
        if self.fails is not None:
            raise self.fails
        async with app.database.writing() as session:
            question = Question(asker_id=job.asker_id, engine="dlib-1", threshold=0.5, rosters=[0])
            session.add(question)
            await session.flush()
            await ClipRepository(session).set_state(job, ClipState.WORKING, question_id=question.id)
        return DrawnClip(ClipAttachments(Path("clip.mp4"), b""))

    async def finished(self, app: App, job: ClipJob) -> FinishedClip:
        answer = Answer(1, None, job.asker_id, "dlib-1", 0.5, (0,), ())
        return FinishedClip(job.id, job.title, job.link, 0.0, 1.0, answer, ())


@pytest.fixture
def works(app: App, monkeypatch: pytest.MonkeyPatch) -> Works:
    works = Works(app)
    for name in ("cached_video", "make", "finished"):
        monkeypatch.setattr(attempt, name, getattr(works, name))
    return works


@pytest.fixture
async def reporter(app: App, works: Works) -> AsyncGenerator[RecordingReporter]:
    async with app.database.writing() as session:
        group = await RosterRepository(session).add_group(SERVER, "TWICE")
        await RosterRepository(session).add_member(group.id, "Sana")
    reporter = RecordingReporter()
    await ClipQueue(app, reporter).start()
    yield reporter
    await app.clips.close()


async def request_clip(app: App, asker: int, name: str = "a", *, message: int | None = None) -> int:
    """A clip of a posted file with these bytes; the job's id."""
    asked = IdentifyRequest(asker, SERVER, CHANNEL, source_message_id=message, rosters=(SERVER,))
    async with room.incoming(app, SERVER, len(name)) as folder:
        path = folder.path / "file"
        path.write_bytes(name.encode())
        return await request.request_clip(
            app, asked, ClipRequest(PostedVideo(f"{name}.mp4", path)), replace(TARGET, card_id=asker * 10)
        )


async def until(true: Callable[[], Awaitable[bool] | bool]) -> None:
    async with asyncio.timeout(LONG_ENOUGH):
        while not (await now if isinstance(now := true(), Awaitable) else now):
            await asyncio.sleep(0.02)


async def state(app: App, job_id: int) -> ClipState:
    async with app.database.reading() as session:
        job = await ClipRepository(session).get(job_id)
        assert job is not None
        return job.state


async def becomes(app: App, job_id: int, wanted: ClipState) -> None:
    async def is_so() -> bool:
        return await state(app, job_id) is wanted

    await until(is_so)


async def check_hidden(app: App, job_id: int) -> None:
    """The faces of this clip are in no review."""
    async with app.database.reading() as session:
        job = await session.get_one(ClipJob, job_id)
        assert (await session.get_one(Question, job.question_id)).hidden_at is not None


async def test_a_request_is_answered_once(app: App, works: Works, reporter: RecordingReporter) -> None:
    job_id = await request_clip(app, 1)
    await until(lambda: any(one.stage is ClipStage.TRACK for one in reporter.shown))
    assert [one for one in reporter.shown if one.stage is ClipStage.TRACK][-1].seen == ("Sana",)
    works.go_on.set()
    await becomes(app, job_id, ClipState.DONE)
    assert [one.job_id for one in reporter.answers] == [job_id]
    assert reporter.answers[0].target.card_id == 10


async def test_the_same_request_never_runs_twice_at_once(app: App, works: Works, reporter: RecordingReporter) -> None:
    first, second, other = await request_clip(app, 1), await request_clip(app, 2), await request_clip(app, 3, "b")
    await until(lambda: len(app.clips.at_work) == 2)
    assert app.clips.at_work == {first, other}
    works.go_on.set()
    await becomes(app, second, ClipState.DONE)
    assert works.began.index(first) < works.began.index(second)


async def test_a_person_has_one_clip_in_work_and_a_server_so_many_waiting(
    app: App, works: Works, reporter: RecordingReporter
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
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    both = await asyncio.gather(request_clip(app, 1), request_clip(app, 1, "b"), return_exceptions=True)
    assert sum(isinstance(one, PersonError) for one in both) == 1


async def test_cancelling_ends_the_work_and_is_not_for_everybody(
    app: App, works: Works, reporter: RecordingReporter
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


async def test_a_waiting_clip_can_be_cancelled_too(app: App, works: Works, reporter: RecordingReporter) -> None:
    await request_clip(app, 1)
    second = await request_clip(app, 2)
    await request.cancel(app, second, Actor(3, Trust.MODERATOR, server_id=SERVER))
    await until(lambda: reporter.explained == {second: str(queue.CANCELLED)})


async def test_a_restart_in_the_middle_takes_the_work_up_again(
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    job_id = await request_clip(app, 1)
    await until(lambda: works.began == [job_id])
    await app.clips.close()
    assert await state(app, job_id) is ClipState.WAITING
    works.go_on.set()
    await ClipQueue(app, reporter).start()
    await becomes(app, job_id, ClipState.DONE)
    assert works.began == [job_id, job_id]
    assert [one.job_id for one in reporter.answers] == [job_id]


async def test_an_answer_that_was_posted_before_the_end_is_not_posted_again(
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    reporter.holds = asyncio.Event()
    works.go_on.set()
    job_id = await request_clip(app, 1)
    await until(lambda: bool(reporter.answers))
    await app.clips.close()
    assert await state(app, job_id) is ClipState.SENDING
    await ClipQueue(app, reporter).start()
    await becomes(app, job_id, ClipState.DONE)
    assert len(reporter.answers) == 1


async def test_an_answer_that_never_arrived_is_posted_after_the_restart(
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    reporter.holds = asyncio.Event()
    works.go_on.set()
    job_id = await request_clip(app, 1)
    await until(lambda: bool(reporter.answers))
    await app.clips.close()
    reporter.posted.clear()
    reporter.holds = None
    await ClipQueue(app, reporter).start()
    await becomes(app, job_id, ClipState.DONE)
    assert len(reporter.answers) == 2


async def kill(app: App) -> None:
    """The bot ends between two instructions: nothing more is written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClipRepository, "requeue_interrupted", lambda *_: asyncio.sleep(0))
        await app.clips.close()


async def test_a_killed_bot_takes_its_work_up_again_three_times_at_most(
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    job_id = await request_clip(app, 1)
    for times in range(runner.MAX_ATTEMPTS):
        await until(lambda times=times: works.began == [job_id] * (times + 1))
        await kill(app)
        assert await state(app, job_id) is ClipState.WORKING
        await ClipQueue(app, reporter).start()
    await until(lambda: reporter.explained == {job_id: str(runner.GIVEN_UP)})
    assert await state(app, job_id) is ClipState.FAILED


async def test_a_bot_that_is_ended_in_good_health_may_be_so_often(
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    job_id = await request_clip(app, 1)
    for times in range(runner.MAX_ATTEMPTS + 1):
        await until(lambda times=times: len(works.began) == times + 1)
        await app.clips.close()
        await ClipQueue(app, reporter).start()
    works.go_on.set()
    await becomes(app, job_id, ClipState.DONE)


async def test_a_passing_trouble_is_tried_again(
    app: App, works: Works, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.1)
    works.go_on.set()
    works.fails = NoWorkersError()
    job_id = await request_clip(app, 1)
    await until(lambda: len(works.began) == 2)
    works.fails = None
    await becomes(app, job_id, ClipState.DONE)
    assert not reporter.explained


async def test_a_cancel_during_the_pause_is_reported_and_ends_it(
    app: App, works: Works, reporter: RecordingReporter, caplog: pytest.LogCaptureFixture
) -> None:
    works.go_on.set()
    works.fails = NoWorkersError()
    job_id = await request_clip(app, 1)
    await until(lambda: "is tried again in" in caplog.text)
    await request.cancel(app, job_id, Actor(1, Trust.MEMBER, server_id=SERVER))
    await until(lambda: reporter.explained == {job_id: str(queue.CANCELLED)})
    assert await state(app, job_id) is ClipState.CANCELLED
    works.fails = None
    await becomes(app, await request_clip(app, 1, "b"), ClipState.DONE)
    assert works.began.count(job_id) == 1


async def test_a_bot_that_ends_during_the_pause_takes_the_clip_up_again(
    app: App, works: Works, reporter: RecordingReporter
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
    await becomes(app, job_id, ClipState.DONE)
    assert not reporter.explained


async def test_a_clip_that_rests_holds_up_no_other(
    app: App, works: Works, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "AT_ONCE", 1)
    works.go_on.set()
    works.fails = NoWorkersError()
    resting = await request_clip(app, 1)
    await until(lambda: works.began == [resting] and not app.clips.at_work)
    assert await state(app, resting) is ClipState.WAITING
    works.fails = None
    await becomes(app, await request_clip(app, 2, "b"), ClipState.DONE)
    assert works.began.count(resting) == 1


async def test_a_connection_that_is_lost_while_posting_posts_no_second_clip(
    app: App, works: Works, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.1)
    reporter.breaks = aiohttp.ServerDisconnectedError()
    works.go_on.set()
    job_id = await request_clip(app, 1)
    await becomes(app, job_id, ClipState.DONE)
    assert len(reporter.answers) == 1


async def test_the_queue_goes_on_after_a_reporter_fails_to_search(
    app: App,
    works: Works,
    reporter: RecordingReporter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.1)
    reporter.holds = asyncio.Event()
    works.go_on.set()
    job_id = await request_clip(app, 1)
    await until(lambda: bool(reporter.answers))
    await app.clips.close()
    reporter.search_error = TimeoutError()
    await ClipQueue(app, reporter).start()
    await until(lambda: "the queue of clips stumbled" in caplog.text)
    reporter.search_error, reporter.holds = None, None
    await becomes(app, job_id, ClipState.DONE)
    await becomes(app, await request_clip(app, 1, "b"), ClipState.DONE)


async def test_an_upload_that_is_refused_is_made_smaller_once(
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    works.go_on.set()
    reporter.refuses = 1
    job_id = await request_clip(app, 1)
    await becomes(app, job_id, ClipState.DONE)
    assert works.most == [upload_limits.USUAL, upload_limits.USUAL // 2]
    reporter.refuses = 2
    job_id = await request_clip(app, 1, "b")
    await until(lambda: reporter.explained == {job_id: str(queue.TOO_LARGE)})
    assert await state(app, job_id) is ClipState.FAILED
    # Nobody is asked in review about the faces of a clip that never came.
    await check_hidden(app, job_id)


async def test_a_clip_that_a_restart_interrupts_is_made_smaller_once_too(
    app: App, works: Works, reporter: RecordingReporter
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
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    reporter.holds = asyncio.Event()
    works.go_on.set()
    job_id = await request_clip(app, 1)
    await until(lambda: bool(reporter.answers))
    await app.clips.close()
    async with app.database.writing() as session:
        job = await ClipRepository(session).get(job_id)
        assert job is not None
        await ClipRepository(session).set_state(job, ClipState.WAITING)
    await request.cancel(app, job_id, Actor(1, Trust.MEMBER, server_id=SERVER))
    await ClipQueue(app, reporter).start()
    await until(lambda: reporter.explained == {job_id: str(queue.CANCELLED)})
    await check_hidden(app, job_id)


async def test_an_error_is_reported_and_the_queue_goes_on(app: App, works: Works, reporter: RecordingReporter) -> None:
    works.go_on.set()
    works.fails = PersonError("This is no video.")
    first = await request_clip(app, 1)
    await until(lambda: reporter.explained == {first: "This is no video."})
    assert await state(app, first) is ClipState.FAILED
    works.fails = None
    second = await request_clip(app, 1, "b")
    await becomes(app, second, ClipState.DONE)


async def test_a_late_attempt_overwrites_nothing(app: App, works: Works, reporter: RecordingReporter) -> None:
    job_id = await request_clip(app, 1)
    await until(lambda: works.began == [job_id])
    async with app.database.writing() as session:
        job = await ClipRepository(session).get(job_id)
        assert job is not None
        late = ClipJob(id=job_id, attempt=job.attempt - 1)
        assert not await ClipRepository(session).set_state(late, ClipState.DONE)
    assert await state(app, job_id) is ClipState.WORKING


async def test_a_video_whose_message_is_deleted_is_forgotten(
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    job_id = await request_clip(app, 1, "posted", message=555)
    (folder,) = (app.settings.data / "clips").iterdir()
    await until(lambda: works.began == [job_id])
    await deletions.forget(app, MessageScope(messages=frozenset({555})))
    await until(lambda: reporter.explained == {job_id: str(queue.CANCELLED)})
    assert not folder.exists()


async def test_a_video_whose_message_is_deleted_while_it_is_received_is_forgotten(
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    await deletions.forget(app, MessageScope(messages=frozenset({555})))
    job_id = await request_clip(app, 1, "posted", message=555)
    await until(lambda: reporter.explained == {job_id: str(queue.CANCELLED)})
    assert list((app.settings.data / "clips").iterdir()) == []
    other = await request_clip(app, 1, "posted", message=556)
    works.go_on.set()
    await becomes(app, other, ClipState.DONE)


async def test_a_video_whose_message_is_deleted_while_its_clip_is_posted_is_forgotten(
    app: App, works: Works, reporter: RecordingReporter
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
    assert await state(app, job_id) is ClipState.DONE


async def test_a_video_whose_message_is_deleted_before_its_clip_arrived_is_not_posted_again(
    app: App, works: Works, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
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
    assert await state(app, job_id) is ClipState.FAILED
    assert len(reporter.answers) == 1


async def test_a_video_that_somebody_else_posted_too_stays_for_them(
    app: App, works: Works, reporter: RecordingReporter
) -> None:
    first, second = await request_clip(app, 1, message=555), await request_clip(app, 2, message=556)
    await until(lambda: works.began == [first])
    await deletions.forget(app, MessageScope(messages=frozenset({555})))
    works.go_on.set()
    await becomes(app, second, ClipState.DONE)


async def test_a_refused_request_leaves_no_video(app: App, works: Works, reporter: RecordingReporter) -> None:
    await request_clip(app, 1)
    with pytest.raises(PersonError):
        await request_clip(app, 1, "b")
    assert len(list((app.settings.data / "clips").iterdir())) == 1


async def test_drawing_again_burdens_nobody_and_a_failure_leaves_the_clip(
    app: App, works: Works, reporter: RecordingReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.go_on.set()
    job_id = await request_clip(app, 1)
    await becomes(app, job_id, ClipState.DONE)
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
    assert await state(app, job_id) is ClipState.DONE
    works.fails = None
    works.go_on.clear()
    await request.draw_again(app, job_id, trusted, TARGET)
    with pytest.raises(PersonError, match="being drawn already"):
        await request.draw_again(app, job_id, asker, TARGET)
    await request_clip(app, 1, "b")
