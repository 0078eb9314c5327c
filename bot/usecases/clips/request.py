"""Requests for annotated clips: made, cancelled, drawn again after corrections, forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.clock import utc_now
from bot.database.clips import UNFINISHED, ClipRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.clips import ClipJob
from bot.domain.clip_requests import PostedVideo
from bot.domain.messages import Code, Message
from bot.domain.trust import Trust
from bot.errors import ForgottenError, NoRosterError, PersonError
from bot.infra.clip_files import hash_of_file, hashed_name
from bot.links.fetching import normalised_link
from bot.text.formatting import time_code
from bot.usecases.clips import attempt, room
from bot.usecases.questions.access import require_asked_here
from bot.usecases.questions.identify import naming_choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.domain.clip_requests import ClipRequest, ReplyTarget
    from bot.domain.clips import FinishedClip
    from bot.domain.deletions import MessageScope
    from bot.usecases.questions.correct import Actor
    from bot.usecases.questions.identify import IdentifyRequest

CARD_SECONDS = 60.0
"""Seconds for which a job by message rests until its card is posted."""

ONE_AT_A_TIME = Message("I am still at work on your last clip. Ask again when it is there, or cancel it.")


async def check_room(app: App, asked: IdentifyRequest) -> None:
    """Raise PersonError where no request would be accepted now. For a check before a large file is downloaded."""
    async with app.database.reading() as session:
        if not await RosterRepository(session).members(asked.servers):
            raise NoRosterError(private=asked.server_id is None)
        await _check_limits(app, session, asked.asker_id, asked.server_id)


async def request_clip(app: App, asked: IdentifyRequest, request: ClipRequest, target: ReplyTarget) -> int:
    """Queue a request for a clip; returns the id of the job. The cache takes over the copy of a posted file.

    A request by message has no card yet: the job rests until `attach_card` tells it. So a card that says that the video was
    taken always has a job.

    Raises PersonError where the queue is full, the asker has a clip in work, nobody is enrolled, the group is unknown, or the
    link or the section is invalid.
    """
    _check_length(request, app.settings.clip_seconds)
    await check_room(app, asked)
    await naming_choices(app, asked)
    if isinstance(request.source, PostedVideo):
        link, title = None, request.source.name
        video = await asyncio.to_thread(hash_of_file, request.source.path)
    else:
        title = link = normalised_link(app.settings, request.source)
        video = attempt.video_of_link(link, app.settings.clip_height)
    job = ClipJob(
        request_hash=hashed_name(
            video,
            request.start,
            request.length,
            request.style,
            asked.servers,
            asked.group,
            asked.channel_id,
            target.max_bytes,
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
        max_bytes=target.max_bytes,
        link=link,
        title=title,
        spoiler=request.spoiler,
        video=video,
        start=request.start,
        length=request.length,
        style=request.style,
        resume_at=utc_now() + timedelta(seconds=CARD_SECONDS) if target.card_id is None else None,
    )
    async with app.database.writing() as session:
        await _check_limits(app, session, asked.asker_id, asked.server_id)
        await ClipRepository(session).add(job)
        if isinstance(request.source, PostedVideo):
            await app.videos.add(request.source.path, video, request.source.name, asked.server_id)
    if is_deleted(app, job):
        await _forget(app, [job])
    app.clips.wake()
    return job.id


async def attach_card(app: App, job_id: int, card_id: int | None) -> None:
    """Show a job by message on its card, and begin the work. `card_id`: None where no card could be posted."""
    async with app.database.writing() as session:
        await ClipRepository(session).attach_card(job_id, card_id)
    app.clips.wake()


async def cancel(app: App, job_id: int, actor: Actor) -> None:
    """Cancel the work on a clip.

    Raises ForgottenError for a clip of another place, and PersonError for anybody but the asker and moderators, and for a
    finished clip.
    """
    async with app.database.writing() as session:
        job = require_asked_here(await ClipRepository(session).get(job_id), actor.place)
        if actor.id != job.asker_id and actor.trust < Trust.MODERATOR:
            raise PersonError("Only the person who asked, or a moderator, can cancel this.")
        if not await ClipRepository(session).cancel(job_id):
            raise PersonError("That clip is done already.")
    await app.clips.cancel(job.id)


async def draw_again(app: App, job_id: int, actor: Actor, target: ReplyTarget) -> None:
    """Queue the drawing of a clip with the corrected names. No face is tracked anew. `target.card_id`: the clip's message.

    Raises ForgottenError for a clip of another place, and PersonError without a correction since the last drawing, or where
    the video is gone.
    """
    async with app.database.reading() as session:
        job = require_asked_here(await ClipRepository(session).get(job_id), actor.place)
        if job.question_id is None:
            raise ForgottenError
        changes = await ClipRepository(session).count_changes(job.question_id)
    if actor.id != job.asker_id and actor.trust < Trust.TRUSTED:
        raise PersonError("Only the person who asked, or people with a trusted role, can have this drawn again.")
    if changes == job.drawn_changes:
        raise PersonError("It is drawn with these names already.")
    if await app.videos.find(job.video, job.server_id) is None:
        raise PersonError(attempt.NO_LONGER_KEPT)
    values = {
        "card_id": target.card_id,
        "token": target.token,
        "token_until": target.token_until,
        "max_bytes": target.max_bytes,
    }
    async with app.database.writing() as session:
        if not await ClipRepository(session).requeue_done(job_id, channel_id=target.channel_id, **values):
            raise PersonError("It is being drawn already.")
    app.clips.wake()


async def clip_of(app: App, question_id: int) -> FinishedClip | None:
    """The finished clip that a question is about, with its corrections; None for a question about pictures."""
    async with app.database.reading() as session:
        job = await ClipRepository(session).of_question(question_id)
    return None if job is None else await attempt.finished(app, job)


async def forget_deleted(app: App, gone: MessageScope) -> None:
    """Forget the videos of deleted messages and everything made of them, and cancel the work on them.

    A clip made from a link is still posted, because its video is elsewhere; its faces are not kept.
    """
    async with app.database.reading() as session:
        concerned = await ClipRepository(session).in_scope(gone)
    await _forget(app, [job for job in concerned if job.link is None])
    # Only the database remembers the deletion where the bot ends meanwhile.
    begun = [job for job in concerned if job.state in UNFINISHED and job.question_id is None]
    if linked := [job for job in begun if job.link is not None]:
        async with app.database.writing() as session:
            for job in linked:
                await ClipRepository(session).mark_deleted(job.id)


def is_deleted(app: App, job: ClipJob) -> bool:
    """Whether the posted video of a job was deleted, or the message that asked. Never for a link."""
    return job.link is None and app.deletions.contains_any(attempt.request_of(job).scope)


async def forget_videos(app: App, jobs: Sequence[ClipJob]) -> None:
    """Forget the videos of finished jobs and everything made of them, unless an unfinished job needs them."""
    await room.forget_unneeded(app, {job.video for job in jobs})


async def _forget(app: App, jobs: Sequence[ClipJob]) -> None:
    """Cancel the unfinished jobs, and forget the videos that no other job needs."""
    if unfinished := [job for job in jobs if job.state in UNFINISHED]:
        async with app.database.writing() as session:
            stopped = [job for job in unfinished if await ClipRepository(session).cancel(job.id)]
        for job in stopped:
            await app.clips.cancel(job.id)
    await forget_videos(app, jobs)


async def _check_limits(app: App, session: AsyncSession, asker_id: int, server_id: int | None) -> None:
    if await ClipRepository(session).count_unfinished(asker_id) >= app.settings.clips_of_person:
        raise PersonError(ONE_AT_A_TIME)
    waiting = await ClipRepository(session).count_waiting(server_id)
    if waiting >= app.settings.clips_of_server:
        minutes = max(1, round(app.clips.seconds_until(waiting) / 60))
        raise PersonError(
            "{waiting} clips wait here already. Ask again in about {minutes} min.", waiting=waiting, minutes=minutes
        )


def _check_length(request: ClipRequest, max_seconds: float) -> None:
    if request.length is not None and request.length <= 0:
        raise PersonError("A part of a video has a length: write it as {example} or in seconds.", example=Code("0:30"))
    if request.length is not None and request.length > max_seconds:
        raise PersonError("I annotate {most} at most: ask for a shorter part.", most=time_code(max_seconds))
