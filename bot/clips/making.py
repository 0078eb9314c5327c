"""One promise: its video fetched, annotated, and written down as a question with a face a person."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot import crops, jobs
from bot.clips.flow import Part, Terms, annotate, draw_again
from bot.clips.kept import key_of
from bot.clips.standing import Drawing, Finished, OnScreen, Stage
from bot.database.base import utc_now
from bot.database.clips import Clips
from bot.database.questions import Questions
from bot.database.reviews import Reviews
from bot.database.servers import Servers
from bot.database.tables import HOUSE, Question
from bot.errors import NoRosterError, PersonError
from bot.jobs import Credit, Identified, SeenFace
from bot.links.fetching import fetch, inspect
from bot.usecases import identify
from bot.usecases.identify import Asked
from bot.words import Meaning, Origin, teaches
from models.faces import Band, Guess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answers import Answer, AnsweredFace
    from bot.app import App
    from bot.clips.flow import Heard
    from bot.clips.kept import Kept, KeptVideo
    from bot.database.tables import ClipJob
    from bot.jobs import Billed
    from bot.recognisers import Fitted
    from bot.words import Learns

OTHER_ENGINE = "I see faces in another way by now. Ask for the clip anew, and correct that."
NO_LONGER_KEPT = "I no longer have that video. Post it again, or ask with its link."


@dataclass(frozen=True, slots=True)
class Made:
    """A clip, and what the job's row says of it."""

    drawing: Drawing
    values: dict[str, Any]


async def have_video(app: App, kept: Kept, job: ClipJob, heard: Heard) -> KeptVideo:
    """The job's video: kept, or fetched from its link now. Raises PersonError."""
    if job.link is not None:
        return await have_linked(app, kept, job.link, _part(app, job), heard)
    found = kept.find(job.video) if job.video is not None else None
    if found is None:
        raise PersonError(NO_LONGER_KEPT)
    return found


async def have_linked(app: App, kept: Kept, link: str, part: Part, heard: Heard) -> KeptVideo:
    """The video of a link: kept, or fetched now, if that part of it may be asked for. Raises PersonError."""
    video = video_of_link(link, app.settings.clip_height)
    if (found := kept.find(video)) is not None:
        return found
    heard(Stage.DOWNLOAD)
    info = await inspect(app.settings, link)
    if info.seconds is not None:
        part.of(info.seconds)
    folder = kept.incoming()
    try:
        fetched = await fetch(app.settings, link, folder, lambda share, _: heard(Stage.DOWNLOAD, share))
        return await asyncio.to_thread(kept.take, fetched.path, video, fetched.title)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def make(app: App, job: ClipJob, video: KeptVideo, heard: Heard) -> Made:
    """The clip that the job promises. Raises PersonError."""
    asked = _asked(job)
    servers = sorted({HOUSE, *asked.rosters})
    try:
        fitted = await app.recognisers.of(servers)
    except NoRosterError:
        raise NoRosterError(private=job.server_id is None) from None
    group, threshold, learns = await identify.naming_of(app, asked, servers)
    terms = Terms(_part(app, job), job.style, group, threshold, job.most_bytes)
    if job.question_id is not None:
        return await _made_again(app, job, video, terms, fitted, heard)
    done = await annotate(app, video, terms, fitted, heard)
    answer = await _keep(app, job, video.title, done.billed, fitted, threshold, learns)
    cast = [[p.number, list(p.tracks), [list(span) for span in p.spans], p.seconds] for p in done.billed.people]
    seconds = done.section.seconds
    chart = await _chart(app, video, seconds, answer, cast)
    values = {"title": video.title[:300], "question_id": answer.id, "cast": cast, "seconds": seconds}
    return Made(Drawing(done.clip, chart), {**values, "drawn_changes": 0})


