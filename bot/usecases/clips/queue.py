"""The queue of clips: a few in work, the others in order, all of them in the database."""

from __future__ import annotations

import asyncio
import logging
import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from bot.clock import utc_now
from bot.database.clips import ClipRepository
from bot.database.tables.clips import LONGEST_REST
from bot.domain.clips import ClipStage
from bot.domain.deletions import MessageScope
from bot.domain.enums import ClipState
from bot.domain.messages import Code, Message
from bot.domain.storage import StorageReason
from bot.errors import StorageError, log_failure
from bot.infra.request_context import Asker, Urgency, set_request_context
from bot.usecases.clips import request, room
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
from bot.usecases.questions import cards, crops

if TYPE_CHECKING:
    from bot.app import App
    from bot.database.tables.clips import ClipJob
    from bot.domain.clips import ClipReporter

log = logging.getLogger(__name__)

AT_ONCE = 3
"""Clips in work at a time. The workers track faces for one, or draw it; the others are downloaded or posted meanwhile."""

PAUSE = 10.0
"""Seconds before the next attempt after a passing error. Each further error doubles them."""

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
        self._told_of_stop: set[int] = set()

    async def start(self) -> None:
        """Start to work on the jobs, those from before the start included."""
        await self._app.clips.serve(self._run())

    async def close(self) -> None:
        """Stop the work on all jobs; the next start goes on with it, as their cards say.

        Another call does so for the jobs that were requested since.
        """
        await self._app.clips.close()
        await self._report_cancelled()
        async with self._app.database.reading() as session:
            waiting = await ClipRepository(session).waiting()
        # The cards of the others show their places in the queue.
        told = self._told_of_stop.union(self._places)
        stopped = [job for job in waiting if job.id not in told and job.card_id is not None]
        self._told_of_stop.update(job.id for job in stopped)
        shown = [asyncio.create_task(self._cards.show(job, ClipStage.STOPPED)) for job in stopped]
        if shown:
            await asyncio.wait(shown, timeout=SHOW_SECONDS)

    async def _run(self) -> None:
        began = False
        while True:
            now = utc_now()
            try:
                await self._find_cards(None if not began else now)
                began = True
                await self._report_cancelled()
                await self._requeue(now)
                await self._begin(now)
                pause = min(await self._show_places(now), await self._until_resumption(now))
            except Exception as error:  # noqa: BLE001  # the queue goes on
                log_failure("the queue of clips stumbled; it goes on in %.0f s", PAUSE, error=error, logger=log)
                pause = PAUSE
            await self._app.clips.wait_for_change(pause)

    async def _find_cards(self, now: datetime | None) -> None:
        """Give jobs by message the cards that nobody attached: the bot was killed, or it never heard that Discord took them.

        `now`: only jobs whose rest is over. A job rests while its card can't be looked for, so that it gets no second one.
        """
        async with self._app.database.reading() as session:
            cardless = await ClipRepository(session).cardless()
        for job in cardless:
            if now is not None and not job.is_due(now):
                continue
            try:
                card_id = await self._reporter.posted_card(reported_clip(job))
            except Exception as error:  # noqa: BLE001  # one card holds up no other clip
                await self._rest(job, error)
            else:
                await request.attach_card(self._app, job.id, card_id)

    async def _report_cancelled(self) -> None:
        """Report the jobs that were cancelled since the last call. A cancelled redrawing isn't: its earlier clip stays."""
        for job_id in self._app.clips.pop_cancelled():
            async with self._app.database.reading() as session:
                job = await ClipRepository(session).get(job_id)
            if job is not None and job.state is ClipState.CANCELLED:
                await self._explain(job, CANCELLED)

    async def _requeue(self, now: datetime) -> None:
        """Put jobs back in the queue whose task is gone. A clip that was being posted is posted again if it didn't arrive."""
        async with self._app.database.writing() as session:
            await ClipRepository(session).requeue_abandoned(self._app.clips.at_work)
            sending = list(await ClipRepository(session).sending(self._app.clips.at_work, now))
        for job in sending:
            await self._settle(job)

    async def _settle(self, job: ClipJob) -> None:
        """Finish a job whose clip has arrived; put another one back in the queue. While nobody can tell, it rests."""
        try:
            answer_id = await self._reporter.answered(reported_clip(job))
        except ConnectionError as error:
            await self._rest(job, error)
            return
        if answer_id is not None:
            await self._write_sent(job, answer_id)
            return
        async with self._app.database.writing() as session:
            await ClipRepository(session).set_state(job, ClipState.WAITING)

    async def _begin(self, now: datetime) -> None:
        while len(self._app.clips.at_work) < AT_ONCE:
            async with self._app.database.writing() as session:
                job = await ClipRepository(session).begin_next(now, self._app.clips.at_work)
            if job is None:
                return
            cancelled = asyncio.Event()
            task = asyncio.create_task(self._attempt(job, cancelled))
            self._app.clips.add(job.id, task, cancelled)
            task.add_done_callback(lambda task, job_id=job.id: self._ended(task, job_id))

    def _ended(self, task: asyncio.Task[None], job_id: int) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log_failure("clip %s was left as it is", job_id, error=error, logger=log)
        self._app.clips.wake()

    async def _show_places(self, now: datetime) -> float:
        """Show the places in the queue that have changed. Returns the seconds until the next card may be edited."""
        async with self._app.database.reading() as session:
            waiting = await ClipRepository(session).waiting()
        before, self._places = self._places, {}
        due: list[tuple[int, ClipJob]] = []
        next_edit = math.inf
        for place, job in enumerate((job for job in waiting if job.is_due(now)), start=1):
            if before.get(job.id) != place and (pause := self._cards.pause_left(job.id)) > 0:
                next_edit = min(next_edit, pause)
                continue
            self._places[job.id] = place
            if before.get(job.id) != place:
                due.append((place, job))
        await asyncio.gather(*(self._cards.show(job, ClipStage.WAITING, place=place) for place, job in due))
        return next_edit

    async def _until_resumption(self, now: datetime) -> float:
        """The seconds until the next resting job resumes."""
        async with self._app.database.reading() as session:
            then = await ClipRepository(session).next_resumption(now)
        return math.inf if then is None else max(0.0, (then - utc_now()).total_seconds())

    async def _attempt(self, job: ClipJob, cancelled: asyncio.Event) -> None:
        """Attempt a clip and act on the outcome. If the bot stops, the job waits again as if it had not begun."""
        set_request_context(Asker(job.asker_id, job.server_id, Urgency.BULK))
        try:
            await self._act_on(await self._runner.run(job, cancelled), job)
        except asyncio.CancelledError:
            async with self._app.database.writing() as session:
                await ClipRepository(session).requeue_interrupted(job)
            raise

    async def _act_on(self, outcome: Outcome, job: ClipJob) -> None:
        match outcome:
            case ClipSent(answer_id):
                await self._write_sent(job, answer_id)
            case ClipCancelled() | ClipSuperseded():
                # The database has the state of the job already; `_report_cancelled` reads it.
                pass
            case ClipDelayed(error):
                await self._delay(job, error)
            case ClipTooLarge(max_bytes) if not job.size_refused:
                async with self._app.database.writing() as session:
                    await ClipRepository(session).requeue_smaller(job, max_bytes)
            case ClipTooLarge():
                await self._fail(job, TOO_LARGE)
            case ClipFailed(message):
                await self._fail(job, message)
            case _:
                assert_never(outcome)

    async def _delay(self, job: ClipJob, error: Exception) -> None:
        """Let a job rest after a passing error. Its card shows Cancel, even where the first step failed."""
        if isinstance(error, StorageError) and error.reason is StorageReason.FULL:
            await room.make_room(self._app)
        await self._cards.show(job, ClipStage.DELAYED)
        await self._rest(job, error)

    async def _rest(self, job: ClipJob, error: Exception) -> None:
        """Let a job rest, the longer the more often it has rested."""
        pause = min(timedelta(seconds=PAUSE * 2**job.delays), LONGEST_REST)
        log.warning("clip %s is tried again in %.0f s: %s", job.id, pause.total_seconds(), error)
        async with self._app.database.writing() as session:
            await ClipRepository(session).delay(job, utc_now() + pause)

    async def _write_sent(self, job: ClipJob, answer_id: int) -> None:
        async with self._app.database.writing() as session:
            await ClipRepository(session).set_state(job, ClipState.DONE, answer_id=answer_id)
        answer = MessageScope(messages=frozenset({answer_id}))
        if self._app.deletions.contains_any(answer):
            await crops.forget_deleted(self._app, answer)
            await request.forget_deleted(self._app, answer)
        await self._forget_if_deleted(job)

    async def _fail(self, job: ClipJob, message: Message) -> None:
        """Fail a job, and report the reason."""
        async with self._app.database.writing() as session:
            if job.answer_id is None:
                moved = await ClipRepository(session).set_state(job, ClipState.FAILED)
            else:  # the earlier clip stays, and can be drawn again
                moved = await ClipRepository(session).set_state(job, ClipState.DONE, drawn_changes=NEVER)
        if moved is not None:
            await self._explain(moved, message)

    async def _explain(self, job: ClipJob, message: Message) -> None:
        """Explain why there is no clip, and withdraw its faces from the review. An earlier clip keeps its faces."""
        if job.answer_id is None and job.question_id is not None:
            await cards.hide(self._app, job.question_id)
        await self._reporter.explain(reported_clip(job), message)
        await self._forget_if_deleted(job)

    async def _forget_if_deleted(self, job: ClipJob) -> None:
        """Forget the video of a finished job if its message was deleted while the clip was posted."""
        if request.is_deleted(self._app, job):
            await request.forget_videos(self._app, [job])
