"""A queue of clips for tests: a reporter that records, work that makes empty clips, and steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.app import App
from bot.database.clips import ClipRepository
from bot.database.tables.clips import ClipJob
from bot.database.tables.questions import Question
from bot.domain.answers import Answer
from bot.domain.clip_requests import ClipRequest, PostedVideo, ReplyTarget
from bot.domain.clips import ClipAttachments, ClipProgress, ClipStage, FinishedClip, ReportedClip, UploadRefusedError
from bot.domain.enums import ClipState
from bot.domain.messages import Message
from bot.infra.clip_files import CachedVideo
from bot.usecases import upload_limits
from bot.usecases.clips import request, room
from bot.usecases.clips.attempt import DrawnClip
from bot.usecases.clips.options import ClipProgressCallback
from bot.usecases.questions.identify import IdentifyRequest
from tests.conftest import LONG_ENOUGH

SERVER, CHANNEL = 7, 70
TARGET = ReplyTarget(CHANNEL, upload_limits.USUAL)


@dataclass
class RecordingReporter:
    """A reporter that records its calls. `refuses`: the number of uploads to refuse. `holds`: the event that an answer awaits.

    `breaks`: the error of an answer whose clip arrived. `search_error`: the error of a search for an answer or a card. `cards`:
    the cards on Discord, by message with a question.
    """

    shown: list[ClipProgress] = field(default_factory=list[ClipProgress])
    answers: list[ReportedClip] = field(default_factory=list[ReportedClip])
    explained: dict[int, str] = field(default_factory=dict[int, str])
    refuses: int = 0
    posted: dict[int, int] = field(default_factory=dict[int, int])
    holds: asyncio.Event | None = None
    breaks: Exception | None = None
    search_error: Exception | None = None
    cards: dict[int, int] = field(default_factory=dict[int, int])

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
        if self.search_error is not None:
            raise self.search_error
        return self.cards.get(clip.question_message_id or 0)

    async def explain(self, clip: ReportedClip, message: Message) -> None:
        self.explained[clip.job_id] = str(message)


@dataclass
class FakeClipWork:
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


async def request_clip(app: App, asker: int, name: str = "a", *, message: int | None = None) -> int:
    """A clip of a posted file with these bytes; the job's id."""
    asked = IdentifyRequest(asker, SERVER, CHANNEL, source_message_id=message, rosters=(SERVER,))
    async with room.incoming(app, SERVER, len(name)) as folder:
        path = folder.path / "file"
        path.write_bytes(name.encode())
        return await request.request_clip(
            app, asked, ClipRequest(PostedVideo(f"{name}.mp4", path)), replace(TARGET, card_id=asker * 10)
        )


async def request_clip_by_message(app: App, message: int) -> int:
    """A clip that a message asks for, which has no card yet; the job's id."""
    asked = IdentifyRequest(1, SERVER, CHANNEL, question_message_id=message, rosters=(SERVER,))
    async with room.incoming(app, SERVER, 1) as folder:
        path = folder.path / "file"
        path.write_bytes(b"a")
        return await request.request_clip(app, asked, ClipRequest(PostedVideo("a.mp4", path)), TARGET)


async def until(true: Callable[[], Awaitable[bool] | bool]) -> None:
    async with asyncio.timeout(LONG_ENOUGH):
        while not (await now if isinstance(now := true(), Awaitable) else now):
            await asyncio.sleep(0.02)


async def state_of(app: App, job_id: int) -> ClipState:
    async with app.database.reading() as session:
        job = await ClipRepository(session).get(job_id)
        assert job is not None
        return job.state


async def until_state(app: App, job_id: int, wanted: ClipState) -> None:
    async def is_so() -> bool:
        return await state_of(app, job_id) is wanted

    await until(is_so)


async def check_hidden(app: App, job_id: int) -> None:
    """The faces of this clip are in no review."""
    async with app.database.reading() as session:
        job = await session.get_one(ClipJob, job_id)
        assert (await session.get_one(Question, job.question_id)).hidden_at is not None
