"""The training set: photos of members follow the effective annotations of faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.database.annotations import effective_annotation
from bot.database.quotas import QuotaRepository
from bot.database.servers import ServerRepository
from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture
from bot.database.tables.rosters import Crop, Group, Member, Photo
from bot.domain.enums import AnnotationMeaning, FaceOrigin, NotLearnedReason, teaches
from bot.domain.quotas import Quota
from bot.errors import ForgottenError
from models.faces import FaceFlaw, flaw_of_example

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncSession


class TrainingSetRepository:
    """Statements over the photos that annotations make, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._quotas = QuotaRepository(session)

    async def update_for(self, faces: Collection[int]) -> None:
        """Make the photos of the crops of `faces` match their effective annotations, and have recognisers fitted anew."""
        query = select(Crop).join(QuestionFace, QuestionFace.crop_id == Crop.id).where(QuestionFace.id.in_(faces))
        for crop in (await self._session.scalars(query.distinct())).all():
            await self._update_photos(crop)
        servers = select(Question.server_id).join(QuestionPicture).join(QuestionFace).where(QuestionFace.id.in_(faces))
        for server_id in (await self._session.scalars(servers.distinct())).all():
            if server_id is not None:
                await ServerRepository(self._session).mark_roster_changed(server_id)

    async def not_learned_reason(self, face_id: int, member_id: int) -> NotLearnedReason | None:
        """The reason why nothing is learned from a face with this member's name; None if something is."""
        query = (
            select(QuestionFace.crop_id, Question.server_id, Question.origin)
            .join(QuestionPicture, QuestionFace.picture_id == QuestionPicture.id)
            .join(Question, QuestionPicture.question_id == Question.id)
            .where(QuestionFace.id == face_id)
        )
        crop_id, server_id, origin = (await self._session.execute(query)).one()
        if server_id is None:
            return NotLearnedReason.PRIVATE
        learned = select(Photo.id).where(Photo.crop_id == crop_id, Photo.member_id == member_id)
        if crop_id is not None and (await self._session.scalars(learned)).first() is not None:
            return None
        if await self._owner(member_id) != server_id:
            return NotLearnedReason.SHARED
        if not teaches((await ServerRepository(self._session).choices(server_id)).learns, origin):
            return NotLearnedReason.CHOSEN
        if not await self._quotas.has_room(server_id, Quota.PHOTOS):
            return NotLearnedReason.FULL
        crop = await self._session.get(Crop, crop_id) if crop_id is not None else None
        flaw = flaw_of_example(crop.face_width, crop.sharpness) if crop is not None else None
        return (
            {FaceFlaw.SMALL: NotLearnedReason.SMALL, FaceFlaw.BLURRED: NotLearnedReason.BLURRED}.get(flaw)
            if flaw
            else NotLearnedReason.FORGOTTEN
        )

    async def _update_photos(self, crop: Crop) -> None:
        annotations = await self._session.scalars(
            select(Annotation).join(QuestionFace).where(QuestionFace.crop_id == crop.id).order_by(Annotation.id)
        )
        annotation = effective_annotation(annotations.all())
        member = (
            annotation.member_id if annotation is not None and annotation.meaning is AnnotationMeaning.MEMBER else None
        )
        photos = (await self._session.scalars(select(Photo).where(Photo.crop_id == crop.id))).all()
        for photo in photos:
            if photo.face_id is not None and photo.member_id != member:
                await self._session.delete(photo)
                await self._quotas.release(crop.server_id, Quota.PHOTOS)
        await self._session.flush()
        if annotation is None or member is None or any(photo.member_id == member for photo in photos):
            return
        origin = await self._origin(annotation.face_id)
        if not (annotation.deliberate or flaw_of_example(crop.face_width, crop.sharpness) is None):
            return
        if not await self._may_learn(crop.server_id, member, origin):
            return
        if not await self._quotas.has_room(crop.server_id, Quota.PHOTOS):
            await self._quotas.report_full(crop.server_id, Quota.PHOTOS)
            return
        await self._quotas.consume(crop.server_id, Quota.PHOTOS)
        self._session.add(
            Photo(
                member_id=member,
                crop_id=crop.id,
                face_id=annotation.face_id,
                origin=origin,
                added_by=annotation.author_id,
            )
        )
        await self._session.flush()

    async def _origin(self, face_id: int) -> FaceOrigin:
        query = select(Question.origin).join(QuestionPicture).join(QuestionFace).where(QuestionFace.id == face_id)
        origin = (await self._session.scalars(query)).one_or_none()
        if origin is None:
            raise ForgottenError
        return origin

    async def _may_learn(self, server_id: int, member_id: int, origin: FaceOrigin) -> bool:
        """Whether a server learns from faces of this origin for this member. Only its own roster learns, not the shared one."""
        learns = (await ServerRepository(self._session).choices(server_id)).learns
        return await self._owner(member_id) == server_id and teaches(learns, origin)

    async def _owner(self, member_id: int) -> int | None:
        """The server whose roster has the member."""
        return await self._session.scalar(select(Group.server_id).join(Member).where(Member.id == member_id))
