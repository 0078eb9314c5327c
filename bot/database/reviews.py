"""The review queue: faces that wait for a trusted person's word, and who has which before them just now."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import aliased, selectinload

from bot.database.annotations import effective_annotation, face_annotation
from bot.database.questions import answered_face
from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture, Skip
from bot.database.tables.rosters import Crop, Photo
from bot.database.visibility import may_show_in_sql
from bot.domain.enums import Origin
from bot.domain.reviews import FaceInReview
from bot.errors import ForgottenError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, ScalarSelect
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import InstrumentedAttribute

    from bot.domain.answers import FaceAnnotation


LEASE = timedelta(minutes=5)
"""So long a face that is shown to one person is kept from others."""

MOST_OPEN = 2000
"""So many faces are put in order: labels that look wrong, then the newest; older ones come when these are done."""

BYSTANDER_PHOTOS = 10
"""A face that is probably nobody of the roster comes where a member with so many photos would."""


@dataclass(frozen=True, slots=True)
class QueuedFace:
    """A face that waits for a word: `member` is whom it is taken for, with that confidence."""

    face: int
    crop: int
    member: int | None
    confidence: float
    origin: Origin
    suspected: bool
    suggested: bool
    skipped_at: datetime | None
    held_by: int | None
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class HeldFace:
    """The face that a reviewer has before them now, None if there is none; how many wait, and how many others have."""

    face: int | None
    left: int
    elsewhere: int


def in_order(waiting: Iterable[QueuedFace], photos: Mapping[int, int]) -> list[QueuedFace]:
    """The most useful first; `photos` counts those that members have.

    Labels that look wrong come before suggestions, these before all others, and what this person skipped comes last. The
    others: the fewer photos a member has, the sooner, each face shown counting as one more, so that members take turns;
    and of asked faces the less certain, from no photos' worth to ten. How certain a gathered face is says little beside
    for whom it was gathered.
    """
    waiting = list(waiting)
    skipped = [one for one in waiting if one.skipped_at is not None]
    fresh = sorted((one for one in waiting if one.skipped_at is None), key=lambda one: (one.confidence, one.face))
    before: defaultdict[int | None, int] = defaultdict(int)
    worth: dict[int, float] = {}
    for one in fresh:
        has = BYSTANDER_PHOTOS if one.member is None else photos.get(one.member, 0)
        worth[one.face] = has + before[one.member] + (5 if one.origin is Origin.GATHERED else 10 * one.confidence)
        before[one.member] += 1
    fresh.sort(key=lambda one: (not one.suspected, not one.suggested, worth[one.face], one.face))
    return [*fresh, *sorted(skipped, key=lambda one: (one.skipped_at, one.face))]


class ReviewRepository:
    """Statements over the queue, in one session, at the moment `now`."""

    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def take(self, server_id: int, person_id: int, channel_id: int | None = None) -> HeldFace:
        """Let a person have the face that they have already, or else the most useful one that nobody else has.

        Only faces that `channel_id` may show.
        """
        waiting = await self._waiting(server_id, person_id, channel_id)
        held = [one for one in waiting if one.held_until is not None and one.held_until > self._now]
        mine = [one for one in held if one.held_by == person_id]
        theirs = {one.face for one in held if one.held_by not in (None, person_id)}
        free = [one for one in waiting if one.face not in theirs]
        for one in [*mine, *in_order(free, await self._photos(free))]:
            if await self.hold(server_id, one.face, person_id):
                return HeldFace(one.face, len(free), len(theirs))
        return HeldFace(None, 0, len(theirs))

    async def confined(self, server_id: int) -> list[int]:
        """The age-restricted channels in which faces wait that no other channel may show."""
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

    async def hold(self, server_id: int, face_id: int, person_id: int) -> bool:
        """Let a person have this face and no other of the server for a while; False where somebody else has it."""
        free = or_(
            QuestionFace.held_by.is_(None), QuestionFace.held_by == person_id, QuestionFace.held_until <= self._now
        )
        taken = await self._session.scalars(
            update(QuestionFace)
            .where(QuestionFace.id == face_id, free)
            .values(held_by=person_id, held_until=self._now + LEASE)
            .returning(QuestionFace.id)
            .execution_options(synchronize_session=False)
        )
        if taken.one_or_none() is None:
            return False
        await self.give_back(server_id, person_id, but=face_id)
        return True

    async def give_back(self, server_id: int, person_id: int, *, but: int | None = None) -> None:
        """Let others have what this person has of a server, save one face."""
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
        """Remember that this person had no answer, and let others have the face."""
        await self._session.merge(Skip(face_id=face_id, person_id=person_id, at=self._now))
        await self.give_back(server_id, person_id)

    async def waits(self, server_id: int, face_id: int) -> bool:
        """Whether the face still waits for a word."""
        query = select(QuestionFace.id).join(QuestionPicture).join(Question).where(_waits(server_id))
        return await self._session.scalar(query.where(QuestionFace.id == face_id)) is not None

    async def unnamed(self, question_id: int) -> int:
        """How many faces of a question wait that nobody could name."""
        query = (
            select(func.count(QuestionFace.crop_id.distinct()))
            .join(QuestionPicture, QuestionFace.picture_id == QuestionPicture.id)
            .join(Question, QuestionPicture.question_id == Question.id)
            .where(Question.id == question_id, QuestionFace.name.is_(None), _waits(Question.server_id))
        )
        return (await self._session.scalars(query)).one()

    async def answered(self, faces: Collection[int], by: int) -> None:
        """Nobody has these faces before them any more; labels that were suspected and stand are vouched for by who answered."""
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

    async def reopened(self, server_id: int, face_id: int, by: int) -> None:
        """`by` took back an answer about the face: its label is theirs to vouch for no more, and the face waits again.

        What has a word that counts still, and nobody's suggestion since, had come to review because it looked wrong.
        """
        crop = select(QuestionFace.crop_id).where(QuestionFace.id == face_id).scalar_subquery()
        vouched = await self._session.scalars(
            update(Photo)
            .where(Photo.crop_id == crop, Photo.vouched_by == by)
            .values(vouched_by=None)
            .returning(Photo.id)
            .execution_options(synchronize_session=False)
        )
        if vouched.all() or not await self.waits(server_id, face_id):
            await self._session.execute(
                update(QuestionFace)
                .where(QuestionFace.id == face_id)
                .values(suspected=True)
                .execution_options(synchronize_session=False)
            )

    async def suspect(self, photos: Collection[int]) -> None:
        """The labels of these photos look wrong: those that words made, and nobody vouched for, are to be looked at again."""
        made = select(Photo.face_id).where(Photo.id.in_(photos), Photo.vouched_by.is_(None))
        await self._session.execute(
            update(QuestionFace)
            .where(QuestionFace.id.in_(made.scalar_subquery()))
            .values(suspected=True)
            .execution_options(synchronize_session=False)
        )

    async def lost(self, face_id: int) -> None:
        """The storage no longer has the face's crop, so nobody can review it."""
        crop = select(QuestionFace.crop_id).where(QuestionFace.id == face_id).scalar_subquery()
        await self._session.execute(
            update(QuestionFace)
            .where(QuestionFace.crop_id == crop)
            .values(crop_id=None)
            .execution_options(synchronize_session=False)
        )

    async def read(self, server_id: int, face_id: int) -> FaceInReview:
        """The face as it stands now; raises ForgottenError when this server has none such with a crop."""
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
        said = await self._session.scalars(
            select(Annotation).join(QuestionFace).where(QuestionFace.crop_id == crop.id).order_by(Annotation.id)
        )
        annotations = said.all()
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
        """The faces that wait and that this channel may show.

        Each crop once: the face with the suspected label, or the oldest.
        """
        query = (
            select(
                QuestionFace.id,
                QuestionFace.crop_id,
                QuestionFace.member_id,
                QuestionFace.confidence,
                Question.origin,
                QuestionFace.suspected,
                _last_word(counts=False).is_not(None),
                Skip.at,
                QuestionFace.held_by,
                QuestionFace.held_until,
            )
            .join(QuestionPicture, QuestionFace.picture_id == QuestionPicture.id)
            .join(Question, QuestionPicture.question_id == Question.id)
            .join(Crop, QuestionFace.crop_id == Crop.id)
            .outerjoin(Skip, and_(Skip.face_id == QuestionFace.id, Skip.person_id == person_id))
            .where(_waits(server_id), may_show_in_sql(Crop.only_in, channel_id))
            .order_by(QuestionFace.suspected.desc(), QuestionFace.id.desc())
            .limit(MOST_OPEN)
        )
        found: dict[int, QueuedFace] = {}
        for row in await self._session.execute(query):
            one = QueuedFace(*row)
            if one.crop not in found or one.suspected or not found[one.crop].suspected:
                found[one.crop] = one
        return list(found.values())

    async def _photos(self, waiting: Sequence[QueuedFace]) -> dict[int, int]:
        members = {one.member for one in waiting if one.member is not None}
        query = select(Photo.member_id, func.count()).where(Photo.member_id.in_(members)).group_by(Photo.member_id)
        return {row[0]: row[1] for row in await self._session.execute(query)}


def _waits(server_id: int | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """That a face has a crop of which no word counts, or that was spoken of since, or its label is suspected."""
    counting, suggested = _last_word(counts=True), _last_word(counts=False)
    return and_(
        Question.server_id == server_id,
        QuestionFace.crop_id.is_not(None),
        or_(counting.is_(None), suggested > counting, QuestionFace.suspected),
    )


def _last_word(*, counts: bool) -> ScalarSelect[int]:
    """The id of the last word about any face of the same crop."""
    same = aliased(QuestionFace)
    return (
        select(func.max(Annotation.id))
        .join(same, Annotation.face_id == same.id)
        .where(same.crop_id == QuestionFace.crop_id, Annotation.undone_at.is_(None), Annotation.counts.is_(counts))
        .correlate(QuestionFace)
        .scalar_subquery()
    )


def _suggestions(annotations: Sequence[Annotation], effective: Annotation | None) -> tuple[FaceAnnotation, ...]:
    since = effective.id if effective is not None else 0
    last = {
        annotation.said_by: annotation
        for annotation in annotations
        if not annotation.counts and annotation.undone_at is None and annotation.id > since
    }
    return tuple(face_annotation(annotation) for annotation in last.values())
