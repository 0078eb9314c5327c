"""Crops of faces: kept once a server, and gone when no photo and no face names them any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, exists, or_, select, update

from bot.database.servers import ServerRepository
from bot.database.tables.clips import ClipJob
from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture
from bot.database.tables.rosters import Crop, CropEncoding, Photo
from bot.domain.enums import Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Update
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.domain.deletions import MessageScope
    from bot.domain.faces import FaceCrop


class StoredCrop(NamedTuple):
    """A face that was cut out, where it was put in the storage, and the hash that it is known by; see `Crop`."""

    crop: FaceCrop
    key: str
    sha256: str


class CropRepository:
    """Statements over crops, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, server_id: int, stored: StoredCrop, vector: bytes, engine: str) -> Crop:
        """Keep a crop with its encoding by `engine`. Where there is one of that hash it is that, with a key of its own."""
        query = select(Crop).where(Crop.server_id == server_id, Crop.sha256 == stored.sha256)
        crop = (await self._session.scalars(query)).one_or_none()
        if crop is None:
            crop = Crop(
                server_id=server_id,
                sha256=stored.sha256,
                key=stored.key,
                phash=stored.crop.phash,
                face_width=stored.crop.face_width,
                sharpness=stored.crop.sharpness,
            )
            self._session.add(crop)
            await self._session.flush()
        await self._session.merge(CropEncoding(crop_id=crop.id, engine=engine, vector=vector))
        return crop

    async def confine(self, crop: Crop, only_in: int | None, *, spoiler: bool) -> None:
        """Let a crop be shown in this channel alone, and covered if it is a `spoiler`, wherever else it was posted since.

        What was drawn with it, where a member is known by it, is drawn anew.
        """
        before = crop.only_in, crop.spoiler
        crop.only_in, crop.spoiler = crop.only_in or only_in, crop.spoiler or spoiler
        known = await self._session.scalar(select(exists().where(Photo.crop_id == crop.id)))
        if known and before != (crop.only_in, crop.spoiler):
            await ServerRepository(self._session).touch(crop.server_id)

    async def encodings(self, server_id: int, engine: str) -> list[tuple[bytes, int | None]]:
        """Every encoding by `engine` of a server's crops, and the member whose photo it is, None of a face that is no photo."""
        rows = await self._session.execute(
            select(CropEncoding.vector, Photo.member_id)
            .select_from(Crop)
            .join(CropEncoding)
            .outerjoin(Photo, Photo.crop_id == Crop.id)
            .where(Crop.server_id == server_id, CropEncoding.engine == engine, CropEncoding.vector.is_not(None))
        )
        return [(vector, member) for vector, member in rows if vector is not None]

    async def storage_key(self, face_id: int) -> str | None:
        """Where in the storage the crop of a face is; None where none is kept."""
        query = select(Crop.key).join(QuestionFace, QuestionFace.crop_id == Crop.id).where(QuestionFace.id == face_id)
        return (await self._session.scalars(query)).one_or_none()

    async def used(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that a crop has."""
        return set(await self._session.scalars(select(Crop.key).where(Crop.key.in_(keys))))

    async def forget_older(self, before: datetime) -> None:
        """Forget the faces that were asked about before then, and that no word counts of: crop and encoding."""
        await self._forget(Question.asked_at < before, ~_labelled())

    async def drop_unlabelled(self, server_id: int, origins: Collection[Origin]) -> int:
        """Take a server's crops from the faces that came so and that no word counts of; how many faces."""
        return await self._take(Question.server_id == server_id, Question.origin.in_(origins), ~_labelled())

    async def has_faces_of_deleted(self, gone: MessageScope) -> bool:
        """Whether `forget_deleted` would forget anything."""
        query = select(QuestionFace.id).join(QuestionPicture).join(Question)
        found = query.where(_concerns(gone), _known(), ~_labelled()).limit(1)
        return await self._session.scalar(found) is not None

    async def forget_deleted(self, gone: MessageScope) -> None:
        """Forget the faces of what was posted, asked or answered there, where no word counts of them."""
        await self._forget(_concerns(gone), ~_labelled())

    async def forget_question(self, question_id: int) -> None:
        """Forget the faces of a question, where no word counts of them."""
        await self._forget(Question.id == question_id, ~_labelled())

    async def forget_members(self, members: Collection[int]) -> None:
        """Forget the faces that nobody asked about, are taken for these members, and that no word counts of."""
        handed_in = Question.origin.in_([Origin.SUBMITTED, Origin.GATHERED])
        await self._forget(handed_in, QuestionFace.member_id.in_(members), ~_labelled())

    async def _take(self, *which: ColumnElement[bool]) -> int:
        """Take the crops from the faces for which all of `which` holds."""
        kept = _faces(*which, QuestionFace.crop_id.is_not(None))
        taken = await self._session.scalars(kept.values(crop_id=None).returning(QuestionFace.id))
        return len(taken.all())

    async def _forget(self, *which: ColumnElement[bool]) -> None:
        await self._session.execute(_faces(*which, _known()).values(crop_id=None, vector=b""))

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


def _known() -> ColumnElement[bool]:
    """That anything is kept of a face by which it would be known again."""
    return or_(QuestionFace.crop_id.is_not(None), QuestionFace.vector != b"")


def _concerns(gone: MessageScope) -> ColumnElement[bool]:
    """That what a question is about was posted there, or asked or answered there."""
    clips = select(ClipJob.question_id).where(ClipJob.answer_id.in_(gone.messages), ClipJob.question_id.is_not(None))
    return or_(
        Question.source_message_id.in_(gone.messages),
        Question.question_message_id.in_(gone.messages),
        Question.card_message_id.in_(gone.messages),
        Question.id.in_(clips.scalar_subquery()),
        Question.channel_id.in_(gone.channels),
        Question.place_id.in_(gone.channels),
    )


def _labelled() -> ColumnElement[bool]:
    return (
        exists()
        .where(Annotation.face_id == QuestionFace.id, Annotation.counts.is_(True), Annotation.undone_at.is_(None))
        .correlate(QuestionFace)
    )


def _faces(*which: ColumnElement[bool]) -> Update:
    """An UPDATE of the faces of questions for which all of `which` holds."""
    found = select(QuestionFace.id).join(QuestionPicture).join(Question).where(*which)
    return (
        update(QuestionFace)
        .where(QuestionFace.id.in_(found.scalar_subquery()))
        .execution_options(synchronize_session=False)
    )
