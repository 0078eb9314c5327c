"""Photos with the labels that they bear: found again, vouched for, moved."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists, select, update
from sqlalchemy.orm import contains_eager

from bot.database.base import utc_now
from bot.database.servers import ServerRepository
from bot.database.tables.questions import QuestionFace
from bot.database.tables.rosters import Group, Member, Photo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DoubtfulLabel:
    """A photo that says `member` and looks like another member, by id and name, or like nobody."""

    photo: int
    member: str
    looks_like: int | None
    looks_like_name: str | None


class LabelRepository:
    """Statements over labels, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def doubtful(self, doubts: Mapping[int, int | None]) -> list[DoubtfulLabel]:
        """Photos, and whom they look like, in their order; those are left out that are gone or that somebody vouched for."""
        query = select(Photo.id, Member.name).join(Photo.member)
        said = await self._session.execute(query.where(Photo.id.in_(doubts), Photo.vouched_by.is_(None)))
        label = dict(said.all())
        wanted = [like for like in doubts.values() if like is not None]
        members = await self._session.execute(select(Member.id, Member.name).where(Member.id.in_(wanted)))
        name = dict(members.all())
        return [
            DoubtfulLabel(photo, label[photo], like, name.get(like) if like is not None else None)
            for photo, like in doubts.items()
            if photo in label
        ]

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
        """Remember that somebody says the label is right."""
        await self._session.execute(
            update(Photo).where(Photo.id == photo.id).values(vouched_by=by).execution_options(synchronize_session=False)
        )

    async def face(self, photo: Photo) -> int | None:
        """The face by a word about which the photo was made; None where there is none, or its crop is no longer the same."""
        if photo.face_id is None:
            return None
        same = exists().where(QuestionFace.id == photo.face_id, QuestionFace.crop_id == photo.crop_id)
        return photo.face_id if await self._session.scalar(select(same)) else None

    async def move(self, photo: Photo, to: Member, by: int) -> None:
        """Let a photo that no word made be of another member of its group: somebody says so, and vouches for it."""
        query = select(Photo).where(Photo.member_id == to.id, Photo.crop_id == photo.crop_id)
        twin = (await self._session.scalars(query)).one_or_none()
        log.info(
            "photo %s is of member %s now, says %s; it was of %s, by %s at %s",
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
        await ServerRepository(self._session).touch(photo.member.group.server_id)
