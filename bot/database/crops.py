"""Crops of faces. A server has each crop once, and the crop goes when no photo and no face refers to it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, delete, exists, func, or_, select, update

from bot.database.encodings import is_comparable
from bot.database.quotas import QuotaRepository
from bot.database.servers import ServerRepository
from bot.database.tables.clips import ClipJob
from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture
from bot.database.tables.rosters import Crop, CropEncoding, Group, Member, Photo
from bot.domain.enums import FaceOrigin
from bot.domain.quotas import Quota

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Update
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.domain.deletions import MessageScope
    from bot.domain.faces import FaceCrop


class StoredCrop(NamedTuple):
    """A crop in the storage: `key` and `sha256` as in `Crop`."""

    crop: FaceCrop
    key: str
    sha256: str


class NamedCrop(NamedTuple):
    """A crop's storage key, and the group and the member that it is a photo of; None for a crop that is no photo."""

    key: str
    group: str | None
    member: str | None


class CropRepository:
    """Statements over crops, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, server_id: int, stored: StoredCrop, vector: bytes, engine: str) -> Crop:
        """Add a crop with its encoding by `engine`. If the server has a crop with that hash, that one is returned.

        Raises QuotaError.
        """
        query = select(Crop).where(Crop.server_id == server_id, Crop.sha256 == stored.sha256)
        crop = (await self._session.scalars(query)).one_or_none()
        if crop is None:
            size = len(stored.crop.jpeg)
            await QuotaRepository(self._session).consume(server_id, Quota.CROP_BYTES, size)
            crop = Crop(
                server_id=server_id,
                sha256=stored.sha256,
                key=stored.key,
                bytes=size,
                phash=stored.crop.phash,
                face_width=stored.crop.face_width,
                sharpness=stored.crop.sharpness,
            )
            self._session.add(crop)
            await self._session.flush()
        await self._session.merge(CropEncoding(crop_id=crop.id, engine=engine, vector=vector))
        return crop

    async def confine(self, crop: Crop, only_in: int | None, *, spoiler: bool) -> None:
        """Allow a crop in the channel `only_in` alone (None: anywhere), and mark it as a spoiler if it is one.

        Earlier limits stay. If the crop is a member's photo and its limits change, pictures of the roster are drawn anew.
        """
        before = crop.only_in, crop.spoiler
        crop.only_in, crop.spoiler = crop.only_in or only_in, crop.spoiler or spoiler
        known = await self._session.scalar(select(exists().where(Photo.crop_id == crop.id)))
        if known and before != (crop.only_in, crop.spoiler):
            await ServerRepository(self._session).mark_roster_changed(crop.server_id)

    async def encodings(self, server_id: int, engine: str) -> list[tuple[bytes, int | None]]:
        """(encoding by `engine`, member) for each crop of a server. The member is None for a crop that is no photo."""
        rows = await self._session.execute(
            select(CropEncoding.vector, Photo.member_id)
            .select_from(Crop)
            .join(CropEncoding)
            .outerjoin(Photo, Photo.crop_id == Crop.id)
            .where(Crop.server_id == server_id, is_comparable(engine))
        )
        return [(vector, member) for vector, member in rows if vector]

    async def storage_key(self, face_id: int) -> str | None:
        """The storage key of a face's crop, None for a face without one."""
        query = select(Crop.key).join(QuestionFace, QuestionFace.crop_id == Crop.id).where(QuestionFace.id == face_id)
        return (await self._session.scalars(query)).one_or_none()

    async def keys_by_hash(self, server_id: int, hashes: Collection[str]) -> dict[str, str]:
        """The storage key of each crop of a server with one of these hashes, by its hash."""
        query = select(Crop.sha256, Crop.key).where(Crop.server_id == server_id, Crop.sha256.in_(hashes))
        return {row.sha256: row.key for row in await self._session.execute(query)}

    async def restore(self, server_id: int, stored: StoredCrop) -> None:
        """Give a crop whose file was lost another file of the same photo."""
        lost = update(Crop).where(Crop.server_id == server_id, Crop.sha256 == stored.sha256)
        size = len(stored.crop.jpeg)
        await self._session.execute(
            lost.values(key=stored.key, bytes=size).execution_options(synchronize_session="fetch")
        )

    async def existing_keys(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that crops have."""
        return set(await self._session.scalars(select(Crop.key).where(Crop.key.in_(keys))))

    async def all_with_names(self) -> list[NamedCrop]:
        """All crops."""
        rows = await self._session.execute(
            select(Crop.key, Group.name, Member.name)
            .outerjoin(Photo, Photo.crop_id == Crop.id)
            .outerjoin(Member, Member.id == Photo.member_id)
            .outerjoin(Group, Group.id == Member.group_id)
            .order_by(Crop.id, Photo.id)
        )
        return list({key: NamedCrop(key, group, member) for key, group, member in rows}.values())

    async def forget_older(self, before: datetime) -> None:
        """Forget crop and encoding of the unlabelled faces that were asked about before then.

        The ids tell the order of questions. So one whose time is earlier than that of a question before it was asked while the
        clock was behind, and is as young as that question.
        """
        younger = select(func.min(Question.id)).where(Question.asked_at >= before).scalar_subquery()
        old = and_(Question.asked_at < before, or_(younger.is_(None), Question.id < younger))
        await self._forget(old, ~_labelled())

    async def drop_unlabelled(self, server_id: int, origins: Collection[FaceOrigin]) -> int:
        """Detach the crops of a server's unlabelled faces of these origins; returns the number of these faces."""
        return await self._detach(Question.server_id == server_id, Question.origin.in_(origins), ~_labelled())

    async def has_faces_of_deleted(self, scope: MessageScope) -> bool:
        """Whether `forget_deleted` would forget anything."""
        query = select(QuestionFace.id).join(QuestionPicture).join(Question)
        found = query.where(_in_scope(scope), _remembered(), ~_labelled()).limit(1)
        return await self._session.scalar(found) is not None

    async def forget_deleted(self, scope: MessageScope) -> None:
        """Forget the unlabelled faces of questions whose picture, question or card is in a message of `scope`."""
        await self._forget(_in_scope(scope), ~_labelled())

    async def forget_question(self, question_id: int) -> None:
        """Forget the unlabelled faces of a question."""
        await self._forget(Question.id == question_id, ~_labelled())

    async def forget_members(self, members: Collection[int]) -> None:
        """Forget the unlabelled faces of submitted and gathered photos that are taken for these members."""
        for_roster = Question.origin.in_([FaceOrigin.SUBMITTED, FaceOrigin.GATHERED])
        await self._forget(for_roster, QuestionFace.member_id.in_(members), ~_labelled())

    async def _detach(self, *conditions: ColumnElement[bool]) -> int:
        """Detach the crops of the faces that meet all conditions; returns their number."""
        faces = _update_faces(*conditions, QuestionFace.crop_id.is_not(None))
        detached = await self._session.scalars(faces.values(crop_id=None).returning(QuestionFace.id))
        return len(detached.all())

    async def _forget(self, *conditions: ColumnElement[bool]) -> None:
        await self._session.execute(_update_faces(*conditions, _remembered()).values(crop_id=None, vector=b""))

    async def sweep(self) -> Sequence[str]:
        """Delete the crops that no photo and no face refers to; returns their storage keys.

        The caller deletes the files once the transaction is committed.
        """
        deleted = await self._session.scalars(
            delete(Crop)
            .where(
                ~exists().where(Photo.crop_id == Crop.id).correlate(Crop),
                ~exists().where(QuestionFace.crop_id == Crop.id).correlate(Crop),
            )
            .returning(Crop.key)
            .execution_options(synchronize_session=False)
        )
        return deleted.all()


def _remembered() -> ColumnElement[bool]:
    """The condition that a face has a crop or an encoding."""
    return or_(QuestionFace.crop_id.is_not(None), QuestionFace.vector != b"")


def _in_scope(scope: MessageScope) -> ColumnElement[bool]:
    """The condition that a question's picture, question, card or clip is in a message of `scope`."""
    clips = select(ClipJob.question_id).where(ClipJob.answer_id.in_(scope.messages), ClipJob.question_id.is_not(None))
    return or_(
        Question.source_message_id.in_(scope.messages),
        Question.question_message_id.in_(scope.messages),
        Question.card_message_id.in_(scope.messages),
        Question.id.in_(clips.scalar_subquery()),
        Question.channel_id.in_(scope.channels),
        Question.place_id.in_(scope.channels),
    )


def _labelled() -> ColumnElement[bool]:
    """The condition that a face has an annotation that counts."""
    return (
        exists()
        .where(Annotation.face_id == QuestionFace.id, Annotation.counts.is_(True), Annotation.undone_at.is_(None))
        .correlate(QuestionFace)
    )


def _update_faces(*conditions: ColumnElement[bool]) -> Update:
    """An UPDATE of the faces that meet all conditions."""
    found = select(QuestionFace.id).join(QuestionPicture).join(Question).where(*conditions)
    return (
        update(QuestionFace)
        .where(QuestionFace.id.in_(found.scalar_subquery()))
        .execution_options(synchronize_session=False)
    )
