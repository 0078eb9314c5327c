"""The review queue: faces that wait for a trusted person's annotation, and the reviewer who holds each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import aliased, selectinload

from bot.clock import still_lasts
from bot.database.annotations import effective_annotation, face_annotation
from bot.database.questions import answered_face, is_readable
from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture, ReviewSkip
from bot.database.tables.rosters import Crop, Photo
from bot.database.tables.visibility import may_show_in_sql
from bot.domain.review_order import QueuedFace, sorted_for_review
from bot.domain.reviews import FaceInReview
from bot.errors import ForgottenError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, ScalarSelect
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import InstrumentedAttribute

    from bot.domain.answers import FaceAnnotation

LEASE = timedelta(minutes=5)
"""The time for which a reviewer holds a face, and others don't see it."""

MAX_ORDERED = 2000
"""Faces that are put in order at most: suspected labels, then the newest faces. Older faces come up once these are done."""


@dataclass(frozen=True, slots=True)
class ReservedFace:
    """The face that a reviewer holds now, None for an empty queue.

    `left`: the number of faces that wait and that no other reviewer holds. `elsewhere`: the number that others hold.
    """

    face: int | None
    left: int
    elsewhere: int


class ReviewRepository:
    """Statements over the queue, in one session, at the time `now`."""

    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def reserve_next(self, server_id: int, person_id: int, channel_id: int | None = None) -> ReservedFace:
        """Let a reviewer hold the face that they hold already, else the most useful one that nobody else holds.

        Faces that the channel may not show are left out.
        """
        waiting = await self._waiting(server_id, person_id, channel_id)
        held = [face for face in waiting if face.held_until and still_lasts(face.held_until, self._now, LEASE)]
        own = [face for face in held if face.held_by == person_id]
        elsewhere = {face.face for face in held if face.held_by not in (None, person_id)}
        free = [face for face in waiting if face.face not in elsewhere]
        for face in [*own, *sorted_for_review(free, await self._photo_counts(free))]:
            if await self.reserve(server_id, face.face, person_id):
                return ReservedFace(face.face, len(free), len(elsewhere))
        return ReservedFace(None, 0, len(elsewhere))

    async def confined_channels(self, server_id: int) -> list[int]:
        """The age-restricted channels with faces that wait and that no other channel may show."""
        query = (
            select(Crop.only_in)
            .join(QuestionFace, QuestionFace.crop_id == Crop.id)
            .join(QuestionPicture, QuestionFace.picture_id == QuestionPicture.id)
            .join(Question, QuestionPicture.question_id == Question.id)
            .where(_waits(server_id))
            .distinct()
            .order_by(Crop.only_in)
        )
        return [channel for channel in await self._session.scalars(query) if channel is not None]

    async def reserve(self, server_id: int, face_id: int, person_id: int) -> bool:
        """Let a reviewer hold this face, and no other of the server; returns False if somebody else holds it."""
        free = or_(
            QuestionFace.held_by.is_(None),
            QuestionFace.held_by == person_id,
            QuestionFace.held_until <= self._now,
            # The clock was ahead (`still_lasts`).
            QuestionFace.held_until > self._now + LEASE,
        )
        held = await self._session.scalars(
            update(QuestionFace)
            .where(QuestionFace.id == face_id, free)
            .values(held_by=person_id, held_until=self._now + LEASE)
            .returning(QuestionFace.id)
            .execution_options(synchronize_session=False)
        )
        if held.one_or_none() is None:
            return False
        await self.release(server_id, person_id, but=face_id)
        return True

    async def release(self, server_id: int, person_id: int, *, but: int | None = None) -> None:
        """Release the faces that a reviewer holds in a server, except one."""
        here = select(QuestionPicture.id).join(Question).where(Question.server_id == server_id)
        await self._session.execute(
            update(QuestionFace)
            .where(
                QuestionFace.held_by == person_id,
                QuestionFace.id.is_distinct_from(but),
                QuestionFace.picture_id.in_(here.scalar_subquery()),
            )
            .values(held_by=None, held_until=None)
            .execution_options(synchronize_session=False)
        )

    async def skip(self, server_id: int, face_id: int, person_id: int) -> None:
        """Remember that a reviewer skipped the face, and release it."""
        await self._session.merge(ReviewSkip(face_id=face_id, person_id=person_id, at=self._now))
        await self.release(server_id, person_id)

    async def is_waiting(self, server_id: int, face_id: int) -> bool:
        """Whether the face still waits for an annotation."""
        query = select(QuestionFace.id).join(QuestionPicture).join(Question).where(_waits(server_id))
        return await self._session.scalar(query.where(QuestionFace.id == face_id)) is not None

    async def exists(self, server_id: int, face_id: int) -> bool:
        """Whether this server has such a face with a crop."""
        query = select(QuestionFace.id).join(QuestionPicture).join(Question)
        here = query.where(
            QuestionFace.id == face_id, QuestionFace.crop_id.is_not(None), Question.server_id == server_id
        )
        return await self._session.scalar(here) is not None

    async def count_unnamed(self, question_id: int) -> int:
        """The number of a question's faces that wait and have no guess."""
        query = (
            select(func.count(QuestionFace.crop_id.distinct()))
            .join(QuestionPicture, QuestionFace.picture_id == QuestionPicture.id)
            .join(Question, QuestionPicture.question_id == Question.id)
            .where(Question.id == question_id, QuestionFace.name.is_(None), _waits(Question.server_id))
        )
        return (await self._session.scalars(query)).one()

    async def mark_answered(self, faces: Collection[int], by: int) -> None:
        """Release these faces and all faces with their crops. `by` vouches for their photos whose labels were suspected."""
        crops = select(QuestionFace.crop_id).where(QuestionFace.id.in_(faces))
        suspected = crops.where(QuestionFace.suspected.is_(True))
        await self._session.execute(
            update(Photo)
            .where(Photo.crop_id.in_(suspected.scalar_subquery()))
            .values(vouched_by=by)
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(
            update(QuestionFace)
            .where(QuestionFace.crop_id.in_(crops.scalar_subquery()))
            .values(held_by=None, held_until=None, suspected=False)
            .execution_options(synchronize_session=False)
        )

    async def reopen(self, server_id: int, face_id: int, by: int) -> None:
        """Put a face back in the queue after `by` undid an annotation of it, and withdraw their vouching for its label.

        If an annotation still counts, and no suggestion came after it, the face was in the queue for a suspected label. So
        its label is suspected again.
        """
        crop = select(QuestionFace.crop_id).where(QuestionFace.id == face_id).scalar_subquery()
        withdrawn = await self._session.scalars(
            update(Photo)
            .where(Photo.crop_id == crop, Photo.vouched_by == by)
            .values(vouched_by=None)
            .returning(Photo.id)
            .execution_options(synchronize_session=False)
        )
        if withdrawn.all() or not await self.is_waiting(server_id, face_id):
            await self._session.execute(
                update(QuestionFace)
                .where(QuestionFace.id == face_id)
                .values(suspected=True)
                .execution_options(synchronize_session=False)
            )

    async def drop_lost_crop(self, face_id: int) -> None:
        """Take a face out of the queue whose crop the storage no longer has, or whose row or crop is damaged."""
        crop = select(QuestionFace.crop_id).where(QuestionFace.id == face_id).scalar_subquery()
        await self._session.execute(
            update(QuestionFace)
            .where(QuestionFace.crop_id == crop)
            .values(crop_id=None)
            .execution_options(synchronize_session=False)
        )

    async def read(self, server_id: int, face_id: int) -> FaceInReview:
        """The face as it is now. Raises ForgottenError if this server has no such face with a crop, or its row is damaged."""
        query = (
            select(QuestionFace, Crop, QuestionPicture, Question)
            .join(QuestionPicture, QuestionFace.picture_id == QuestionPicture.id)
            .join(Question, QuestionPicture.question_id == Question.id)
            .join(Crop, QuestionFace.crop_id == Crop.id)
            .where(QuestionFace.id == face_id, Question.server_id == server_id)
            .options(selectinload(QuestionFace.annotations))
            .execution_options(populate_existing=True)
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise ForgottenError
        face, crop, picture, question = row
        if not is_readable(face):
            raise ForgottenError
        rows = await self._session.scalars(
            select(Annotation).join(QuestionFace).where(QuestionFace.crop_id == crop.id).order_by(Annotation.id)
        )
        annotations = rows.all()
        effective = effective_annotation(annotations)
        return FaceInReview(
            face=replace(answered_face(face), annotation=face_annotation(effective) if effective else None),
            crop_key=crop.key,
            face_width=crop.face_width,
            sharpness=crop.sharpness,
            origin=question.origin,
            server_id=server_id,
            channel_id=question.channel_id,
            source_message_id=question.source_message_id,
            source=picture.source,
            asker_id=question.asker_id,
            asked_at=question.asked_at,
            rosters=tuple(question.rosters),
            group_name=picture.group_name,
            suspected=face.suspected,
            spoiler=crop.spoiler,
            suggestions=_suggestions(annotations, effective),
        )

    async def _waiting(self, server_id: int, person_id: int, channel_id: int | None) -> list[QueuedFace]:
        """The faces that wait and that this channel may show. Of the faces with one crop: a suspected one, or the oldest."""
        query = (
            select(
                QuestionFace.id,
                QuestionFace.crop_id,
                QuestionFace.member_id,
                QuestionFace.confidence,
                Question.origin,
                QuestionFace.suspected,
                _last_annotation(counts=False).is_not(None),
                ReviewSkip.at,
                QuestionFace.held_by,
                QuestionFace.held_until,
            )
            .join(QuestionPicture, QuestionFace.picture_id == QuestionPicture.id)
            .join(Question, QuestionPicture.question_id == Question.id)
            .join(Crop, QuestionFace.crop_id == Crop.id)
            .outerjoin(ReviewSkip, and_(ReviewSkip.face_id == QuestionFace.id, ReviewSkip.person_id == person_id))
            .where(_waits(server_id), may_show_in_sql(Crop.only_in, channel_id))
            .order_by(QuestionFace.suspected.desc(), QuestionFace.id.desc())
            .limit(MAX_ORDERED)
        )
        found: dict[int, QueuedFace] = {}
        for row in await self._session.execute(query):
            face = QueuedFace(*row)
            if face.crop not in found or face.suspected or not found[face.crop].suspected:
                found[face.crop] = face
        return list(found.values())

    async def _photo_counts(self, waiting: Sequence[QueuedFace]) -> dict[int, int]:
        members = {face.member for face in waiting if face.member is not None}
        query = select(Photo.member_id, func.count()).where(Photo.member_id.in_(members)).group_by(Photo.member_id)
        return {row[0]: row[1] for row in await self._session.execute(query)}


def _waits(server_id: int | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """The condition that a face has a crop, and no annotation that counts, a newer suggestion, or a suspected label."""
    counting, suggested = _last_annotation(counts=True), _last_annotation(counts=False)
    return and_(
        Question.server_id == server_id,
        QuestionFace.crop_id.is_not(None),
        or_(counting.is_(None), suggested > counting, QuestionFace.suspected),
    )


def _last_annotation(*, counts: bool) -> ScalarSelect[int]:
    """The id of the last annotation (`counts`), or the last suggestion, of any face with the same crop."""
    same = aliased(QuestionFace)
    return (
        select(func.max(Annotation.id))
        .join(same, Annotation.face_id == same.id)
        .where(same.crop_id == QuestionFace.crop_id, Annotation.undone_at.is_(None), Annotation.counts.is_(counts))
        .correlate(QuestionFace)
        .scalar_subquery()
    )


def _suggestions(annotations: Sequence[Annotation], effective: Annotation | None) -> tuple[FaceAnnotation, ...]:
    """The last suggestion of each person since the effective annotation."""
    since = effective.id if effective is not None else 0
    last = {
        annotation.author_id: annotation
        for annotation in annotations
        if not annotation.counts and annotation.undone_at is None and annotation.id > since
    }
    return tuple(face_annotation(annotation) for annotation in last.values())
