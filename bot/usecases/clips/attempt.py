"""One job: its video fetched, annotated, and written down as a question with a face a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.base import utc_now
from bot.database.clips import ClipRepository
from bot.database.questions import QuestionRepository
from bot.database.reviews import ReviewRepository
from bot.domain.clips import ClipAttachments, ClipStage, FinishedClip, MissingFootage, OnScreen, TrackName
from bot.domain.enums import ClipState, Origin, teaches
from bot.domain.faces import IdentifiedPicture, SeenFace
from bot.domain.messages import Message
from bot.errors import PersonError
from bot.infra.clip_files import hashed
from bot.links.fetching import fetch, inspect
from bot.usecases import crops, identify, record
from bot.usecases.clips.pipeline import ClipOptions, RequestedSection, annotate, draw_again, draw_chart
from bot.usecases.identify import IdentifyRequest
from bot.usecases.record import PictureRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import App
    from bot.database.tables.clips import ClipJob
    from bot.domain.answers import Answer
    from bot.domain.clips import NamedPerson
    from bot.domain.enums import Learns
    from bot.infra.clip_files import CachedVideo, ClipFiles
    from bot.learning.recognisers import FittedRecogniser
    from bot.usecases.clips.pipeline import AnnotatedClip, ClipProgressCallback

OTHER_ENGINE = Message("I see faces in another way by now. Ask for the clip anew, and correct that.")
IN_REVIEW = 5
"""So many of those in a clip whom nobody could name wait in the review: the ones who are on screen longest."""

NO_LONGER_KEPT = Message("I no longer have that video. Post it again, or ask with its link.")


class SupersededError(Exception):
    """The job is no longer at work by this attempt: it was cancelled or begun anew."""


@dataclass(frozen=True, slots=True)
class DrawnClip:
    """A clip, and how often the names of its faces had been changed when it was drawn."""

    attachments: ClipAttachments
    changes: int = 0


async def cached_video(app: App, kept: ClipFiles, job: ClipJob, on_progress: ClipProgressCallback) -> CachedVideo:
    """The job's video: kept, or fetched from its link now. Raises PersonError."""
    if job.link is not None:
        return await cached_link(app, kept, job.link, _part(app, job), on_progress)
    found = await kept.find(job.video)
    if found is None:
        raise PersonError(NO_LONGER_KEPT)
    return found


async def cached_link(
    app: App, kept: ClipFiles, link: str, part: RequestedSection, on_progress: ClipProgressCallback
) -> CachedVideo:
    """The video of a link: kept, or fetched now, if that part of it may be asked for. Raises PersonError."""
    video = video_of_link(link, app.settings.clip_height)
    # Whoever wants another part of it meanwhile waits for the one download.
    async with kept.fetching(video):
        if (found := await kept.find(video)) is not None:
            return found
        on_progress(ClipStage.DOWNLOAD)
        info = await inspect(app.settings, link)
        if info.seconds is not None:
            part.of(info.seconds)
        async with kept.incoming() as folder:
            fetched = await fetch(app.settings, link, folder, lambda share, _: on_progress(ClipStage.DOWNLOAD, share))
            return await kept.take(fetched.path, video, fetched.title)


async def make(app: App, job: ClipJob, video: CachedVideo, on_progress: ClipProgressCallback) -> DrawnClip:
    """The clip that the job asks for. Raises PersonError."""
    asked = asked_of(job)
    fitted = await identify.fitted_for(app, asked)
    group, threshold, learns = await identify.naming_of(app, asked)
    options = ClipOptions(_part(app, job), job.style, group, threshold, job.most_bytes)
    if job.question_id is not None:
        return await _made_again(app, job, video, options, fitted, on_progress)
    done = await annotate(app, video, options, fitted, on_progress)
    cast = [OnScreen(person.number, person.tracks, person.spans, person.seconds) for person in done.named.people]
    seconds = done.section.seconds
    answer = await _keep(app, job, done, cast, fitted, threshold, learns)
    return DrawnClip(ClipAttachments(done.clip, await draw_chart(app, video.title, seconds, answer, cast)))


