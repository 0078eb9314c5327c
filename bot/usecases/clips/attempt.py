"""The steps of one job: its video is fetched and annotated, and the cast becomes a question with a face for each person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.clock import utc_now
from bot.database.clips import ClipRepository
from bot.database.questions import QuestionRepository
from bot.database.reviews import ReviewRepository
from bot.domain.clips import ClipAttachments, ClipStage, FinishedClip, MissingFootage, PersonScreenTime, TrackName
from bot.domain.enums import ClipState, FaceOrigin, teaches
from bot.domain.faces import IdentifiedFace, IdentifiedPicture
from bot.domain.messages import Message
from bot.errors import PersonError
from bot.infra.clip_files import hashed_name
from bot.links.fetching import fetch, inspect
from bot.usecases.clips import room
from bot.usecases.clips.drawing import draw_chart
from bot.usecases.clips.options import ClipOptions, RequestedSection
from bot.usecases.clips.pipeline import annotate, draw_again
from bot.usecases.questions import crops, identify, record
from bot.usecases.questions.identify import IdentifyRequest
from bot.usecases.questions.record import PictureRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import App
    from bot.database.tables.clips import ClipJob
    from bot.domain.answers import Answer
    from bot.domain.clips import NamedPerson
    from bot.domain.enums import LearningPolicy
    from bot.infra.clip_files import CachedVideo
    from bot.learning.recognisers import FittedRecogniser
    from bot.usecases.clips.options import ClipProgressCallback
    from bot.usecases.clips.pipeline import AnnotatedClip

OTHER_ENGINE = Message("I see faces in another way by now. Ask for the clip anew, and correct that.")
NO_LONGER_KEPT = Message("I no longer have that video. Post it again, or ask with its link.")


IN_REVIEW = 5
"""The unnamed people of a clip who wait in the review, at most: those who are on screen longest."""


class SupersededError(Exception):
    """This attempt no longer works on the job: the job was cancelled or begun anew."""


@dataclass(frozen=True, slots=True)
class DrawnClip:
    """A clip. `changes`: the number of corrections of its names up to its drawing."""

    attachments: ClipAttachments
    changes: int = 0


async def cached_video(app: App, job: ClipJob, on_progress: ClipProgressCallback) -> CachedVideo:
    """The video of a job: from the cache, or downloaded from its link. Raises PersonError."""
    if job.link is not None:
        return await cached_link(app, job.link, job.server_id, _section(app, job), on_progress)
    found = await app.videos.find(job.video, job.server_id)
    if found is None:
        raise PersonError(NO_LONGER_KEPT)
    return found


async def cached_link(
    app: App, link: str, server_id: int | None, section: RequestedSection, on_progress: ClipProgressCallback
) -> CachedVideo:
    """The video of a link: from the cache, or downloaded. Raises PersonError, also for a section that it doesn't have."""
    video = video_of_link(link, app.settings.clip_height)
    # A request for another section of the video waits for the same download.
    async with app.videos.download_lock(video):
        if (found := await app.videos.find(video, server_id)) is not None:
            return found
        on_progress(ClipStage.DOWNLOAD)
        info = await inspect(app.settings, link)
        if info.seconds is not None:
            section.within(info.seconds)
        async with room.downloading(app, server_id) as (folder, max_bytes):
            fetched = await fetch(
                app.settings,
                link,
                folder,
                lambda share, _: on_progress(ClipStage.DOWNLOAD, share),
                max_bytes=max_bytes,
            )
            return await app.videos.add(fetched.path, video, fetched.title, server_id)


async def make(app: App, job: ClipJob, video: CachedVideo, on_progress: ClipProgressCallback) -> DrawnClip:
    """Make the clip of a job from its video. Raises PersonError, SupersededError."""
    asked = request_of(job)
    fitted = await identify.recogniser_for(app, asked)
    group, threshold, learns = await identify.naming_choices(app, asked)
    options = ClipOptions(_section(app, job), job.style, group, threshold, job.max_bytes)
    if job.question_id is not None:
        return await _redraw(app, job, video, options, fitted, on_progress)
    done = await annotate(app, video, options, fitted, on_progress)
    cast = [
        PersonScreenTime(person.number, person.tracks, person.spans, person.seconds) for person in done.named.people
    ]
    seconds = done.section.seconds
    answer = await _keep(app, job, done, cast, fitted, threshold, learns)
    return DrawnClip(ClipAttachments(done.clip, await draw_chart(app, video.title, seconds, answer, cast)))


