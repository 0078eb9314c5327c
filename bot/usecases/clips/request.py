"""Annotated clips: asked for, cancelled, drawn again after corrections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.database.clips import UNFINISHED, ClipRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.clips import LONGEST_TITLE, ClipJob
from bot.domain.clip_requests import PostedVideo
from bot.domain.messages import Code, Message
from bot.domain.trust import Trust
from bot.errors import ForgottenError, NoRosterError, PersonError
from bot.infra.clip_files import hash_of_file, hashed
from bot.links.fetching import normalised_link
from bot.text.formatting import time_code
from bot.usecases.clips import attempt
from bot.usecases.identify import naming_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.domain.clip_requests import ClipRequest, ReplyTarget
    from bot.domain.clips import FinishedClip
    from bot.domain.deletions import MessageScope
    from bot.usecases.correct import Actor
    from bot.usecases.identify import IdentifyRequest

ONE_AT_A_TIME = Message("I am still at work on your last clip. Ask again when it is there, or cancel it.")


async def check_room(app: App, asked: IdentifyRequest) -> None:
    """Raises PersonError where no clip can be promised now, whatever it is: before a large file is received, say."""
    async with app.database.reading() as session:
        if not await RosterRepository(session).members(asked.servers):
            raise NoRosterError(private=asked.server_id is None)
        await _check_limits(app, session, asked.asker_id, asked.server_id)


async def ask(app: App, asked: IdentifyRequest, request: ClipRequest, target: ReplyTarget) -> int:
    """Promise a clip; the id of the job. A posted file is kept once that is done.

    Raises PersonError where it can't be promised: the queue is full, the person has one in work, nobody is enrolled, there is
    no such group, the link or the part of the video is none.
    """
    _check_part(request, app.settings.clip_seconds)
    await check_room(app, asked)
    await naming_of(app, asked)
    if isinstance(request.source, PostedVideo):
        link, title = None, request.source.name
        video = await asyncio.to_thread(hash_of_file, request.source.path)
    else:
        title = link = normalised_link(app.settings, request.source)
        video = attempt.video_of_link(link, app.settings.clip_height)
    job = ClipJob(
        request_hash=hashed(
            video,
            request.start,
            request.length,
            request.style,
            asked.servers,
            asked.group,
            asked.channel_id,
            target.most_bytes,
        ),
        asker_id=asked.asker_id,
        server_id=asked.server_id,
        channel_id=target.channel_id,
        place_id=asked.channel_id,
        restricted=asked.restricted,
        source_message_id=asked.source_message_id,
        question_message_id=asked.question_message_id,
        rosters=list(asked.rosters),
        group_name=asked.group,
        card_id=target.card_id,
        token=target.token,
        token_until=target.token_until,
        most_bytes=target.most_bytes,
        link=link,
        title=title[:LONGEST_TITLE],
        spoiler=request.spoiler,
        video=video,
        start=request.start,
        length=request.length,
        style=request.style,
    )
    async with app.database.writing() as session:
        await _check_limits(app, session, asked.asker_id, asked.server_id)
        await ClipRepository(session).add(job)
        if isinstance(request.source, PostedVideo):
            await app.videos.take(request.source.path, video, request.source.name)
    if is_deleted(app, job):
        await _forget(app, [job])
    app.clips.wake()
    return job.id


async def cancel(app: App, job_id: int, actor: Actor) -> None:
    """End the work on a clip; for the asker and for moderators. Raises PersonError for others, and where it has ended."""
    async with app.database.writing() as session:
        job = await ClipRepository(session).get(job_id)
        if job is None:
            raise ForgottenError
        if actor.id != job.asker_id and actor.trust < Trust.MODERATOR:
            raise PersonError("Only the person who asked, or a moderator, can cancel this.")
        if not await ClipRepository(session).cancel(job_id):
            raise PersonError("That clip is done already.")
    await app.clips.stop(job.id)


async def draw_again(app: App, job_id: int, actor: Actor, target: ReplyTarget) -> None:
    """Draw a clip anew with the names as trusted people corrected them, without looking again. `target.card_id`: its message.

    Raises PersonError where nothing was corrected since, or the video is no longer kept.
    """
    async with app.database.reading() as session:
        job = await ClipRepository(session).get(job_id)
        if job is None or job.question_id is None:
            raise ForgottenError
        changes = await ClipRepository(session).count_changes(job.question_id)
    if actor.id != job.asker_id and actor.trust < Trust.TRUSTED:
        raise PersonError("Only the person who asked, or people with a trusted role, can have this drawn again.")
    if changes == job.drawn_changes:
        raise PersonError("It is drawn with these names already.")
    if await app.videos.find(job.video) is None:
        raise PersonError(attempt.NO_LONGER_KEPT)
    values = {
        "card_id": target.card_id,
        "token": target.token,
        "token_until": target.token_until,
        "most_bytes": target.most_bytes,
    }
    async with app.database.writing() as session:
        if not await ClipRepository(session).requeue_done(job_id, channel_id=target.channel_id, **values):
            raise PersonError("It is being drawn already.")
    app.clips.wake()


async def clip_of(app: App, question_id: int) -> FinishedClip | None:
    """The clip that a question is about, as it stands now; None where it is about pictures."""
    async with app.database.reading() as session:
        job = await ClipRepository(session).of_question(question_id)
    return None if job is None else await attempt.finished(app, job)


async def forget_deleted(app: App, gone: MessageScope) -> None:
    """A video whose message is deleted is forgotten, with what was made of it; and no clip of it will come.

    What a link leads to lies elsewhere, so its clip comes all the same, and nothing else is kept.
    """
    async with app.database.reading() as session:
        concerned = await ClipRepository(session).in_scope(gone)
    await _forget(app, [job for job in concerned if job.link is None])
    # A bot that ends meanwhile remembers no deletion but those in the database.
    begun = [job for job in concerned if job.state in UNFINISHED and job.question_id is None]
    if linked := [job for job in begun if job.link is not None]:
        async with app.database.writing() as session:
            for job in linked:
                await ClipRepository(session).mark_deleted(job.id)


def is_deleted(app: App, job: ClipJob) -> bool:
    """Whether the video that a job is about was deleted, or the question; what a link leads to lies elsewhere."""
    return job.link is None and app.deletions.any_of(attempt.asked_of(job).scope)


async def forget_videos(app: App, jobs: Sequence[ClipJob]) -> None:
    """Forget the videos of jobs that ended, with what was made of them, unless an unfinished job needs them."""
    async with app.database.reading() as session:
        held = await ClipRepository(session).videos_in_use()
    for video in {job.video for job in jobs} - held:
        await app.videos.forget(video)


async def sweep(app: App) -> None:
    """Forget videos that were kept for long enough, or take too much room."""
    async with app.database.reading() as session:
        held = await ClipRepository(session).videos_in_use()
    await app.videos.sweep(held)


async def _forget(app: App, jobs: Sequence[ClipJob]) -> None:
    """End the jobs that are not finished, and forget the videos that no other job needs."""
    if unfinished := [job for job in jobs if job.state in UNFINISHED]:
        async with app.database.writing() as session:
            stopped = [job for job in unfinished if await ClipRepository(session).cancel(job.id)]
        for job in stopped:
            await app.clips.stop(job.id)
    await forget_videos(app, jobs)


async def _check_limits(app: App, session: AsyncSession, asker_id: int, server_id: int | None) -> None:
    if await ClipRepository(session).unfinished_of(asker_id) >= app.settings.clips_of_person:
        raise PersonError(ONE_AT_A_TIME)
    waiting = await ClipRepository(session).waiting_in(server_id)
    if waiting >= app.settings.clips_of_server:
        minutes = max(1, round(app.clips.seconds_until(waiting) / 60))
        raise PersonError(
            "{waiting} clips wait here already. Ask again in about {minutes} min.", waiting=waiting, minutes=minutes
        )


def _check_part(request: ClipRequest, most_seconds: float) -> None:
    if request.length is not None and request.length <= 0:
        raise PersonError("A part of a video has a length: write it as {example} or in seconds.", example=Code("0:30"))
    if request.length is not None and request.length > most_seconds:
        raise PersonError("I annotate {most} at most: ask for a shorter part.", most=time_code(most_seconds))
