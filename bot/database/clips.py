"""Clips that were promised. Every change of a job at work is one guarded UPDATE, so that a late one overwrites nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from bot.database.base import utc_now
from bot.database.tables.clips import ClipJob
from bot.database.tables.questions import Annotation, QuestionFace, QuestionPicture
from bot.domain.enums import ClipState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.domain.deletions import MessageScope

AT_WORK = (ClipState.WORKING, ClipState.SENDING)
UNFINISHED = (ClipState.WAITING, *AT_WORK)


class ClipRepository:
    """Statements over promised clips, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, job: ClipJob) -> ClipJob:
        """Add a job."""
        self._session.add(job)
        await self._session.flush()
        return job

    async def get(self, job_id: int) -> ClipJob | None:
        """The job as it stands now."""
        return await self._session.get(ClipJob, job_id, populate_existing=True)

    async def of_question(self, question_id: int) -> ClipJob | None:
        """The job whose clip a question is about."""
        query = select(ClipJob).where(ClipJob.question_id == question_id).order_by(ClipJob.id).limit(1)
        return (await self._session.scalars(query)).one_or_none()

    async def unfinished_of(self, asker_id: int) -> int:
        """How many clips of this person are at work or wait; those that are drawn again are nobody's burden."""
        query = select(func.count()).where(
            ClipJob.asker_id == asker_id, ClipJob.state.in_(UNFINISHED), ClipJob.answer_id.is_(None)
        )
        return (await self._session.scalars(query)).one()

    async def waiting_in(self, server_id: int | None) -> int:
        """How many clips of this server wait; None: those asked for in no server."""
        query = select(func.count()).where(ClipJob.server_id == server_id, ClipJob.state == ClipState.WAITING)
        return (await self._session.scalars(query)).one()

    async def waiting(self) -> Sequence[ClipJob]:
        """The jobs that wait, in their order."""
        query = select(ClipJob).where(ClipJob.state == ClipState.WAITING).order_by(ClipJob.asked_at, ClipJob.id)
        return (await self._session.scalars(query)).all()

    async def videos_in_use(self) -> set[str]:
        """The videos of jobs that are not finished."""
        return set(await self._session.scalars(select(ClipJob.video).where(ClipJob.state.in_(UNFINISHED))))

    async def begin_next(self) -> ClipJob | None:
        """Begin the next job whose wish isn't at work already; None where there is none."""
        other = aliased(ClipJob)
        busy = select(other.id).where(other.wish == ClipJob.wish, other.state.in_(AT_WORK)).exists()
        due = (
            select(ClipJob.id)
            .where(ClipJob.state == ClipState.WAITING, ~busy)
            .order_by(ClipJob.asked_at, ClipJob.id)
            .limit(1)
            .scalar_subquery()
        )
        statement = (
            update(ClipJob)
            .where(ClipJob.id == due, ClipJob.state == ClipState.WAITING)
            .values(state=ClipState.WORKING, attempt=ClipJob.attempt + 1)
            .returning(ClipJob)
            .execution_options(populate_existing=True)
        )
        try:
            return (await self._session.scalars(statement)).one_or_none()
        except IntegrityError:
            return None

    async def move(self, job: ClipJob, state: ClipState, **values: Any) -> ClipJob | None:
        """Give a job that is at work another state, and these values; None where this attempt is no longer the one at work."""
        ended = {} if state in UNFINISHED else {"token": None}
        moved = await self._session.scalars(
            update(ClipJob)
            .where(ClipJob.id == job.id, ClipJob.attempt == job.attempt, ClipJob.state.in_(AT_WORK))
            .values(state=state, **ended, **values)
            .returning(ClipJob)
            .execution_options(populate_existing=True)
        )
        return moved.one_or_none()

    async def cancel(self, job_id: int) -> bool:
        """End a job that is not finished, unless its clip is being posted; whether it was so.

        Of a clip that is drawn again the one from before stands.
        """
        cancelled = await self._session.scalars(
            update(ClipJob)
            .where(ClipJob.id == job_id, ClipJob.state.in_((ClipState.WAITING, ClipState.WORKING)))
            .values(state=ClipState.CANCELLED, token=None)
            .returning(ClipJob.answer_id)
            .execution_options(synchronize_session=False)
        )
        answers = cancelled.all()
        if any(answers):
            done = update(ClipJob).where(ClipJob.id == job_id).values(state=ClipState.DONE)
            await self._session.execute(done.execution_options(synchronize_session=False))
        return bool(answers)

    async def again(self, job_id: int, **values: Any) -> bool:
        """Let a finished job wait once more; whether it was finished."""
        waits = await self._session.scalars(
            update(ClipJob)
            .where(ClipJob.id == job_id, ClipJob.state == ClipState.DONE)
            .values(state=ClipState.WAITING, attempt=0, asked_at=utc_now(), **values)
            .returning(ClipJob.id)
            .execution_options(synchronize_session=False)
        )
        return waits.one_or_none() is not None

    async def take_up(self, at_work: Collection[int]) -> None:
        """Let wait again what nobody is at work on, though its row says so: the bot ended, or could not write."""
        await self._session.execute(
            update(ClipJob)
            .where(ClipJob.state == ClipState.WORKING, ClipJob.id.not_in(at_work))
            .values(state=ClipState.WAITING)
        )

    async def put_back(self, job: ClipJob) -> None:
        """Let a job wait again that was at work in good health, as if it had not begun."""
        await self._session.execute(
            update(ClipJob)
            .where(ClipJob.id == job.id, ClipJob.attempt == job.attempt, ClipJob.state == ClipState.WORKING)
            .values(state=ClipState.WAITING, attempt=ClipJob.attempt - 1)
        )

    async def sending(self, at_work: Collection[int]) -> Sequence[ClipJob]:
        """Jobs whose clip was being posted, and that nobody is at work on."""
        query = select(ClipJob).where(ClipJob.state == ClipState.SENDING, ClipJob.id.not_in(at_work))
        return (await self._session.scalars(query)).all()

    async def of_deleted(self, gone: MessageScope) -> Sequence[ClipJob]:
        """The jobs about videos that were posted or linked, asked about or answered there."""
        about = or_(
            ClipJob.source_message_id.in_(gone.messages),
            ClipJob.question_message_id.in_(gone.messages),
            ClipJob.answer_id.in_(gone.messages),
            ClipJob.channel_id.in_(gone.channels),
            ClipJob.place_id.in_(gone.channels),
        )
        return (await self._session.scalars(select(ClipJob).where(about))).all()

    async def deleted(self, job_id: int) -> None:
        """Remember that the message with a job's link was deleted."""
        await self._session.execute(update(ClipJob).where(ClipJob.id == job_id).values(deleted=True))

    async def changes(self, question_id: int) -> int:
        """How often words that count came, or were taken back, about the faces of a question: grows with each."""
        query = (
            select(func.count(Annotation.id) + func.count(Annotation.undone_at))
            .join(QuestionFace)
            .join(QuestionPicture)
            .where(QuestionPicture.question_id == question_id, Annotation.counts.is_(True))
        )
        return (await self._session.scalars(query)).one()
