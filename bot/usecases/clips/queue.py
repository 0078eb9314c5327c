"""The queue of promised clips: a few at work, the others in their order, all of them in the database."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from bot.database.clips import ClipRepository
from bot.database.tables.clips import LONGEST_TITLE
from bot.domain.clip_requests import ReplyTarget
from bot.domain.clips import ClipProgress, ReportedClip, Stage, UploadRefusedError
from bot.domain.enums import ClipState
from bot.domain.messages import Code, Message
from bot.domain.places import Places
from bot.errors import DeletedError, PersonError, WorkersAwayError, message_for
from bot.usecases import deletions, identify
from bot.usecases.clips import attempt, request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.app import App
    from bot.database.tables.clips import ClipJob
    from bot.domain.clips import ClipReporter
    from bot.infra.clip_files import CachedVideo
    from bot.usecases.clips.pipeline import ClipProgressCallback

log = logging.getLogger(__name__)

AT_ONCE = 3
"""Clips that are at work at a time: one is looked at or drawn by all workers, while others are downloaded and posted."""

BETWEEN = 3.0
"""Seconds between two edits of a progress card."""

MOST_ATTEMPTS = 3
"""So often a clip is begun anew after the bot ended in the midst of it."""

DRAW_BESIDE_LOOK = 0.8
"""How long drawing takes for each second of looking."""

PASSING = (WorkersAwayError, aiohttp.ClientError, TimeoutError, ConnectionError)
"""What is over soon: it is tried again, as often as what ended with the bot."""

PAUSE = 10.0
"""Seconds after which it is."""

NEVER = -1
"""The changes that a clip has been drawn with, where it could not be drawn again."""

CANCELLED = Message("Cancelled.")
FORGOTTEN = "What I saw in that video was forgotten meanwhile."
GIVEN_UP = "I broke down over this clip again and again, so I gave up. Another copy of the video may work."
TOO_LARGE = Message(
    "Discord takes no file as large as this clip. Ask for a shorter part of it with {start} and {length}.",
    start=Code("start:"),
    length=Code("length:"),
)


class ClipQueue:
    """Keeps the promises, once `serve` gave it a reporter.

    Every clip at work is a task; what became of it is written before anybody is told. A bot that ends leaves its clips as they
    are, and takes them up when it serves again.
    """

    def __init__(self) -> None:
        self._all_workers = asyncio.Lock()
        self._places: dict[int, int] = {}
        self._shown: dict[int, float] = {}

    async def serve(self, app: App, reporter: ClipReporter) -> None:
        """Begin to keep the promises, those from before too."""
        await app.clips.serve(self._run(app, reporter))

    async def _run(self, app: App, reporter: ClipReporter) -> None:
        while True:
            try:
                await self._explain_stopped(app, reporter)
                await self._take_up(app, reporter)
                await self._begin(app, reporter)
                await self._show_places(app, reporter)
            except Exception:
                log.exception("the queue of clips stumbled; it goes on in %.0f s", PAUSE)
                asyncio.get_running_loop().call_later(PAUSE, app.clips.wake)
            await app.clips.changed()

    async def _explain_stopped(self, app: App, reporter: ClipReporter) -> None:
        """Tell of the jobs that were cancelled while they waited."""
        for job_id in app.clips.take_stopped():
            async with app.database.reading() as session:
                job = await ClipRepository(session).get(job_id)
            if job is not None:
                await reporter.explain(reported_clip(job), CANCELLED)

    async def _take_up(self, app: App, reporter: ClipReporter) -> None:
        """Let wait again what was at work when the bot ended; of what was being posted, only what never arrived."""
        async with app.database.writing() as session:
            await ClipRepository(session).take_up(app.clips.at_work)
            sending = list(await ClipRepository(session).sending(app.clips.at_work))
        for job in sending:
            await self._settle(app, reporter, job)

    async def _settle(self, app: App, reporter: ClipReporter, job: ClipJob) -> None:
        """See what became of a clip that was being posted: it arrived, or is to be posted once more."""
        answer_id = await reporter.answered(reported_clip(job))
        async with app.database.writing() as session:
            if answer_id is None:
                await ClipRepository(session).move(job, ClipState.WAITING)
            else:
                await ClipRepository(session).move(job, ClipState.DONE, answer_id=answer_id)

    async def _begin(self, app: App, reporter: ClipReporter) -> None:
        while len(app.clips.at_work) < AT_ONCE:
            async with app.database.writing() as session:
                job = await ClipRepository(session).begin_next()
            if job is None:
                return
            task = asyncio.create_task(self._keep(app, reporter, job))
            app.clips.add(job.id, task)
            task.add_done_callback(lambda task, job_id=job.id: self._ended(app, task, job_id))

    def _ended(self, app: App, task: asyncio.Task[None], job_id: int) -> None:
        self._shown.pop(job_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("clip %s was left as it is", job_id, exc_info=error)
        app.clips.wake()

    async def _show_places(self, app: App, reporter: ClipReporter) -> None:
        async with app.database.reading() as session:
            waiting = await ClipRepository(session).waiting()
        before, self._places = self._places, {}
        due: list[ClipProgress] = []
        for place, job in enumerate(waiting, start=1):
            if before.get(job.id) != place and (rest := self._rest(job.id)) > 0:
                asyncio.get_running_loop().call_later(rest, app.clips.wake)
                continue
            self._places[job.id] = place
            if before.get(job.id) != place:
                due.append(ClipProgress(reported_clip(job), job.title, Stage.WAITING, place=place))
        await asyncio.gather(*(self._show(reporter, progress) for progress in due))

    async def _show(self, reporter: ClipReporter, progress: ClipProgress) -> None:
        self._shown[progress.clip.job_id] = time.monotonic()
        await reporter.show(progress)

    def _rest(self, job_id: int) -> float:
        """Seconds until a job's card may be edited again."""
        return self._shown.get(job_id, -BETWEEN) + BETWEEN - time.monotonic()

    async def _keep(self, app: App, reporter: ClipReporter, job: ClipJob) -> None:
        """See one promise through to a clip, or to the sentence why there is none."""
        try:
            await self._attempt(app, reporter, job)
            # While a clip is posted, the deletion of what it shows ends nothing.
            if request.is_deleted(app, job):
                await request.forget_videos(app, [job])
        except asyncio.CancelledError:
            async with app.database.writing() as session:
                now = await ClipRepository(session).get(job.id)
                if now is not None and now.state is ClipState.WORKING:
                    await ClipRepository(session).put_back(job)
            if now is None or now.state is not ClipState.CANCELLED:
                raise
            if now.question_id is not None:
                await identify.hide(app, now.question_id)
            await reporter.explain(reported_clip(job), CANCELLED)

    async def _attempt(self, app: App, reporter: ClipReporter, job: ClipJob) -> None:
        """Make the clip and post it. A passing trouble is waited out, any other is told."""
        try:
            if job.attempt > MOST_ATTEMPTS:
                raise PersonError(GIVEN_UP)
            if request.is_deleted(app, job):
                raise DeletedError
            await self._make_and_send(app, reporter, job)
            return
        except Exception as error:  # noqa: BLE001  # whatever goes wrong with one clip is its own, and told
            failure = error
        # Not inside the handler: a cancel that comes during the pause is one like any other.
        if isinstance(failure, PASSING) and job.attempt < MOST_ATTEMPTS:
            await self._wait_out(app, reporter, job, failure)
        else:
            await self._give_up(app, reporter, job, failure)

    async def _wait_out(self, app: App, reporter: ClipReporter, job: ClipJob, failure: Exception) -> None:
        """Pause, and leave the job to the next attempt: what is still WORKING then waits again, as nobody is at work on it."""
        log.warning("clip %s is tried again in %.0f s: %s", job.id, PAUSE, failure)
        if self._rest(job.id) <= 0:  # what failed at once was never shown, and so could not be cancelled
            await self._show(reporter, ClipProgress(reported_clip(job), job.title, Stage.WAITING))
        await asyncio.sleep(PAUSE)
        async with app.database.reading() as session:
            now = await ClipRepository(session).get(job.id)
        if now is not None and now.state is ClipState.SENDING:
            await self._settle(app, reporter, now)

    async def _give_up(self, app: App, reporter: ClipReporter, job: ClipJob, failure: Exception) -> None:
        """Write that there will be no clip, and tell why."""
        message = message_for(failure)
        async with app.database.writing() as session:
            if job.answer_id is None:
                moved = await ClipRepository(session).move(job, ClipState.FAILED)
            else:  # the clip from before is there, and can be drawn again
                moved = await ClipRepository(session).move(job, ClipState.DONE, drawn_changes=NEVER)
        if moved is not None:
            if moved.state is ClipState.FAILED and moved.question_id is not None:
                await identify.hide(app, moved.question_id)
            await reporter.explain(reported_clip(job), message)

    async def _make_and_send(self, app: App, reporter: ClipReporter, job: ClipJob) -> None:
        async with self._telling(reporter, job) as on_progress:
            on_progress(Stage.WAITING)
            video = await attempt.cached_video(app, app.videos, job, on_progress)
            on_progress(Stage.WAITING)
            async with app.database.writing() as session:
                told = await ClipRepository(session).move(job, ClipState.WORKING, title=video.title[:LONGEST_TITLE])
            if told is None:
                return
        try:
            sent = await self._made_and_sent(app, reporter, told, video)
        except UploadRefusedError as refused:
            async with app.database.writing() as session:
                smaller = await ClipRepository(session).move(told, ClipState.WORKING, most_bytes=refused.most_bytes)
            if smaller is None:
                return
            try:
                sent = await self._made_and_sent(app, reporter, smaller, video)
            except UploadRefusedError:
                raise PersonError(TOO_LARGE) from None
        if sent is not None:
            async with app.database.writing() as session:
                await ClipRepository(session).move(job, ClipState.DONE, answer_id=sent)
            answer = Places(messages=frozenset({sent}))
            if app.deletions.any_of(answer):
                await deletions.forget(app, answer)

    async def _made_and_sent(self, app: App, reporter: ClipReporter, job: ClipJob, video: CachedVideo) -> int | None:
        """The id of the message with the clip; None where the job isn't ours any more. Raises UploadRefusedError."""
        async with self._telling(reporter, job) as on_progress:
            on_progress(Stage.WAITING)
            async with self._all_workers:
                began = time.monotonic()
                made = await attempt.make(app, job, video, on_progress)
                app.clips.took(time.monotonic() - began)
            # Written before it is posted: who comes after a bot that ended looks whether it was.
            async with app.database.writing() as session:
                sending = await ClipRepository(session).move(job, ClipState.SENDING, drawn_changes=made.changes)
            if sending is None:
                return None
        finished = await attempt.finished(app, sending)
        if finished is None:
            raise PersonError(FORGOTTEN)
        if self._rest(job.id) <= 0:
            await self._show(reporter, ClipProgress(reported_clip(sending), sending.title, Stage.UPLOAD))
        return await reporter.answer(reported_clip(sending), finished, made.attachments)

    @asynccontextmanager
    async def _telling(self, reporter: ClipReporter, job: ClipJob) -> AsyncGenerator[ClipProgressCallback]:
        """While this lasts, what is heard of the work is shown on its card, every few seconds."""
        progress = _Progress()

        async def tell() -> None:
            told = None
            while True:
                await asyncio.sleep(max(self._rest(job.id), 0.2))
                if (now := progress.now) is not None and now is not told:
                    told = now
                    try:
                        await self._show(reporter, progress.snapshot(reported_clip(job), job.title))
                    except Exception:
                        log.exception("how far clip %s is could not be shown", job.id)

        telling = asyncio.create_task(tell())
        try:
            yield progress.on_progress
        finally:
            telling.cancel()
            # An edit that is on its way must not arrive after the answer.
            await asyncio.wait([telling])


