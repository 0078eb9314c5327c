"""The photos of members: list them, show them, remove them, and compare new photos with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import delete, func, select

from bot.clock import utc_now
from bot.database.annotations import effective_annotation
from bot.database.encodings import is_comparable
from bot.database.servers import ServerRepository
from bot.database.tables import visibility
from bot.database.tables.questions import Annotation, QuestionFace
from bot.database.tables.rosters import Crop, CropEncoding, Group, Member, Photo
from bot.domain.faces import PhotoFingerprint

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.domain.enums import FaceOrigin


_PHASH: Final = re.compile(r"[0-9a-f]{16}")
"""A perceptual hash. A damaged one is left out."""


class PhotoWithCrop(NamedTuple):
    """A photo with its crop. `key` to `spoiler`: as in `Crop`."""

    id: int
    key: str
    sha256: str
    face_width: int
    sharpness: float | None
    only_in: int | None
    spoiler: bool
    origin: FaceOrigin
    added_by: int
    added_at: datetime

    @property
    def is_public(self) -> bool:
        """Whether the crop may be in public pictures."""
        return visibility.is_public(self.only_in, spoiler=self.spoiler)


class PublicPhoto(NamedTuple):
    """A photo whose crop may be in public pictures: the crop's storage key, the face's width in pixels, its sharpness."""

    key: str
    face_width: int
    sharpness: float | None


class PhotoRepository:
    """Statements over the photos of members, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_member(self, member_id: int, *, offset: int = 0, limit: int | None = None) -> list[PhotoWithCrop]:
        """The photos of a member, the oldest first."""
        query = _with_crops().where(Photo.member_id == member_id)
        return [PhotoWithCrop(*row) for row in await self._session.execute(query.offset(offset).limit(limit))]

    async def with_crops(self, photos: Collection[int]) -> list[PhotoWithCrop]:
        """Those of `photos` (ids) that still exist, the oldest first."""
        return [PhotoWithCrop(*row) for row in await self._session.execute(_with_crops().where(Photo.id.in_(photos)))]

    async def arrived_since(self, group_id: int, since: datetime) -> frozenset[int]:
        """The ids of a group's photos whose crops were made since then. Another label doesn't make a photo recent."""
        query = select(Photo.id).join(Photo.crop).join(Photo.member)
        return frozenset(await self._session.scalars(query.where(Member.group_id == group_id, Crop.made_at >= since)))

    async def counts(self, member_id: int) -> dict[FaceOrigin, int]:
        """The number of a member's photos by origin."""
        query = select(Photo.origin, func.count()).where(Photo.member_id == member_id).group_by(Photo.origin)
        return {row[0]: row[1] for row in await self._session.execute(query)}

    async def first_of_each(self, group_id: int) -> dict[int, str]:
        """The storage key of one public crop of each member of a group, by the member's id."""
        public = select(func.min(Photo.id)).join(Photo.crop).join(Photo.member).where(Crop.is_public)
        first = public.where(Member.group_id == group_id).group_by(Photo.member_id)
        query = select(Photo.member_id, Crop.key).join(Photo.crop).where(Photo.id.in_(first))
        return {row[0]: row[1] for row in await self._session.execute(query)}

    async def public_photos(self, groups: Collection[int]) -> dict[int, PublicPhoto]:
        """The public photos of these groups, by their ids."""
        query = select(Photo.id, Crop.key, Crop.face_width, Crop.sharpness).join(Photo.crop).join(Photo.member)
        rows = await self._session.execute(query.where(Member.group_id.in_(groups), Crop.is_public))
        return {photo: PublicPhoto(key, width, sharpness) for photo, key, width, sharpness in rows}

    async def find(self, photo_id: int, server_id: int) -> Photo | None:
        """A photo in the roster of a server."""
        query = select(Photo).join(Photo.member).join(Member.group)
        return (await self._session.scalars(query.where(Photo.id == photo_id, Group.server_id == server_id))).first()

    async def remove(self, photo: Photo, server_id: int, by: int) -> None:
        """Remove a photo, and undo the annotations that named its face. Otherwise the next annotation would add it again."""
        query = (
            select(Annotation).join(QuestionFace).where(QuestionFace.crop_id == photo.crop_id).order_by(Annotation.id)
        )
        annotations = (await self._session.scalars(query)).all()
        annotation = effective_annotation(annotations)
        if annotation is not None and annotation.member_id == photo.member_id:
            for counting in annotations:
                if counting.counts and counting.undone_at is None:
                    counting.undone_at, counting.undone_by = utc_now(), by
        await self._session.flush()
        await self._session.execute(
            delete(Photo).where(Photo.id == photo.id).execution_options(synchronize_session=False)
        )
        await ServerRepository(self._session).mark_roster_changed(server_id)

    async def hashes(self, server_id: int) -> list[tuple[int, str]]:
        """(member's id, perceptual hash) of each photo of a server whose crop has a hash."""
        query = (
            select(Photo.member_id, Crop.phash)
            .join(Photo.crop)
            .join(Photo.member)
            .join(Member.group)
            .where(Group.server_id == server_id, Crop.phash.is_not(None))
            .order_by(Photo.id)
        )
        rows = await self._session.execute(query)
        return [(member, phash) for member, phash in rows if phash is not None and _PHASH.fullmatch(phash)]

    async def fingerprints(self, group_id: int, engine: str) -> list[tuple[int, PhotoFingerprint]]:
        """(member's id, perceptual hash and encoding by `engine`) of each photo of a group that has such an encoding."""
        query = (
            select(Photo.member_id, Crop.phash, CropEncoding.vector)
            .join(Photo.crop)
            .join(Photo.member)
            .join(CropEncoding, CropEncoding.crop_id == Photo.crop_id)
            .where(Member.group_id == group_id, is_comparable(engine))
            .order_by(Photo.id)
        )
        rows = await self._session.execute(query)
        return [
            (member, PhotoFingerprint(phash if phash and _PHASH.fullmatch(phash) else None, vector))
            for member, phash, vector in rows
            if vector
        ]


def _with_crops() -> Select[
    int, str, str, int, float | None, int | None, bool, FaceOrigin, int, datetime, *tuple[Any, ...]
]:
    """The columns of `PhotoWithCrop`, the oldest photo first."""
    return (
        select(
            Photo.id,
            Crop.key,
            Crop.sha256,
            Crop.face_width,
            Crop.sharpness,
            Crop.only_in,
            Crop.spoiler,
            Photo.origin,
            Photo.added_by,
            Photo.added_at,
        )
        .join(Photo.crop)
        .order_by(Photo.id)
    )
