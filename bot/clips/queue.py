"""The queue of promised clips: a few at work, the others in their order, all of them in the database."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.clips import making
from bot.clips.standing import ClipState, Promise, Stage, Standing, UploadRefusedError
from bot.database.clips import Clips
from bot.errors import PersonError, sentence_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.app import App
    from bot.clips.flow import Heard
    from bot.clips.kept import Kept, KeptVideo
    from bot.clips.standing import Desk, Drawing
    from bot.database.tables import ClipJob

log = logging.getLogger(__name__)

AT_ONCE = 3
"""Clips that are at work at a time: one is looked at or drawn by all workers, while others are downloaded and posted."""

BETWEEN = 3.0
"""Seconds between two edits of a progress card."""

MOST_ATTEMPTS = 3
"""So often a clip is begun anew after the bot ended in the midst of it."""

SWEEP = 3600.0
"""Seconds after which it is looked again which videos have been kept for too long."""

USUAL = 120.0
"""Seconds that a clip takes, until it was seen what they take here."""

DRAW_BESIDE_LOOK = 0.8
"""How long drawing takes for each second of looking."""

NEVER = -1
"""The changes that a clip has been drawn with, where it could not be drawn again."""

CANCELLED = "Cancelled."
FORGOTTEN = "What I saw in that video was forgotten meanwhile."
GIVEN_UP = "I broke down over this clip again and again, so I gave up. Another copy of the video may work."
TOO_LARGE = "Discord takes no file as large as this clip. Ask for a shorter part of it with `start:` and `length:`."


class ClipQueue:
    """Keeps the promises, once `serve` gave it a desk.

    Every clip at work is a task; what became of it is written before anybody is told. A bot that ends leaves its clips as they
    are, and takes them up when it serves again.
    """

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self._desk: Desk | None = None
        self._work: dict[int, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._all_workers = asyncio.Lock()
        self._places: dict[int, int] = {}
        self._shown: dict[int, float] = {}
        self._usual = USUAL

    async def serve(self, app: App, desk: Desk) -> None:
        """Begin to keep the promises, those from before too."""
        await self.close()
        self._desk = desk
        # Belongs to nobody's question: a context would make its asker wait, in a simulated Discord, for all later clips.
        self._runner = Context().run(asyncio.create_task, self._run(app, desk))

    async def close(self) -> None:
        """Stop; what is at work is taken up by the next `serve`."""
        running = [task for task in (self._runner, *self._work.values()) if task is not None]
        self._runner = None
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._work.clear()

    def wake(self) -> None:
        """Something was promised, or cancelled."""
        self._changed.set()

    async def stop(self, job: ClipJob) -> None:
        """End the work on a job, which is cancelled in the database already, and say so."""
        self.wake()
        if (task := self._work.get(job.id)) is not None:
            task.cancel()
        elif self._desk is not None:
            await self._desk.explain(promise_of(job), CANCELLED)

    @property
    def at_work(self) -> frozenset[int]:
        """The jobs that are at work now."""
        return frozenset(self._work)

    def seconds_until(self, place: int) -> float:
        """About how long until the clip at this place in the queue is done."""
        return (place + len(self._work)) * self._usual

    async def _run(self, app: App, desk: Desk) -> None:
        await self._take_up(app, desk)
        swept = -SWEEP
        while True:
            self._changed.clear()
            try:
                if time.monotonic() - swept > SWEEP:
                    await self._sweep(app)
                    swept = time.monotonic()
                await self._begin(app, desk)
                await self._show_places(app, desk)
            except Exception:
                log.exception("the queue of clips stumbled; it goes on")
            with suppress(TimeoutError):
                # Not wait_for: until Python 3.12 it swallows a cancellation that comes together with the event.
                async with asyncio.timeout(SWEEP):
                    await self._changed.wait()

    async def _take_up(self, app: App, desk: Desk) -> None:
        """Let wait again what was at work; of what was being posted, only what never arrived."""
        async with app.database.writing() as session:
            await Clips(session).take_up()
            sending = list(await Clips(session).sending())
        for job in sending:
            answer_id = await desk.answered(promise_of(job))
            async with app.database.writing() as session:
                if answer_id is None:
                    await Clips(session).move(job, ClipState.WAITING)
                else:
                    await Clips(session).move(job, ClipState.DONE, answer_id=answer_id)

    async def _sweep(self, app: App) -> None:
        async with app.database.reading() as session:
            held = await Clips(session).videos_in_use()
        await asyncio.to_thread(self.kept.sweep, held)

    async def _begin(self, app: App, desk: Desk) -> None:
        while len(self._work) < AT_ONCE:
            async with app.database.writing() as session:
                job = await Clips(session).begin_next()
            if job is None:
                return
            self._places.pop(job.id, None)
            task = self._work[job.id] = asyncio.create_task(self._keep(app, desk, job))
            task.add_done_callback(lambda _, job_id=job.id: self._ended(job_id))

    def _ended(self, job_id: int) -> None:
        self._work.pop(job_id, None)
        self._shown.pop(job_id, None)
        self.wake()

    async def _show_places(self, app: App, desk: Desk) -> None:
        async with app.database.reading() as session:
            waiting = await Clips(session).waiting()
        for place, job in enumerate(waiting, start=1):
            if self._places.get(job.id) == place:
                continue
            if (wait := self._rest(job.id)) > 0:
                asyncio.get_running_loop().call_later(wait, self.wake)
                continue
            self._places[job.id] = place
            await self._show(desk, Standing(promise_of(job), job.title, Stage.WAITING, place=place))

    async def _show(self, desk: Desk, standing: Standing) -> None:
        self._shown[standing.promise.job_id] = time.monotonic()
        await desk.show(standing)

    def _rest(self, job_id: int) -> float:
        """Seconds until a job's card may be edited again."""
        return self._shown.get(job_id, -BETWEEN) + BETWEEN - time.monotonic()

    async def _keep(self, app: App, desk: Desk, job: ClipJob) -> None:
        """See one promise through to a clip, or to the sentence why there is none."""
        try:
            if job.attempt > MOST_ATTEMPTS:
                raise PersonError(GIVEN_UP)
            await self._make_and_send(app, desk, job)
        except asyncio.CancelledError:
            async with app.database.reading() as session:
                now = await Clips(session).get(job.id)
            if now is not None and now.state is ClipState.CANCELLED:
                await desk.explain(promise_of(now), CANCELLED)
                return
            raise
        except Exception as error:  # noqa: BLE001  # whatever goes wrong with one clip is its own, and told
            sentence = sentence_for(error)
            async with app.database.writing() as session:
                if job.answer_id is None:
                    ours = await Clips(session).move(job, ClipState.FAILED, sentence=sentence)
                else:  # the clip from before is there, and can be drawn again
                    ours = await Clips(session).move(job, ClipState.DONE, drawn_changes=NEVER)
            if ours:
                await desk.explain(await self._promise(app, job), sentence)

    async def _promise(self, app: App, job: ClipJob) -> Promise:
        """As it is now: its card may have been posted since the work began."""
        async with app.database.reading() as session:
            return promise_of(await Clips(session).get(job.id) or job)

    async def _make_and_send(self, app: App, desk: Desk, job: ClipJob) -> None:
        async with self._telling(app, desk, job) as heard:
            heard(Stage.WAITING)
            video = await making.have_video(app, self.kept, job, heard)
            job.video, job.title = video.folder.name, video.title[:300]
            async with app.database.writing() as session:
                await Clips(session).move(job, ClipState.WORKING, video=job.video, title=job.title)
            drawing = await self._made(app, job, video, heard)
        if drawing is None:
            return
        try:
            answer_id = await self._send(app, desk, job, drawing)
        except UploadRefusedError as refused:
            job.most_bytes = refused.most_bytes
            async with self._telling(app, desk, job) as heard:
                drawing = await self._made(app, job, video, heard)
            if drawing is None:
                return
            try:
                answer_id = await self._send(app, desk, job, drawing)
            except UploadRefusedError:
                raise PersonError(TOO_LARGE) from None
        async with app.database.writing() as session:
            await Clips(session).move(job, ClipState.DONE, answer_id=answer_id, most_bytes=job.most_bytes)

    async def _made(self, app: App, job: ClipJob, video: KeptVideo, heard: Heard) -> Drawing | None:
        """The clip, written down as one that is being posted; None where the job isn't ours any more."""
        async with self._all_workers:
            began = time.monotonic()
            made = await making.make(app, job, video, heard)
            self._usual += (time.monotonic() - began - self._usual) / 4
        async with app.database.writing() as session:
            ours = await Clips(session).move(job, ClipState.SENDING, **made.values)
        for name, value in made.values.items():
            setattr(job, name, value)
        return made.drawing if ours else None

    async def _send(self, app: App, desk: Desk, job: ClipJob, drawing: Drawing) -> int:
        async with app.database.reading() as session:
            now = await Clips(session).get(job.id)
        finished = await making.finished(app, now) if now is not None else None
        if now is None or finished is None:
            raise PersonError(FORGOTTEN)
        promise = replace(promise_of(now), most_bytes=job.most_bytes)
        if self._rest(job.id) <= 0:
            await self._show(desk, Standing(promise, job.title, Stage.UPLOAD))
        return await desk.answer(promise, finished, drawing)

    @asynccontextmanager
    async def _telling(self, app: App, desk: Desk, job: ClipJob) -> AsyncGenerator[Heard]:
        """While this lasts, what is heard of the work is shown on its card, every few seconds."""
        progress = _Progress()

        async def tell() -> None:
            told = None
            while True:
                await asyncio.sleep(max(self._rest(job.id), 0.2))
                if (now := progress.now) is not None and now is not told:
                    told = now
                    promise = await self._promise(app, job)
                    await self._show(desk, progress.standing(promise, job.title))

        telling = asyncio.create_task(tell())
        try:
            yield progress.heard
        finally:
            telling.cancel()
            # An edit that is on its way must not arrive after the answer.
            await asyncio.gather(telling, return_exceptions=True)


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

    def heard(self, stage: Stage, share: float | None = None, seen: tuple[str, ...] = ()) -> None:
        before = self.now
        if before is None or before.stage is not stage:
            self._began = time.monotonic()
        self.now = _Heard(stage, share, seen or (before.seen if before else ()))

    def standing(self, promise: Promise, title: str) -> Standing:
        assert self.now is not None
        return Standing(promise, title, self.now.stage, self.now.share, self._left(), seen=self.now.seen)

    def _left(self) -> float | None:
        """Seconds at the stage's own pace; what is looked at is drawn afterwards."""
        assert self.now is not None
        share = self.now.share
        if not share or self.now.stage is Stage.DOWNLOAD:
            return None
        whole = (time.monotonic() - self._began) / share
        left = whole * (1 - share)
        return left + whole * DRAW_BESIDE_LOOK if self.now.stage is Stage.LOOK else left


def promise_of(job: ClipJob) -> Promise:
    """What the desk needs of a job."""
    return Promise(
        job_id=job.id,
        asker_id=job.asker_id,
        server_id=job.server_id,
        channel_id=job.channel_id,
        card_id=job.card_id,
        source_message_id=job.source_message_id,
        token=job.token,
        token_until=job.token_until,
        answer_id=job.answer_id,
        most_bytes=job.most_bytes,
    )
