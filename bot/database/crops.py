"""Crops of faces: kept once a server, and gone when no photo and no face names them any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, exists, select, update

from bot.database.tables import Crop, CropEncoding, Photo, Question, QuestionFace, QuestionPicture, Word

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.jobs import Cut


class StoredCut(NamedTuple):
    """A face that was cut out, where it was put in the storage, and the hash that it is known by; see `Crop`."""

    cut: Cut
    key: str
    sha256: str


class Crops:
    """Statements over crops, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, server_id: int, stored: StoredCut, vector: bytes, engine: str) -> Crop:
        """Keep a crop with its encoding by `engine`. Where there is one of that hash it is that, with a key of its own."""
        query = select(Crop).where(Crop.server_id == server_id, Crop.sha256 == stored.sha256)
        crop = (await self._session.scalars(query)).one_or_none()
        if crop is None:
            crop = Crop(
                server_id=server_id,
                sha256=stored.sha256,
                key=stored.key,
                face_width=stored.cut.face_width,
                sharpness=stored.cut.sharpness,
            )
            self._session.add(crop)
            await self._session.flush()
        await self._session.merge(CropEncoding(crop_id=crop.id, engine=engine, vector=vector))
        return crop

    async def used(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that a crop has."""
        return set(await self._session.scalars(select(Crop.key).where(Crop.key.in_(keys))))

    async def let_go(self, before: datetime) -> None:
        """Take the crops from faces that were asked about before then, and of which nobody said a word."""
        asked = (
            select(QuestionFace.id)
            .join(QuestionPicture)
            .join(Question)
            .where(Question.asked_at < before, QuestionFace.crop_id.is_not(None), ~_spoken_of())
        )
        await self._session.execute(
            update(QuestionFace)
            .where(QuestionFace.id.in_(asked.scalar_subquery()))
            .values(crop_id=None)
            .execution_options(synchronize_session=False)
        )

    async def sweep(self) -> Sequence[str]:
        """Forget the crops that nothing names; their keys, for the storage to forget once this is committed."""
        gone = await self._session.scalars(
            delete(Crop)
            .where(
                ~exists().where(Photo.crop_id == Crop.id).correlate(Crop),
                ~exists().where(QuestionFace.crop_id == Crop.id).correlate(Crop),
            )
            .returning(Crop.key)
            .execution_options(synchronize_session=False)
        )
        return gone.all()


def _spoken_of() -> ColumnElement[bool]:
    return exists().where(Word.face_id == QuestionFace.id, Word.undone_at.is_(None)).correlate(QuestionFace)
