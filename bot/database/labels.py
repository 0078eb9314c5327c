"""The labels of photos, each the member that the photo belongs to: suspected, vouched for, moved."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists, select, update
from sqlalchemy.orm import contains_eager

from bot.clock import utc_now
from bot.database.servers import ServerRepository
from bot.database.tables.questions import QuestionFace
from bot.database.tables.rosters import Group, Member, Photo

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NamedSuspectedLabel:
    """A photo with the suspected label `member`. It looks like another member (id and name), or if both are None, nobody."""

    photo: int
    member: str
    looks_like: int | None
    looks_like_name: str | None


class LabelRepository:
    """Statements over labels, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def with_names(self, suspected: Mapping[int, int | None]) -> list[NamedSuspectedLabel]:
        """The labels of `suspected` photos, {photo's id: id of the member it looks like}, in that order, with names.

        Photos that are gone, or that somebody vouched for, are left out.
        """
        query = select(Photo.id, Member.name).join(Photo.member)
        rows = await self._session.execute(query.where(Photo.id.in_(suspected), Photo.vouched_by.is_(None)))
        labels = dict(rows.all())
        ids = [member for member in suspected.values() if member is not None]
        members = await self._session.execute(select(Member.id, Member.name).where(Member.id.in_(ids)))
        names = dict(members.all())
        return [
            NamedSuspectedLabel(
                photo, labels[photo], looks_like, names.get(looks_like) if looks_like is not None else None
            )
            for photo, looks_like in suspected.items()
            if photo in labels
        ]

    async def suspect(self, photos: Collection[int]) -> None:
        """Suspect the labels of these photos. Photos of annotations come up for review, unless somebody vouched for them."""
        faces = select(Photo.face_id).where(Photo.id.in_(photos), Photo.vouched_by.is_(None))
        await self._session.execute(
            update(QuestionFace)
            .where(QuestionFace.id.in_(faces.scalar_subquery()))
            .values(suspected=True)
            .execution_options(synchronize_session=False)
        )

    async def find(self, photo_id: int, server_id: int) -> Photo | None:
        """A photo of a server's roster with its member, group and crop."""
        query = (
            select(Photo)
            .join(Photo.member)
            .join(Member.group)
            .join(Photo.crop)
            .options(contains_eager(Photo.member).contains_eager(Member.group), contains_eager(Photo.crop))
            .where(Photo.id == photo_id, Group.server_id == server_id)
        )
        return (await self._session.scalars(query)).one_or_none()

    async def vouch(self, photo: Photo, by: int) -> None:
        """Remember that somebody confirmed the photo's label."""
        await self._session.execute(
            update(Photo).where(Photo.id == photo.id).values(vouched_by=by).execution_options(synchronize_session=False)
        )

    async def annotated_face(self, photo: Photo) -> int | None:
        """The id of the face whose annotation made the photo; None without one, or if the face has another crop now."""
        if photo.face_id is None:
            return None
        same = exists().where(QuestionFace.id == photo.face_id, QuestionFace.crop_id == photo.crop_id)
        return photo.face_id if await self._session.scalar(select(same)) else None

    async def move(self, photo: Photo, to: Member, by: int) -> None:
        """Move a photo that no annotation made to another member of its group. The person `by` vouches for it."""
        query = select(Photo).where(Photo.member_id == to.id, Photo.crop_id == photo.crop_id)
        twin = (await self._session.scalars(query)).one_or_none()
        log.info(
            "photo %s belongs to member %s now, by %s; before it belonged to %s, by %s at %s",
            (twin or photo).id,
            to.id,
            by,
            photo.member_id,
            photo.added_by,
            photo.added_at,
        )
        if twin is None:
            photo.was_member_id, photo.member_id = photo.member_id, to.id
            photo.added_by, photo.added_at, photo.vouched_by = by, utc_now(), by
        else:
            twin.vouched_by = by
            await self._session.delete(photo)
        await self._session.flush()
        await ServerRepository(self._session).mark_roster_changed(photo.member.group.server_id)