async def _made_again(app: App, job: ClipJob, video: KeptVideo, terms: Terms, fitted: Fitted, heard: Heard) -> Made:
    """The clip with the names as they are now. Nobody is named anew, so that a correction changes nobody else."""
    assert job.question_id is not None
    async with app.database.reading() as session:
        answer = await Questions(session).answer(job.question_id)
        changes = await Clips(session).changes(job.question_id)
    if answer.engine != fitted.engine:
        raise PersonError(OTHER_ENGINE)
    tracks = {row[0]: tuple(row[1]) for row in job.cast}
    credits = [
        Credit(face.number, tracks[face.number], guess)
        for _, face in answer.faces
        if face.number in tracks and (guess := _guess_now(face)) is not None
    ]
    clip = await draw_again(app, video, terms, fitted, credits, heard)
    return Made(Drawing(clip, await _chart(app, video, job.seconds, answer, job.cast)), {"drawn_changes": changes})


async def finished(app: App, job: ClipJob) -> Finished | None:
    """The job's clip as it is told of now; None before it was made, and where what was seen is forgotten."""
    if job.question_id is None:
        return None
    async with app.database.reading() as session:
        answer = await Questions(session).answer(job.question_id)
        changes = await Clips(session).changes(job.question_id)
        in_review = await Reviews(session, utc_now()).unnamed(job.question_id)
    return Finished(
        job_id=job.id,
        title=job.title,
        link=job.link,
        start=job.start,
        seconds=job.seconds,
        style=job.style,
        answer=answer,
        cast=_on_screen(job.cast),
        stale=changes != job.drawn_changes,
        in_review=in_review,
    )


def video_of_link(link: str, height: int) -> str:
    """What the video of a link is kept under."""
    return key_of("link", link, height)


def _on_screen(cast: Sequence[Sequence[Any]]) -> tuple[OnScreen, ...]:
    return tuple(
        OnScreen(number, tuple((start, end) for start, end in spans), seconds) for number, _, spans, seconds in cast
    )


def _part(app: App, job: ClipJob) -> Part:
    return Part(job.start, job.length, app.settings.clip_seconds)


def _guess_now(face: AnsweredFace) -> Guess | None:
    """Whom a face is drawn as: as people said, without a confidence then, else as it was guessed. None: it is no face."""
    if face.word is None:
        return face.guess
    if face.word.meaning is Meaning.NOT_A_FACE:
        return None
    if face.word.meaning is Meaning.MEMBER:
        return Guess(face.word.member, face.word.name, 1.0, Band.SURE)
    return Guess(None, None, 1.0, Band.UNKNOWN)


async def _chart(app: App, video: KeptVideo, seconds: float, answer: Answer, cast: Sequence[Sequence[Any]]) -> bytes:
    return await app.compute.run(jobs.screen_time, video.title, seconds, answer, _on_screen(cast))


async def _keep(
    app: App, job: ClipJob, title: str, billed: Billed, fitted: Fitted, threshold: float, learns: Learns
) -> Answer:
    """Write the clip down as a question, one face a person."""
    may_learn = job.server_id is not None and teaches(learns, Origin.ASKED)
    seen = [SeenFace(p.number, p.box, p.guess, p.vector, p.flaws, p.cut if may_learn else None) for p in billed.people]
    result = Identified(billed.size, billed.group_name, tuple(seen), b"", fitted.engine)
    question = Question(
        server_id=job.server_id,
        channel_id=job.channel_id,
        source_message_id=job.source_message_id,
        asker_id=job.asker_id,
        engine=fitted.engine,
        threshold=threshold,
        rosters=sorted({HOUSE, *job.rosters}),
    )
    cuts = [face.cut for face in seen if face.cut is not None]
    async with crops.stored(app, cuts) as stored, app.database.writing() as session:
        # What may be learned from may have been chosen anew while workers looked.
        now = (await Servers(session).choices(job.server_id or HOUSE)).learns
        return await Questions(session).add(
            question, [(title[:300], result)], stored if teaches(now, Origin.ASKED) else {}
        )


def _asked(job: ClipJob) -> Asked:
    return Asked(
        asker_id=job.asker_id,
        server_id=job.server_id,
        channel_id=job.place_id,
        source_channel_id=job.channel_id,
        source_message_id=job.source_message_id,
        rosters=tuple(job.rosters),
        group=job.group_name,
    )