@dataclass(frozen=True, slots=True)
class _Heard:
    stage: Stage
    share: float | None
    seen: tuple[str, ...]


class _Progress:
    """What was heard last of some work, and for how long its stage has lasted."""

    def __init__(self) -> None:
        self.now: _Heard | None = None
        self._began = 0.0

    def on_progress(self, stage: Stage, share: float | None = None, seen: tuple[str, ...] = ()) -> None:
        before = self.now
        if before is None or before.stage is not stage:
            self._began = time.monotonic()
        self.now = _Heard(stage, share, seen or (before.seen if before else ()))

    def snapshot(self, clip: ReportedClip, title: str) -> ClipProgress:
        assert self.now is not None
        return ClipProgress(clip, title, self.now.stage, self.now.share, self._left(), seen=self.now.seen)

    def _left(self) -> float | None:
        """Seconds at the stage's own pace; what is looked at is drawn afterwards."""
        assert self.now is not None
        share = self.now.share
        if not share or self.now.stage is Stage.DOWNLOAD:
            return None
        whole = (time.monotonic() - self._began) / share
        left = whole * (1 - share)
        return left + whole * DRAW_BESIDE_LOOK if self.now.stage is Stage.LOOK else left


def reported_clip(job: ClipJob) -> ReportedClip:
    """A job as its reporter needs it."""
    return ReportedClip(
        job_id=job.id,
        asker_id=job.asker_id,
        server_id=job.server_id,
        question_message_id=job.question_message_id or job.source_message_id,
        answer_id=job.answer_id,
        target=ReplyTarget(job.channel_id, job.most_bytes, job.card_id, job.token, job.token_until),
    )
