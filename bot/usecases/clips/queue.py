"""The queue of clips: a few in work, the others in order, all of them in the database."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, assert_never

from bot.database.clips import ClipRepository
from bot.domain.clips import ClipStage
from bot.domain.deletions import MessageScope
from bot.domain.enums import ClipState
from bot.domain.messages import Code, Message
from bot.usecases.clips import request
from bot.usecases.clips.outcome import (
    ClipCancelled,
    ClipDelayed,
    ClipFailed,
    ClipSent,
    ClipSuperseded,
    ClipTooLarge,
    Outcome,
)
from bot.usecases.clips.progress import ProgressCards, reported_clip
from bot.usecases.clips.runner import AttemptRunner
from bot.usecases.questions import crops, identify

if TYPE_CHECKING:
    from bot.app import App
    from bot.database.tables.clips import ClipJob
    from bot.domain.clips import ClipReporter

log = logging.getLogger(__name__)

AT_ONCE = 3
"""Clips in work at a time. The workers track faces for one, or draw it; the others are downloaded or posted meanwhile."""

PAUSE = 10.0
"""Seconds before the next attempt after a passing error."""

SHOW_SECONDS = 2.0
"""Seconds in which the cards of stopped clips are shown."""

NEVER = -1
"""`drawn_changes` of a clip whose redrawing failed."""

CANCELLED = Message("Cancelled.")
TOO_LARGE = Message(
    "Discord takes no file as large as this clip. Ask for a shorter part of it with {start} and {length}.",
    start=Code("start:"),
    length=Code("length:"),
)


class ClipQueue:
    """Works through the jobs in the database, and reports them.

    Every clip in work is a task, which writes the outcome to the database before it reports it. Jobs that a stopped bot leaves
    behind go on at its next start.
    """

    def __init__(self, app: App, reporter: ClipReporter) -> None:
        self._app = app
        self._reporter = reporter
        self._cards = ProgressCards(reporter)
        self._runner = AttemptRunner(app, reporter, self._cards)
        self._places: dict[int, int] = {}

    async def start(self) -> None:
        """Start to work on the jobs, those from before the start included."""
        await self._app.clips.serve(self._run())

    async def close(self) -> None:
        """Stop the work on all jobs; the next start goes on with it, as their cards say."""
        await self._app.clips.close()
        async with self._app.database.reading() as session:
            waiting = await ClipRepository(session).waiting()
        # The cards of the others show their places in the queue.
        stopped = [job for job in waiting if job.id not in self._places]
        shown = [asyncio.create_task(self._cards.show(job, ClipStage.STOPPED)) for job in stopped]
        if shown:
            await asyncio.wait(shown, timeout=SHOW_SECONDS)

    async def _run(self) -> None:
        while True:
            try:
                await self._explain_stopped()
                await self._requeue()
                await self._begin()
                await self._show_places()
            except Exception:
                log.exception("the queue of clips stumbled; it goes on in %.0f s", PAUSE)
                asyncio.get_running_loop().call_later(PAUSE, self._app.clips.wake)
            await self._app.clips.changed()

    async def _explain_stopped(self) -> None:
        """Report the jobs that were cancelled while they waited."""
        for job_id in self._app.clips.take_stopped():
            if (job := await self._get(job_id)) is not None:
                await self._reporter.explain(reported_clip(job), CANCELLED)

    async def _requeue(self) -> None:
        """Put jobs back in the queue whose task is gone. A clip that was being posted is posted again if it didn't arrive."""
        async with self._app.database.writing() as session:
            await ClipRepository(session).requeue_abandoned(self._app.clips.at_work)
            sending = list(await ClipRepository(session).sending(self._app.clips.at_work))
        for job in sending:
            await self._settle(job)

    async def _settle(self, job: ClipJob) -> None:
        """Finish a job whose clip has arrived; put another one back in the queue."""
        answer_id = await self._reporter.answered(reported_clip(job))
        async with self._app.database.writing() as session:
            if answer_id is None:
                await ClipRepository(session).move(job, ClipState.WAITING)
            else:
                await ClipRepository(session).move(job, ClipState.DONE, answer_id=answer_id)

    async def _begin(self) -> None:
        while len(self._app.clips.at_work) < AT_ONCE:
            async with self._app.database.writing() as session:
                job = await ClipRepository(session).begin_next()
            if job is None:
                return
            work = asyncio.create_task(self._attempt(job))
            task = asyncio.create_task(self._finish(job, work))
            self._app.clips.add(job.id, task, work)
            task.add_done_callback(lambda task, job_id=job.id: self._ended(task, job_id))

    def _ended(self, task: asyncio.Task[None], job_id: int) -> None:
        self._cards.forget(job_id)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("clip %s was left as it is", job_id, exc_info=error)
        self._app.clips.wake()

    async def _show_places(self) -> None:
        """Show the places in the queue that have changed."""
        async with self._app.database.reading() as session:
            waiting = await ClipRepository(session).waiting()
        before, self._places = self._places, {}
        due: list[tuple[int, ClipJob]] = []
        for place, job in enumerate(waiting, start=1):
            if before.get(job.id) != place and (pause := self._cards.pause_left(job.id)) > 0:
                asyncio.get_running_loop().call_later(pause, self._app.clips.wake)
                continue
            self._places[job.id] = place
            if before.get(job.id) != place:
                due.append((place, job))
        await asyncio.gather(*(self._cards.show(job, ClipStage.WAITING, place=place) for place, job in due))

    async def _attempt(self, job: ClipJob) -> Outcome:
        """Attempt a clip, with a second, smaller one where Discord refuses its size; pause after a passing error.

        Cancelling the job cancels this task, also in the pause.
        """
        outcome = await self._runner.run(job)
        if isinstance(outcome, ClipTooLarge):
            async with self._app.database.writing() as session:
                smaller = await ClipRepository(session).move(job, ClipState.WORKING, most_bytes=outcome.most_bytes)
            outcome = ClipSuperseded() if smaller is None else await self._runner.run_with(smaller, outcome.video)
        if isinstance(outcome, ClipDelayed):
            log.warning("clip %s is tried again in %.0f s: %s", job.id, PAUSE, outcome.error)
            # A card shows Cancel from here on, even where the first step failed.
            await self._cards.show_if_due(job, ClipStage.WAITING)
            await asyncio.sleep(PAUSE)
        return outcome

    async def _finish(self, job: ClipJob, work: asyncio.Task[Outcome]) -> None:
        """Act on the outcome of a job. If the bot stops, the job waits again as if it had not begun."""
        try:
            await asyncio.wait([work])
            await self._act_on(ClipCancelled() if work.cancelled() else work.result(), job)
            # A deletion while the clip is being posted doesn't cancel the job.
            if request.is_deleted(self._app, job):
                await request.forget_videos(self._app, [job])
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait([work])
            async with self._app.database.writing() as session:
                await ClipRepository(session).requeue_interrupted(job)
            raise

    async def _act_on(self, outcome: Outcome, job: ClipJob) -> None:
        match outcome:
            case ClipSent(answer_id):
                await self._write_sent(job, answer_id)
            case ClipCancelled() | ClipSuperseded():
                await self._report_cancelled(job)
            case ClipDelayed():
                # `_requeue` puts a job back in the queue that is still WORKING.
                now = await self._get(job.id)
                if now is not None and now.state is ClipState.SENDING:
                    await self._settle(now)
                else:
                    await self._report_cancelled(job)
            case ClipTooLarge():
                await self._fail(job, TOO_LARGE)
            case ClipFailed(message):
                await self._fail(job, message)
            case _:
                assert_never(outcome)

    async def _write_sent(self, job: ClipJob, answer_id: int) -> None:
        async with self._app.database.writing() as session:
            await ClipRepository(session).move(job, ClipState.DONE, answer_id=answer_id)
        answer = MessageScope(messages=frozenset({answer_id}))
        if self._app.deletions.any_of(answer):
            await crops.forget_deleted(self._app, answer)
            await request.forget_deleted(self._app, answer)

    async def _report_cancelled(self, job: ClipJob) -> None:
        """Report a job that is cancelled in the database. A cancelled redrawing isn't: its earlier clip stays."""
        now = await self._get(job.id)
        if now is None or now.state is not ClipState.CANCELLED:
            return
        if now.question_id is not None:
            await identify.hide(self._app, now.question_id)
        await self._reporter.explain(reported_clip(job), CANCELLED)

    async def _fail(self, job: ClipJob, message: Message) -> None:
        """Fail a job, and report the reason."""
        async with self._app.database.writing() as session:
            if job.answer_id is None:
                moved = await ClipRepository(session).move(job, ClipState.FAILED)
            else:  # the earlier clip stays, and can be drawn again
                moved = await ClipRepository(session).move(job, ClipState.DONE, drawn_changes=NEVER)
        if moved is None:
            await self._report_cancelled(job)
            return
        if moved.state is ClipState.FAILED and moved.question_id is not None:
            await identify.hide(self._app, moved.question_id)
        await self._reporter.explain(reported_clip(job), message)

    async def _get(self, job_id: int) -> ClipJob | None:
        async with self._app.database.reading() as session:
            return await ClipRepository(session).get(job_id)
