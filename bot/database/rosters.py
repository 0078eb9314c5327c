"""Groups and members with their photos and encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import contains_eager, selectinload

from bot.database.aliases import group_is_called, member_is_called
from bot.database.annotations import effective_annotation
from bot.database.crops import CropRepository
from bot.database.encodings import is_comparable
from bot.database.quotas import QuotaRepository
from bot.database.servers import ServerRepository
from bot.database.tables.models import Model, ModelPhoto
from bot.database.tables.questions import Annotation, QuestionFace
from bot.database.tables.rosters import Crop, CropEncoding, Group, Member, Photo
from bot.database.tables.servers import Server
from bot.domain.enums import AnnotationMeaning, FaceOrigin
from bot.domain.quotas import Quota
from bot.domain.rosters import EnrolledEncoding, Revisions
from bot.text.names import search_key

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession


class PhotoCount(NamedTuple):
    """The number of a member's photos. `member`: None for a group without members."""

    group: int
    group_name: str
    server: int
    member: str | None
    photos: int


class PhotoTotals(NamedTuple):
    """The number of all photos, and of those in use."""

    photos: int
    answering: int


class RosterRemovalCounts(NamedTuple):
    """The numbers of members, photos and labelled faces that the removal of a group or a member removes."""

    members: int
    photos: int
    labels: int


