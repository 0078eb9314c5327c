"""One attempt at a clip, from its video to the message with the clip, and the attempt's outcome."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import aiohttp

from bot.database.clips import ClipRepository
from bot.domain.clips import ClipStage, UploadRefusedError
from bot.domain.enums import ClipState
from bot.domain.messages import Message
from bot.errors import MessageDeletedError, NoWorkersError, PersonError, QuotaError, StorageError, message_for
from bot.infra.clip_room import ClipRoomError
from bot.usecases.clips import attempt, request, room
from bot.usecases.clips.attempt import SupersededError
from bot.usecases.clips.outcome import ClipCancelled, ClipDelayed, ClipFailed, ClipSent, ClipSuperseded, ClipTooLarge
from bot.usecases.clips.progress import reported_clip

if TYPE_CHECKING:
    from typing import Any

    from bot.app import App
    from bot.database.tables.clips import ClipJob
    from bot.domain.clips import ClipReporter
    from bot.infra.clip_files import CachedVideo
    from bot.usecases.clips.outcome import Outcome
    from bot.usecases.clips.progress import ProgressCards

MAX_ATTEMPTS = 3
"""Attempts at a clip that end with the bot, after which the clip is taken for the cause."""

MAX_DELAYS = 12
"""Passing errors that a clip waits out: some 40 minutes of them."""

PASSING = (
    NoWorkersError,
    StorageError,
    ClipRoomError,
    QuotaError,
    aiohttp.ClientError,
    TimeoutError,
    ConnectionError,
)
"""Errors that pass by themselves, or once the operator has acted."""

FORGOTTEN = Message("What I saw in that video was forgotten meanwhile.")
GIVEN_UP = Message("I broke down over this clip again and again, so I gave up. Another copy of the video may work.")


class AttemptRunner:
    """Runs attempts. One clip at a time has all workers; others are downloaded and posted meanwhile."""

    def __init__(self, app: App, reporter: ClipReporter, cards: ProgressCards) -> None:
        self._app = app
        self._reporter = reporter
        self._cards = cards
        self._all_workers = asyncio.Lock()

    async def run(self, job: ClipJob, cancelled: asyncio.Event) -> Outcome:
        """Get the video of a job, make its clip and post it, unless `cancelled` is set before the clip is posted.

        The work has ended when this returns.
        """
        work, cancel = asyncio.create_task(self._attempt(job)), asyncio.create_task(cancelled.wait())
        try:
            await asyncio.wait((work, cancel), return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
            cancel.cancel()
            await asyncio.wait((work, cancel))
        return ClipCancelled() if work.cancelled() else work.result()

    async def _attempt(self, job: ClipJob) -> Outcome:
        try:
            with self._app.videos.reporting_faults():
                return ClipSent(await self._make_and_send(*await self._with_video(job)))
        except Exception as error:  # noqa: BLE001  # no error of one clip ends the queue
            return _outcome_of(error, job)

    async def _with_video(self, job: ClipJob) -> tuple[ClipJob, CachedVideo]:
        """The job, with the title of its video, and the video. Raises PersonError and SupersededError."""
        if job.attempt > MAX_ATTEMPTS:
            raise PersonError(GIVEN_UP)
        if request.is_deleted(self._app, job):
            raise MessageDeletedError
        async with self._cards.showing(job) as on_progress:
            on_progress(ClipStage.WAITING)
            video = await attempt.cached_video(self._app, job, on_progress)
            on_progress(ClipStage.WAITING)
            return await self._move(job, ClipState.WORKING, title=video.title), video

    async def _make_and_send(self, job: ClipJob, video: CachedVideo) -> int:
        """The id of the message with the clip. Raises SupersededError and UploadRefusedError."""
        async with self._cards.showing(job) as on_progress:
            on_progress(ClipStage.WAITING)
            async with self._all_workers:
                began = time.monotonic()
                async with room.making(self._app, job, video) as roomy:
                    made = await attempt.make(self._app, job, roomy, on_progress)
                self._app.clips.record_duration(time.monotonic() - began)
            # Written before the clip is posted: after a bot that ended, the next start looks whether it was posted.
            job = await self._move(job, ClipState.SENDING, drawn_changes=made.changes)
        finished = await attempt.finished(self._app, job)
        if finished is None:
            raise PersonError(FORGOTTEN)
        await self._cards.show_if_due(job, ClipStage.UPLOAD)
        return await self._reporter.answer(reported_clip(job), finished, made.attachments)

    async def _move(self, job: ClipJob, state: ClipState, **values: Any) -> ClipJob:
        """The job in its new state. Raises SupersededError where this attempt is no longer the one at work."""
        async with self._app.database.writing() as session:
            moved = await ClipRepository(session).set_state(job, state, **values)
        if moved is None:
            raise SupersededError
        return moved


def _outcome_of(error: Exception, job: ClipJob) -> Outcome:
    if isinstance(error, SupersededError):
        return ClipSuperseded()
    if isinstance(error, UploadRefusedError):
        return ClipTooLarge(error.max_bytes)
    if isinstance(error, PASSING) and job.delays < MAX_DELAYS:
        return ClipDelayed(error)
    return ClipFailed(message_for(error))
