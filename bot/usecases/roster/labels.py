"""Labels that look wrong: shown, and decided by a moderator.

A label from an annotation is corrected by another annotation, which can be undone. A submitted photo is moved or removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.annotations import AnnotationInput
from bot.database.labels import LabelRepository
from bot.database.photos import PhotoRepository
from bot.database.tables.rosters import Member
from bot.database.tables.visibility import may_show
from bot.domain.enums import AnnotationMeaning
from bot.domain.labels import LabelConfirmed, LabelMoved, LabelRemoved
from bot.domain.messages import Message
from bot.errors import PersonError
from bot.usecases.questions import crops
from bot.usecases.questions.correct import save_annotations

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.tables.rosters import Photo
    from bot.domain.enums import FaceOrigin
    from bot.usecases.questions.correct import Actor

GONE = Message("That photo is gone: somebody removed or corrected it.")


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo with its label. `looks_like`: the id of another member, None for nobody.

    `crop`: None where the file is lost or damaged, or where only the channel `only_in` may show it. `spoiler`: it is shown
    covered.
    """

    photo: int
    group: str
    member: str
    looks_like: int | None
    looks_like_name: str | None
    origin: FaceOrigin
    labelled_by: int
    labelled_at: datetime
    face_width: int
    sharpness: float | None
    only_in: int | None
    spoiler: bool
    crop: bytes | None


async def show_label(
    app: App, server_id: int, channel_id: int | None, photo_id: int, looks_like: int | None
) -> LabelledPhoto:
    """A label of a server's roster, as this channel may show it. Raises PersonError where it is gone."""
    async with app.database.reading() as session:
        photo = await _find(session, server_id, photo_id)
        other = await _other_of_group(session, photo, looks_like) if looks_like else None
    (crop,) = await crops.read(app, [photo.crop.key if may_show(photo.crop.only_in, channel_id) else None])
    return LabelledPhoto(
        photo=photo.id,
        group=photo.member.group.name,
        member=photo.member.name,
        looks_like=other.id if other else None,
        looks_like_name=other.name if other else None,
        origin=photo.origin,
        labelled_by=photo.added_by,
        labelled_at=photo.added_at,
        face_width=photo.crop.face_width,
        sharpness=photo.crop.sharpness,
        only_in=photo.crop.only_in,
        spoiler=photo.crop.spoiler,
        crop=crop,
    )


async def confirm_label(app: App, server_id: int, photo_id: int, actor: Actor) -> LabelConfirmed:
    """Confirm a label. Raises PersonError where it is gone."""
    async with app.database.writing() as session:
        photo = await _find(session, server_id, photo_id)
        await LabelRepository(session).vouch(photo, actor.id)
        return LabelConfirmed(photo.member.name)


async def move_label(app: App, server_id: int, photo_id: int, member_id: int, actor: Actor) -> LabelMoved:
    """Move a photo to another member of its group. Raises PersonError where either is gone."""
    async with app.database.writing() as session:
        photo = await _find(session, server_id, photo_id)
        member = await _other_of_group(session, photo, member_id)
        if member is None:
            raise PersonError("That member has been removed since.")
        before = photo.member.name
        face = await LabelRepository(session).annotated_face(photo)
        if face is None:
            await LabelRepository(session).move(photo, member, actor.id)
        else:
            await save_annotations(
                session,
                [AnnotationInput(face, AnnotationMeaning.MEMBER, member.id, member.name, deliberate=True)],
                actor,
            )
        return LabelMoved(member.name, before)


async def remove_label(app: App, server_id: int, photo_id: int, actor: Actor) -> LabelRemoved:
    """Remove a photo from its member. Raises PersonError where it is gone."""
    async with app.database.writing() as session:
        photo = await _find(session, server_id, photo_id)
        name = photo.member.name
        face = await LabelRepository(session).annotated_face(photo)
        if face is None:
            await PhotoRepository(session).remove(photo, server_id, actor.id)
        else:
            await save_annotations(
                session, [AnnotationInput(face, AnnotationMeaning.NOT_MEMBER, photo.member_id, name)], actor
            )
    await crops.sweep(app)
    return LabelRemoved(name)


async def _other_of_group(session: AsyncSession, photo: Photo, member_id: int) -> Member | None:
    """A member of the group that a photo belongs to; None where there is no such member."""
    member = await session.get(Member, member_id)
    return member if member is not None and member.group_id == photo.member.group_id else None


async def _find(session: AsyncSession, server_id: int, photo_id: int) -> Photo:
    photo = await LabelRepository(session).find(photo_id, server_id)
    if photo is None:
        raise PersonError(GONE)
    return photo