class RosterRepository:
    """Statements over rosters, in one session. `servers`: the servers whose rosters are searched."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def servers(self) -> Sequence[int]:
        """The servers that have a group, the shared roster first."""
        return (await self._session.scalars(select(Group.server_id).distinct().order_by(Group.server_id))).all()

    async def group_ids(self) -> set[int]:
        """The ids of all groups of all servers."""
        return set(await self._session.scalars(select(Group.id)))

    async def groups(self, servers: Collection[int]) -> Sequence[Group]:
        """The groups of `servers`, by name."""
        found = await self._session.scalars(select(Group).where(Group.server_id.in_(servers)).order_by(Group.key))
        return found.all()

    async def find_group(self, servers: Collection[int], name: str) -> Group | None:
        """The group called `name`, in any spelling; a server's own group before a shared one."""
        query = select(Group).where(Group.server_id.in_(servers), group_is_called(search_key(name)))
        return (await self._session.scalars(query.order_by(Group.server_id.desc()))).first()

    async def group(self, servers: Collection[int], group_id: int) -> Group | None:
        """The group with this id of one of `servers`."""
        return await self._session.scalar(select(Group).where(Group.id == group_id, Group.server_id.in_(servers)))

    async def add_group(self, server_id: int, name: str) -> Group:
        """Add a group. Raises QuotaError."""
        await ServerRepository(self._session).ensure(server_id)
        await QuotaRepository(self._session).consume(server_id, Quota.GROUPS)
        group = Group(server_id=server_id, name=name, key=search_key(name))
        self._session.add(group)
        await self._session.flush()
        return group

    async def members(self, servers: Collection[int]) -> Sequence[Member]:
        """The members of the groups of `servers`, by name."""
        query = select(Member).join(Group).where(Group.server_id.in_(servers)).order_by(Member.key)
        return (await self._session.scalars(query)).all()

    async def members_called(self, servers: Collection[int], name: str) -> Sequence[Member]:
        """The members called `name`, in any spelling, with their groups; a server's own members before shared ones."""
        query = (
            select(Member)
            .join(Member.group)
            .options(contains_eager(Member.group))
            .where(Group.server_id.in_(servers), member_is_called(search_key(name)))
            .order_by(Group.server_id.desc(), Member.id)
        )
        return (await self._session.scalars(query)).all()

    async def find_member(self, group_id: int, name: str) -> Member | None:
        """The member of a group called `name`, in any spelling."""
        query = select(Member).where(Member.group_id == group_id, member_is_called(search_key(name)))
        return (await self._session.scalars(query)).first()

    async def add_member(self, group_id: int, name: str) -> Member:
        """Add a member to a group. Raises QuotaError."""
        group = await self._session.get_one(Group, group_id)
        await QuotaRepository(self._session).consume(group.server_id, Quota.MEMBERS)
        member = Member(group_id=group_id, name=name, key=search_key(name))
        self._session.add(member)
        await self._session.flush()
        return member

    async def members_with_photo(self, server_id: int, sha256: str) -> Sequence[Member]:
        """The members of a server, with their groups, that have a photo with this hash."""
        query = (
            select(Member)
            .join(Member.group)
            .join(Member.photos)
            .join(Photo.crop)
            .options(contains_eager(Member.group))
            .where(Group.server_id == server_id, Crop.sha256 == sha256)
            .order_by(Member.id)
        )
        return (await self._session.scalars(query)).unique().all()

    async def member(self, servers: Collection[int], member_id: int) -> Member | None:
        """The member with this id in the rosters of `servers`, with its group."""
        query = select(Member).join(Member.group).options(contains_eager(Member.group))
        return await self._session.scalar(query.where(Member.id == member_id, Group.server_id.in_(servers)))

    async def members_by_id(self, ids: Collection[int]) -> Sequence[Member]:
        """The members with these ids, with their groups."""
        query = select(Member).join(Member.group).options(contains_eager(Member.group)).where(Member.id.in_(ids))
        return (await self._session.scalars(query.order_by(Member.id))).all()

    async def photo_count(self, member_id: int) -> int:
        query = select(func.count()).select_from(Photo).where(Photo.member_id == member_id)
        return await self._session.scalar(query) or 0

    async def photo_counts(self, servers: Collection[int]) -> list[PhotoCount]:
        """The number of photos of each member in the rosters of `servers`; a group without members has one row."""
        query = (
            select(Group.id, Group.name, Group.server_id, Member.name, func.count(Photo.id))
            .outerjoin(Group.members)
            .outerjoin(Member.photos)
            .where(Group.server_id.in_(servers))
            .group_by(Group.id, Member.id)
            .order_by(Group.key, Group.id, Member.id)
        )
        return [PhotoCount(*row) for row in await self._session.execute(query)]

    async def photo_totals(self, servers: Collection[int], group_id: int | None = None) -> PhotoTotals:
        """The numbers of photos in the rosters of `servers`, or in one of their groups, by whichever engines seen."""
        query = select(func.count(), func.count().filter(is_in_use())).select_from(Photo).join(Member).join(Group)
        query = query.where(Group.server_id.in_(servers))
        if group_id is not None:
            query = query.where(Group.id == group_id)
        return PhotoTotals(*(await self._session.execute(query)).one())

    async def member_photo_counts(self, group_id: int) -> list[tuple[int, str, int]]:
        """(id, name, number of photos) of each member of a group, the oldest member first."""
        query = select(Member.id, Member.name, func.count(Photo.id)).outerjoin(Member.photos)
        rows = await self._session.execute(
            query.where(Member.group_id == group_id).group_by(Member.id).order_by(Member.id)
        )
        return [(member, name, photos) for member, name, photos in rows]

    async def add_photo(self, photo: Photo, server_id: int) -> None:
        """Add a photo to the roster of a server, and have its recognisers fitted anew. Raises QuotaError."""
        await QuotaRepository(self._session).consume(server_id, Quota.PHOTOS)
        self._session.add(photo)
        await self._session.flush()
        await ServerRepository(self._session).mark_roster_changed(server_id)

    async def removal_counts(self, entry: Group | Member) -> RosterRemovalCounts:
        """The numbers of rows that `remove` removes with a group or a member."""
        members = await self._members_of(entry)
        photos = select(func.count()).select_from(Photo).where(Photo.member_id.in_(members))
        labels = select(func.count(Annotation.face_id.distinct())).where(
            Annotation.member_id.in_(members), Annotation.counts.is_(True), Annotation.undone_at.is_(None)
        )
        return RosterRemovalCounts(
            len(members), await self._session.scalar(photos) or 0, await self._session.scalar(labels) or 0
        )

    async def remove(self, entry: Group | Member, server_id: int) -> list[str]:
        """Remove a group or a member of a server with its photos and labels; returns the storage keys of its classifiers.

        Annotations that name the member stay without a name: otherwise the annotations before them would count again. The
        encodings of their faces go, unless a face denies other members. Guesses stay, since they stand on cards.
        """
        members = await self._members_of(entry)
        labelled = select(QuestionFace).where(
            exists()
            .where(Annotation.face_id == QuestionFace.id, Annotation.member_id.in_(members))
            .correlate(QuestionFace)
        )
        for face in (await self._session.scalars(labelled.options(selectinload(QuestionFace.annotations)))).all():
            annotation = effective_annotation(face.annotations)
            if annotation is not None and annotation.member_id in members:
                face.crop_id = None
                if not _denies_others(face, annotation, members):
                    face.vector = b""
        await self._session.flush()
        await CropRepository(self._session).forget_members(members)
        await self._session.execute(
            update(Annotation)
            .where(Annotation.member_id.in_(members))
            .values(member_id=None, name=None)
            .execution_options(synchronize_session=False)
        )
        files: list[str] = []
        if isinstance(entry, Group):
            keys = await self._session.scalars(select(Model.classifier_key).where(Model.group_id == entry.id))
            files = [key for key in keys if key is not None]
        table = type(entry)
        await self._session.execute(
            delete(table).where(table.id == entry.id).execution_options(synchronize_session=False)
        )
        await ServerRepository(self._session).mark_roster_changed(server_id)
        return files

    async def _members_of(self, entry: Group | Member) -> list[int]:
        if isinstance(entry, Member):
            return [entry.id]
        return list(await self._session.scalars(select(Member.id).where(Member.group_id == entry.id)))

    async def revisions(self, servers: Collection[int]) -> Revisions:
        """(server's id, roster revision) of each of `servers` with a row. The value changes with each change of a roster."""
        query = select(Server.id, Server.roster_revision).where(Server.id.in_(servers)).order_by(Server.id)
        return tuple((server, revision) for server, revision in await self._session.execute(query))

    async def encodings_in_use(self, servers: Collection[int], engine: str) -> list[EnrolledEncoding]:
        """The encodings by `engine` of the photos in use of `servers`. A photo in which it found no face has none."""
        return await self._rows(engine, Group.server_id.in_(servers), is_in_use())

    async def encodings_of_groups(self, groups: Collection[int], engine: str) -> list[EnrolledEncoding]:
        """The encodings by `engine` of all photos of these groups, in use or not."""
        return await self._rows(engine, Group.id.in_(groups))

    async def servers_of(self, groups: Collection[int]) -> Sequence[int]:
        """The servers of these groups."""
        return (await self._session.scalars(select(Group.server_id).where(Group.id.in_(groups)).distinct())).all()

    async def _rows(self, engine: str, *conditions: ColumnElement[bool]) -> list[EnrolledEncoding]:
        query = (
            select(Photo.id, Member.id, Member.name, Group.id, Group.name, CropEncoding.vector)
            .select_from(Photo)
            .join(CropEncoding, CropEncoding.crop_id == Photo.crop_id)
            .join(Member)
            .join(Group)
            .where(is_comparable(engine), *conditions)
            .order_by(Member.id, Photo.id)
        )
        rows = (EnrolledEncoding(*row) for row in await self._session.execute(query))
        return [row for row in rows if row.vector]


def _denies_others(face: QuestionFace, effective: Annotation, members: Collection[int]) -> bool:
    """Whether annotations of a face deny members other than `members`. `effective`: its effective annotation."""
    denied = {annotation.member_id for annotation in face.annotations if _is_denial(annotation)}
    if effective.meaning is AnnotationMeaning.MEMBER and face.member_id != effective.member_id:
        denied.add(face.member_id)
    return bool(denied - {None, *members})


def _is_denial(annotation: Annotation) -> bool:
    return annotation.counts and annotation.undone_at is None and annotation.meaning is AnnotationMeaning.NOT_MEMBER


def is_in_use() -> ColumnElement[bool]:
    """The condition that a photo, joined with its group, is in use: in the group's model, or submitted since."""
    in_model = exists().where(ModelPhoto.model_id == Group.model_id, ModelPhoto.photo_id == Photo.id)
    submitted_since = (Photo.origin == FaceOrigin.SUBMITTED) & (Photo.id > Group.model_since)
    return or_(in_model.correlate(Group, Photo), submitted_since)
