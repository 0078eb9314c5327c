"""The jobs of clips. Each change of a job at work is one guarded UPDATE, so that a late change overwrites nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, literal, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from bot.clock import utc_now
from bot.database.tables.clips import LONGEST_REST, ClipJob
from bot.database.tables.questions import Annotation, QuestionFace, QuestionPicture
from bot.domain.enums import ClipState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.sql._typing import _ColumnExpressionArgument  # pyright: ignore[reportPrivateUsage]  # no public name

    from bot.domain.deletions import MessageScope

AT_WORK = (ClipState.WORKING, ClipState.SENDING)
UNFINISHED = (ClipState.WAITING, *AT_WORK)


class ClipRepository:
    """Statements over the jobs of clips, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, job: ClipJob) -> ClipJob:
        """Add a job."""
        self._session.add(job)
        await self._session.flush()
        return job

    async def get(self, job_id: int) -> ClipJob | None:
        """The job as it is now in the database."""
        return await self._session.get(ClipJob, job_id, populate_existing=True)

    async def of_question(self, question_id: int) -> ClipJob | None:
        """The job of the clip that a question is about."""
        query = select(ClipJob).where(ClipJob.question_id == question_id).order_by(ClipJob.id).limit(1)
        return (await self._session.scalars(query)).one_or_none()

    async def count_unfinished(self, asker_id: int) -> int:
        """The number of a person's clips that wait or are at work, without those that are drawn again."""
        query = select(func.count()).where(
            ClipJob.asker_id == asker_id, ClipJob.state.in_(UNFINISHED), ClipJob.answer_id.is_(None)
        )
        return (await self._session.scalars(query)).one()

    async def count_waiting(self, server_id: int | None) -> int:
        """The number of a server's clips that wait. None: of clips that were requested outside servers."""
        query = select(func.count()).where(ClipJob.server_id == server_id, ClipJob.state == ClipState.WAITING)
        return (await self._session.scalars(query)).one()

    async def waiting(self) -> Sequence[ClipJob]:
        """The jobs that wait, the next one first."""
        query = select(ClipJob).where(ClipJob.state == ClipState.WAITING).order_by(*_in_order(utc_now()))
        return (await self._session.scalars(query)).all()

    async def videos_in_use(self) -> set[str]:
        """The folders of the videos of unfinished jobs."""
        return set(await self._session.scalars(select(ClipJob.video).where(ClipJob.state.in_(UNFINISHED))))

    async def cardless(self) -> Sequence[ClipJob]:
        """The jobs by message that rest until their card is posted."""
        query = select(ClipJob).where(
            ClipJob.state == ClipState.WAITING,
            ClipJob.attempt == 0,
            ClipJob.card_id.is_(None),
            ClipJob.resume_at.is_not(None),
            ClipJob.question_message_id.is_not(None),
        )
        return (await self._session.scalars(query.order_by(ClipJob.id))).all()

    async def attach_card(self, job_id: int, card_id: int | None) -> None:
        """Remember the card of a job that rests until it is posted, and end the rest."""
        resting = update(ClipJob).where(ClipJob.id == job_id, ClipJob.state == ClipState.WAITING, ClipJob.attempt == 0)
        await self._session.execute(
            resting.values(card_id=card_id, resume_at=None).execution_options(synchronize_session=False)
        )

    async def begin_next(self, now: datetime, at_work: Collection[int] = ()) -> ClipJob | None:
        """Begin the next job that doesn't rest, unless an equal request is at work; returns None without such a job.

        `at_work`: the ids of jobs that still have a task.
        """
        other = aliased(ClipJob)
        equal_at_work = (
            select(other.id).where(other.request_hash == ClipJob.request_hash, other.state.in_(AT_WORK)).exists()
        )
        due = (
            select(ClipJob.id)
            .where(ClipJob.state == ClipState.WAITING, ~equal_at_work, _is_due(now), ClipJob.id.not_in(at_work))
            .order_by(*_in_order(now))
            .limit(1)
            .scalar_subquery()
        )
        statement = (
            update(ClipJob)
            .where(ClipJob.id == due, ClipJob.state == ClipState.WAITING)
            .values(state=ClipState.WORKING, attempt=ClipJob.attempt + 1, resume_at=None)
            .returning(ClipJob)
            .execution_options(populate_existing=True)
        )
        try:
            return (await self._session.scalars(statement)).one_or_none()
        except IntegrityError:
            return None

    async def set_state(self, job: ClipJob, state: ClipState, **values: Any) -> ClipJob | None:
        """Give a job at work another state and these values. None, and no change, if this attempt is no longer at work."""
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
        """Cancel a job that waits or is at work, but not one whose clip is being posted; returns whether it was cancelled.

        A clip that was being drawn again keeps its earlier drawing.
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

    async def requeue_done(self, job_id: int, **values: Any) -> bool:
        """Put a finished job back in the queue, with these values; returns whether it was finished."""
        waits = await self._session.scalars(
            update(ClipJob)
            .where(ClipJob.id == job_id, ClipJob.state == ClipState.DONE)
            .values(state=ClipState.WAITING, attempt=0, delays=0, asked_at=utc_now(), size_refused=False, **values)
            .returning(ClipJob.id)
            .execution_options(synchronize_session=False)
        )
        return waits.one_or_none() is not None

    async def requeue_abandoned(self, at_work: Collection[int]) -> None:
        """Put jobs back in the queue whose worker is gone: the bot ended, or could not write.

        `at_work`: the ids of the jobs that have a worker.
        """
        await self._session.execute(
            update(ClipJob)
            .where(ClipJob.state == ClipState.WORKING, ClipJob.id.not_in(at_work))
            .values(state=ClipState.WAITING)
        )

    async def at_work_since(self, before: datetime) -> Sequence[ClipJob]:
        """The jobs at work that were requested before then."""
        query = select(ClipJob).where(ClipJob.state.in_(AT_WORK), ClipJob.asked_at < before).order_by(ClipJob.id)
        return (await self._session.scalars(query)).all()

    async def requeue_interrupted(self, job: ClipJob) -> None:
        """Put a job at work back in the queue. This attempt doesn't count."""
        await self._session.execute(
            update(ClipJob)
            .where(ClipJob.id == job.id, ClipJob.attempt == job.attempt, ClipJob.state == ClipState.WORKING)
            .values(state=ClipState.WAITING, attempt=ClipJob.attempt - 1)
        )

    async def requeue_smaller(self, job: ClipJob, max_bytes: int) -> None:
        """Put a job back in the queue whose clip Discord refused for its size. This attempt doesn't count."""
        values = {"attempt": ClipJob.attempt - 1, "max_bytes": max_bytes, "size_refused": True}
        await self.set_state(job, ClipState.WAITING, **values)

    async def delay(self, job: ClipJob, until: datetime) -> None:
        """Let a job rest until then, after a passing error. This attempt doesn't count.

        A clip that was being posted may have arrived.
        """
        waiting = literal(ClipState.WAITING, ClipJob.state.type)
        state = case((ClipJob.state == ClipState.SENDING, ClipJob.state), else_=waiting)
        attempt = case((ClipJob.state == ClipState.WAITING, ClipJob.attempt), else_=ClipJob.attempt - 1)
        await self._session.execute(
            update(ClipJob)
            .where(ClipJob.id == job.id, ClipJob.attempt == job.attempt, ClipJob.state.in_(UNFINISHED))
            .values(state=state, attempt=attempt, delays=ClipJob.delays + 1, resume_at=until)
        )

    async def next_resumption(self, now: datetime) -> datetime | None:
        """The time at which the next resting job resumes; None where no job rests."""
        query = select(func.min(ClipJob.resume_at)).where(ClipJob.state.in_(UNFINISHED), ~_is_due(now))
        return (await self._session.scalars(query)).one()

    async def sending(self, at_work: Collection[int], now: datetime) -> Sequence[ClipJob]:
        """The jobs whose clip was being posted, without those `at_work` and those that rest."""
        query = select(ClipJob).where(ClipJob.state == ClipState.SENDING, ClipJob.id.not_in(at_work), _is_due(now))
        return (await self._session.scalars(query)).all()

    async def in_scope(self, scope: MessageScope) -> Sequence[ClipJob]:
        """The jobs whose video, request or clip is in a message of `scope`."""
        found = or_(
            ClipJob.source_message_id.in_(scope.messages),
            ClipJob.question_message_id.in_(scope.messages),
            ClipJob.answer_id.in_(scope.messages),
            ClipJob.channel_id.in_(scope.channels),
            ClipJob.place_id.in_(scope.channels),
        )
        return (await self._session.scalars(select(ClipJob).where(found))).all()

    async def mark_deleted(self, job_id: int) -> None:
        """Remember that the message with a job's link was deleted."""
        await self._session.execute(update(ClipJob).where(ClipJob.id == job_id).values(deleted=True))

    async def count_changes(self, question_id: int) -> int:
        """The number of annotations that count about a question's faces, plus the number of undone ones.

        It grows with each new annotation and each undo.
        """
        query = (
            select(func.count(Annotation.id) + func.count(Annotation.undone_at))
            .join(QuestionFace)
            .join(QuestionPicture)
            .where(QuestionPicture.question_id == question_id, Annotation.counts.is_(True))
        )
        return (await self._session.scalars(query)).one()


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Whether a job doesn't rest."""
    # The clock was ahead where it is later than that (`still_lasts`).
    over = or_(ClipJob.resume_at <= now, ClipJob.resume_at > now + LONGEST_REST)
    return or_(ClipJob.resume_at.is_(None), over)


def _in_order(now: datetime) -> tuple[_ColumnExpressionArgument[Any], ...]:
    """The order of waiting jobs. Those that were requested while the clock was ahead come first."""
    return case((ClipJob.asked_at > now, 0), else_=1), ClipJob.asked_at, ClipJob.id
