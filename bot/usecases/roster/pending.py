"""Photos that wait for a moderator's decision: which of several faces is the member's, and whether a doubtful one is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.database.lookup import require_member_by_id
from bot.database.questions import QuestionRepository
from bot.database.quotas import QuotaRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.questions import Question, QuestionFace
from bot.database.tables.rosters import Crop, Member, Photo
from bot.domain.photos import example_flaw, find_resemblance
from bot.domain.places import Place
from bot.domain.quotas import Quota
from bot.domain.rosters import MemberPhotos
from bot.errors import ForgottenError
from bot.usecases.questions import correct, crops
from bot.usecases.questions.access import require_asked_here
from bot.usecases.roster.enrolment import require_learning

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.domain.answers import AnsweredFace
    from bot.domain.photos import PhotoDoubt
    from bot.usecases.questions.correct import Actor


@dataclass(frozen=True, slots=True)
class DoubtfulFace:
    """A face that waits for a moderator's decision. `spoiler`: its photo was submitted as one. `face_width`: in pixels."""

    question: int
    face: int
    member: int
    doubt: PhotoDoubt
    crop: bytes | None
    spoiler: bool
    face_width: int
    sharpness: float | None


async def choose_face(
    app: App, server_id: int, question_id: int, face_id: int, member_id: int, by: Actor
) -> DoubtfulFace | MemberPhotos:
    """Choose one of several faces; returns the member's photos, or the face if it is doubtful in itself.

    Raises PersonError where the photo or the member is gone, and QuotaError where there is no room for the photo.
    """
    async with app.database.reading() as session:
        face, member = await _read(session, server_id, question_id, face_id, member_id)
        kept = await session.get(QuestionFace, face_id)
        crop = await session.get(Crop, kept.crop_id) if kept and kept.crop_id else None
        if crop is None:
            raise ForgottenError
        flaw = example_flaw(crop.face_width, crop.sharpness)
        doubt = flaw or find_resemblance(face.guess, member.id, member.name)
    if doubt is not None:
        (data,) = await crops.read(app, [crop.key])
        seen = crop.face_width, crop.sharpness
        return DoubtfulFace(question_id, face_id, member_id, doubt, data, crop.spoiler, *seen)
    return await _learn(app, server_id, question_id, face_id, member_id, by, deliberate=False)


async def use_face(app: App, server_id: int, question_id: int, face_id: int, member_id: int, by: Actor) -> MemberPhotos:
    """Use a doubtful face; returns the member's photos. Raises as `choose_face` does."""
    async with app.database.reading() as session:
        await _read(session, server_id, question_id, face_id, member_id)
    return await _learn(app, server_id, question_id, face_id, member_id, by, deliberate=True)


async def leave_out(app: App, server_id: int, question_id: int) -> bool:
    """Forget a photo that waits. Returns False, and keeps it, where it was used meanwhile."""
    async with app.database.writing() as session:
        answer = require_asked_here(await QuestionRepository(session).answer(question_id), Place(server_id))
        if any(face.annotation is not None for _, face in answer.faces):
            return False
        await session.execute(
            delete(Question).where(Question.id == question_id).execution_options(synchronize_session=False)
        )
    await crops.sweep(app)
    return True


async def _read(
    session: AsyncSession, server_id: int, question_id: int, face_id: int, member_id: int
) -> tuple[AnsweredFace, Member]:
    answer = require_asked_here(await QuestionRepository(session).answer(question_id), Place(server_id))
    _, face = correct.face_of(answer, face_id)
    return face, await require_member_by_id(session, [server_id], member_id)


async def _learn(
    app: App, server_id: int, question_id: int, face_id: int, member_id: int, by: Actor, *, deliberate: bool
) -> MemberPhotos:
    await require_learning(app, server_id)
    async with app.database.writing() as session:
        await correct.assign_member_in(session, question_id, face_id, member_id, by, deliberate=deliberate)
        member = await require_member_by_id(session, [server_id], member_id)
        crop = select(QuestionFace.crop_id).where(QuestionFace.id == face_id).scalar_subquery()
        learned = select(Photo.id).where(Photo.crop_id == crop, Photo.member_id == member_id)
        if (await session.scalars(learned)).first() is None:
            # The question stays as it was, so that the photo can be used once there is room.
            await QuotaRepository(session).require(server_id, Quota.PHOTOS)
            raise ForgottenError  # the crop was forgotten meanwhile
        count = await RosterRepository(session).photo_count(member_id)
    return MemberPhotos(member.name, member.group.name, count)