async def _made_again(
    app: App,
    job: ClipJob,
    video: CachedVideo,
    options: ClipOptions,
    fitted: FittedRecogniser,
    on_progress: ClipProgressCallback,
) -> DrawnClip:
    """The clip with the names as they are now. Nobody is named anew, so that a correction changes nobody else."""
    assert job.question_id is not None
    async with app.database.reading() as session:
        answer = await QuestionRepository(session).answer(job.question_id)
        changes = await ClipRepository(session).count_changes(job.question_id)
    if answer.engine != fitted.engine:
        raise PersonError(OTHER_ENGINE)
    cast = [OnScreen.of_json(row) for row in job.cast]
    faces = {face.number: face for _, face in answer.faces}
    track_names = [
        TrackName(one.number, one.tracks, guess)
        for one in cast
        if one.number in faces and (guess := faces[one.number].displayed_guess) is not None
    ]
    clip = await draw_again(app, video, options, fitted, track_names, on_progress)
    if clip is None:
        raise PersonError(NO_LONGER_KEPT)
    return DrawnClip(ClipAttachments(clip, await draw_chart(app, video.title, job.seconds, answer, cast)), changes)


async def finished(app: App, job: ClipJob) -> FinishedClip | None:
    """The job's clip as it is told of now; None before it was made, and where what was seen is forgotten."""
    if job.question_id is None:
        return None
    async with app.database.reading() as session:
        answer = await QuestionRepository(session).answer(job.question_id)
        changes = await ClipRepository(session).count_changes(job.question_id)
        in_review = await ReviewRepository(session, utc_now()).unnamed(job.question_id)
    return FinishedClip(
        job_id=job.id,
        title=job.title,
        link=job.link,
        start=job.start,
        seconds=job.seconds,
        answer=answer,
        cast=tuple(OnScreen.of_json(row) for row in job.cast),
        stale=changes != job.drawn_changes,
        in_review=in_review,
        unheard=job.unheard,
        missing=MissingFootage.of_json(job.missing),
    )


def video_of_link(link: str, height: int) -> str:
    """What the video of a link is kept under."""
    return hashed("link", link, height)


def numbers_to_learn(people: Sequence[NamedPerson]) -> set[int]:
    """The numbers of those whose face may be learned: members, and of the others the few who are on screen longest."""
    unknown = sorted((person for person in people if person.guess.name is None), key=lambda one: -one.seconds)
    few = {person.number for person in unknown[:IN_REVIEW]}
    return few | {person.number for person in people if person.guess.name is not None}


def _part(app: App, job: ClipJob) -> RequestedSection:
    return RequestedSection(job.start, job.length, app.settings.clip_seconds)


async def _keep(
    app: App,
    job: ClipJob,
    done: AnnotatedClip,
    cast: Sequence[OnScreen],
    fitted: FittedRecogniser,
    threshold: float,
    learns: Learns,
) -> Answer:
    """Write the clip down as a question, one face a person, unless the job isn't at work any more."""
    named = done.named
    may_learn = job.server_id is not None and teaches(learns, Origin.ASKED)
    cropped: set[int] = numbers_to_learn(named.people) if may_learn else set()
    seen = [
        SeenFace(p.number, p.box, p.guess, p.vector, p.flaws, p.crop if p.number in cropped else None)
        for p in named.people
    ]
    result = IdentifiedPicture(named.size, named.group_name, tuple(seen), b"", fitted.engine)
    cuts = [face.crop for face in seen if face.crop is not None]
    async with crops.stored(app, cuts) as stored, app.database.writing() as session:
        picture = PictureRecord(job.title, result, spoiler=job.spoiler)
        answer = await record.write(session, asked_of(job).record(fitted.engine, threshold, [picture]), stored)
        rows = [one.as_json() for one in cast]
        values = {
            "cast": rows,
            "seconds": done.section.seconds,
            "unheard": done.unheard,
            "missing": done.missing.as_json(),
        }
        moved = await ClipRepository(session).move(job, ClipState.WORKING, question_id=answer.id, **values)
        if moved is None:
            raise SupersededError
    if job.deleted or app.deletions.any_of(asked_of(job).scope):
        await crops.forget_question(app, answer.id)
    return answer


def asked_of(job: ClipJob) -> IdentifyRequest:
    """Who asked for a job's clip, where and about what."""
    return IdentifyRequest(
        asker_id=job.asker_id,
        server_id=job.server_id,
        channel_id=job.place_id,
        source_channel_id=job.channel_id,
        source_message_id=job.source_message_id,
        question_message_id=job.question_message_id,
        restricted=job.restricted,
        rosters=tuple(job.rosters),
        group=job.group_name,
    )