async def _redraw(
    app: App,
    job: ClipJob,
    video: CachedVideo,
    options: ClipOptions,
    fitted: FittedRecogniser,
    on_progress: ClipProgressCallback,
) -> DrawnClip:
    """Draw the clip with the corrected names. Nobody is named anew, so that a correction changes no other name."""
    assert job.question_id is not None
    async with app.database.reading() as session:
        answer = await QuestionRepository(session).answer(job.question_id)
        changes = await ClipRepository(session).count_changes(job.question_id)
    if answer.engine != fitted.engine:
        raise PersonError(OTHER_ENGINE)
    cast = [PersonScreenTime.from_json(row) for row in job.cast]
    faces = {face.number: face for _, face in answer.faces}
    track_names = [
        TrackName(person.number, person.tracks, guess)
        for person in cast
        if person.number in faces and (guess := faces[person.number].displayed_guess) is not None
    ]
    clip = await draw_again(app, video, options, fitted, track_names, on_progress)
    if clip is None:
        raise PersonError(NO_LONGER_KEPT)
    return DrawnClip(ClipAttachments(clip, await draw_chart(app, video.title, job.seconds, answer, cast)), changes)


async def finished(app: App, job: ClipJob) -> FinishedClip | None:
    """The finished clip of a job, with its corrections; None before it is made, or where its question is forgotten."""
    if job.question_id is None:
        return None
    async with app.database.reading() as session:
        answer = await QuestionRepository(session).answer(job.question_id)
        changes = await ClipRepository(session).count_changes(job.question_id)
        in_review = await ReviewRepository(session, utc_now()).count_unnamed(job.question_id)
    return FinishedClip(
        job_id=job.id,
        title=job.title,
        link=job.link,
        start=job.start,
        seconds=job.seconds,
        answer=answer,
        cast=tuple(PersonScreenTime.from_json(row) for row in job.cast),
        stale=changes != job.drawn_changes,
        in_review=in_review,
        unheard=job.unheard,
        missing=MissingFootage.from_json(job.missing),
    )


def video_of_link(link: str, height: int) -> str:
    """The name of a link's video in the cache. `height`: pixels at most."""
    return hashed_name("link", link, height)


def numbers_to_learn(people: Sequence[NamedPerson]) -> set[int]:
    """The numbers of the people whose crops are kept: the members, and the `IN_REVIEW` others who are on screen longest."""
    unknown = sorted((person for person in people if person.guess.name is None), key=lambda person: -person.seconds)
    longest = {person.number for person in unknown[:IN_REVIEW]}
    return longest | {person.number for person in people if person.guess.name is not None}


def _section(app: App, job: ClipJob) -> RequestedSection:
    return RequestedSection(job.start, job.length, app.settings.clip_seconds)


async def _keep(
    app: App,
    job: ClipJob,
    done: AnnotatedClip,
    cast: Sequence[PersonScreenTime],
    fitted: FittedRecogniser,
    threshold: float,
    learns: LearningPolicy,
) -> Answer:
    """Write the cast of a clip as a question with a face for each person. Raises SupersededError."""
    named = done.named
    may_learn = job.server_id is not None and teaches(learns, FaceOrigin.ASKED)
    cropped: set[int] = numbers_to_learn(named.people) if may_learn else set()
    seen = [
        IdentifiedFace(
            person.number,
            person.box,
            person.guess,
            person.vector,
            person.flaws,
            person.crop if person.number in cropped else None,
        )
        for person in named.people
    ]
    result = IdentifiedPicture(named.size, named.group_name, tuple(seen), b"", fitted.engine)
    face_crops = [face.crop for face in seen if face.crop is not None]
    async with crops.storing(app, face_crops, needed=False) as stored, app.database.writing() as session:
        picture = PictureRecord(job.title, result, spoiler=job.spoiler)
        answer = await record.save_question(
            session, request_of(job).record(fitted.engine, threshold, [picture]), stored
        )
        values = {
            "cast": [person.to_json() for person in cast],
            "seconds": done.section.seconds,
            "unheard": done.unheard,
            "missing": done.missing.to_json(),
        }
        moved = await ClipRepository(session).set_state(job, ClipState.WORKING, question_id=answer.id, **values)
        if moved is None:
            raise SupersededError
    if job.deleted or app.deletions.contains_any(request_of(job).scope):
        await crops.forget_question(app, answer.id)
    return answer


def request_of(job: ClipJob) -> IdentifyRequest:
    """The request that a job is about, as a question keeps it."""
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
