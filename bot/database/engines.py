"""The engine in use, and the encodings of crops by each engine. A crop in which an engine finds no face is recorded too."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, exists, func, select, update

from bot.database.tables.models import EngineInUse
from bot.database.tables.rosters import Crop, CropEncoding, Group, Member, Photo
from bot.database.tables.servers import Server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession


class UnencodedCrop(NamedTuple):
    """A crop's id and storage key."""

    crop: int
    key: str


class FacelessPhoto(NamedTuple):
    """A member's photo in whose crop an engine found no face."""

    group: str
    member: str
    crop_key: str


class EncodingProgress(NamedTuple):
    """Numbers of crops: all, those in which an engine found the face, and those in which it found none."""

    crops: int
    encoded: int
    faceless: int

    @property
    def left(self) -> int:
        """The number of crops that the engine has not seen yet."""
        return self.crops - self.encoded - self.faceless


class EngineRepository:
    """Statements over engines, in one session. `version`: an engine's version, which its encodings carry."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def in_use(self, *, held: bool = False) -> str:
        """The name of the engine in use. `held`: it stays in use until this transaction ends."""
        # SQLite has no FOR UPDATE: there, a session that writes holds the lock of the whole database.
        query = select(EngineInUse.name)
        return (await self._session.scalars(query.with_for_update() if held else query)).one()

    async def switch(self, name: str, version: str) -> bool:
        """Switch to the engine `name`, and have recognisers fitted anew.

        Returns False, and changes nothing, while there is a crop that the engine has not seen.
        """
        await self.in_use(held=True)
        unseen = select(Crop.id).where(_unseen_by(version)).exists()
        switched = await self._session.scalars(
            update(EngineInUse)
            .where(~unseen)
            .values(name=name, told=True)
            .returning(EngineInUse.id)
            .execution_options(synchronize_session=False)
        )
        if switched.one_or_none() is None:
            return False
        await self.fit_anew()
        return True

    async def fit_anew(self) -> None:
        """Have the recognisers of all servers fitted anew."""
        await self._session.execute(update(Server).values(roster_revision=Server.roster_revision + 1))

    async def tell_once(self) -> str | None:
        """The engine in use, unless the operator was told of others before, or has chosen it."""
        told = await self._session.scalars(
            update(EngineInUse)
            .where(EngineInUse.told.is_(False))
            .values(told=True)
            .returning(EngineInUse.name)
            .execution_options(synchronize_session=False)
        )
        return told.one_or_none()

    async def unencoded(self, version: str, limit: int) -> list[UnencodedCrop]:
        """Crops that the engine has not seen, the oldest first; `limit` at most."""
        query = select(Crop.id, Crop.key).where(_unseen_by(version)).order_by(Crop.id).limit(limit)
        return [UnencodedCrop(*row) for row in await self._session.execute(query)]

    async def add_encodings(self, version: str, vectors: Mapping[int, bytes | None]) -> None:
        """Add encodings by the ids of their crops; None for a crop without a face.

        Crops that were removed meanwhile, or encoded by another process, are left out.
        """
        wanted = await self._session.scalars(select(Crop.id).where(Crop.id.in_(vectors), _unseen_by(version)))
        self._session.add_all(CropEncoding(crop_id=crop, engine=version, vector=vectors[crop]) for crop in wanted.all())
        await self._session.flush()

    async def progress(self, version: str) -> EncodingProgress:
        """The engine's progress with the crops of all servers."""
        of_engine = select(func.count(), func.count(CropEncoding.vector)).where(CropEncoding.engine == version)
        seen, encoded = (await self._session.execute(of_engine)).one()
        crops = await self._session.scalar(select(func.count()).select_from(Crop)) or 0
        return EncodingProgress(crops, encoded, seen - encoded)

    async def faceless_photos(self, version: str) -> list[FacelessPhoto]:
        """The photos of members in which the engine found no face."""
        query = (
            select(Group.name, Member.name, Crop.key)
            .select_from(Photo)
            .join(Crop)
            .join(CropEncoding)
            .join(Member)
            .join(Group)
            .where(CropEncoding.engine == version, CropEncoding.vector.is_(None))
            .order_by(Group.key, Member.key, Photo.id)
        )
        return [FacelessPhoto(*row) for row in await self._session.execute(query)]

    async def retry_faceless(self, version: str) -> None:
        """Forget the crops in which the engine found no face, so that it sees them again."""
        await self._session.execute(
            delete(CropEncoding).where(CropEncoding.engine == version, CropEncoding.vector.is_(None))
        )


def _unseen_by(version: str) -> ColumnElement[bool]:
    return ~exists().where(CropEncoding.crop_id == Crop.id, CropEncoding.engine == version).correlate(Crop)
