"""Groups, members and the photos they are known by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import contains_eager, selectinload

from bot.database.aliases import group_is_called, member_is_called
from bot.database.annotations import effective_annotation
from bot.database.crops import CropRepository
from bot.database.servers import ServerRepository
from bot.database.tables.models import Model, ModelPhoto
from bot.database.tables.questions import Annotation, QuestionFace
from bot.database.tables.rosters import Crop, CropEncoding, Group, Member, Photo
from bot.database.tables.servers import Server
from bot.domain.enums import Meaning, Origin
from bot.domain.rosters import Revisions, RosterRow
from bot.text.names import search_key

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession


class PhotoCount(NamedTuple):
    """How many photos a member of a group has; `member` is None for a group that has no member."""

    group: int
    group_name: str
    server: int
    member: str | None
    photos: int


class PhotoTotals(NamedTuple):
    """How many photos there are, and how many of them answer."""

    photos: int
    answering: int


class RemovalCounts(NamedTuple):
    """What is kept of a group or a member: how many members, photos, and faces that were said to be theirs."""

    members: int
    photos: int
    labels: int


class RosterRepository:
    """Statements over rosters, in one session. `servers` names whose rosters are meant."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def servers(self) -> Sequence[int]:
        """All servers that have a group, the shared roster first."""
        return (await self._session.scalars(select(Group.server_id).distinct().order_by(Group.server_id))).all()

    async def group_ids(self) -> set[int]:
        """All groups of all servers."""
        return set(await self._session.scalars(select(Group.id)))

    async def groups(self, servers: Collection[int]) -> Sequence[Group]:
        """All groups of `servers`, by name."""
        found = await self._session.scalars(select(Group).where(Group.server_id.in_(servers)).order_by(Group.key))
        return found.all()

    async def find_group(self, servers: Collection[int], name: str) -> Group | None:
        """The group called `name`, in any spelling; a server's own before the shared one."""
        query = select(Group).where(Group.server_id.in_(servers), group_is_called(search_key(name)))
        return (await self._session.scalars(query.order_by(Group.server_id.desc()))).first()

    async def group(self, server_id: int, group_id: int) -> Group | None:
        """A group of a server by its id."""
        return await self._session.scalar(select(Group).where(Group.id == group_id, Group.server_id == server_id))

    async def add_group(self, server_id: int, name: str) -> Group:
        await ServerRepository(self._session).ensure(server_id)
        group = Group(server_id=server_id, name=name, key=search_key(name))
        self._session.add(group)
        await self._session.flush()
        return group

    async def members(self, servers: Collection[int]) -> Sequence[Member]:
        """All members of all groups of `servers`, by name."""
        query = select(Member).join(Group).where(Group.server_id.in_(servers)).order_by(Member.key)
        return (await self._session.scalars(query)).all()

    async def members_called(self, servers: Collection[int], name: str) -> Sequence[Member]:
        """The members called `name`, in any spelling, with their groups; a server's own before the shared one."""
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
        member = Member(group_id=group_id, name=name, key=search_key(name))
        self._session.add(member)
        await self._session.flush()
        return member

    async def enrolled_for(self, server_id: int, sha256: str) -> Sequence[Member]:
        """The members of a server, with their groups, that a photo was enrolled for."""
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
        """The member of a group of `servers` with this id, with its group."""
        query = select(Member).join(Member.group).options(contains_eager(Member.group))
        return await self._session.scalar(query.where(Member.id == member_id, Group.server_id.in_(servers)))

    async def members_with(self, ids: Collection[int]) -> Sequence[Member]:
        """The members with these ids, with their groups."""
        query = select(Member).join(Member.group).options(contains_eager(Member.group)).where(Member.id.in_(ids))
        return (await self._session.scalars(query.order_by(Member.id))).all()

    async def photo_count(self, member_id: int) -> int:
        query = select(func.count()).select_from(Photo).where(Photo.member_id == member_id)
        return await self._session.scalar(query) or 0

    async def photo_counts(self, servers: Collection[int]) -> list[PhotoCount]:
        """How many photos each member of each group of `servers` has; a group without members stands alone."""
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
        """How many photos the members of `servers`, or of a group there, have, whichever engines have seen them."""
        query = select(func.count(), func.count().filter(answers())).select_from(Photo).join(Member).join(Group)
        query = query.where(Group.server_id.in_(servers))
        if group_id is not None:
            query = query.where(Group.id == group_id)
        return PhotoTotals(*(await self._session.execute(query)).one())

    async def counts_of(self, group_id: int) -> list[tuple[int, str, int]]:
        """(id, name, how many photos) of each member of a group, in the order in which they came."""
        query = select(Member.id, Member.name, func.count(Photo.id)).outerjoin(Member.photos)
        rows = await self._session.execute(
            query.where(Member.group_id == group_id).group_by(Member.id).order_by(Member.id)
        )
        return [(member, name, photos) for member, name, photos in rows]

    async def add_photo(self, photo: Photo, server_id: int) -> None:
        """Keep a photo of a member of a server, and let its recognisers be fitted anew."""
        self._session.add(photo)
        await self._session.flush()
        await ServerRepository(self._session).touch(server_id)

    async def removal_counts(self, named: Group | Member) -> RemovalCounts:
        """What would go with a group or a member."""
        members = await self._members_of(named)
        photos = select(func.count()).select_from(Photo).where(Photo.member_id.in_(members))
        labels = select(func.count(Annotation.face_id.distinct())).where(
            Annotation.member_id.in_(members), Annotation.counts.is_(True), Annotation.undone_at.is_(None)
        )
        return RemovalCounts(
            len(members), await self._session.scalar(photos) or 0, await self._session.scalar(labels) or 0
        )

    async def remove(self, named: Group | Member, server_id: int) -> list[str]:
        """Remove a group or a member of a server with its photos and labels; the keys of files that are nobody's then.

        A word that named the member stays as one that names nobody: with it gone, what was said before it would hold again.
        Its face's encoding goes, unless the face is remembered as not somebody else's. What was answered at the time stays
        too: it is what stands under a picture in a channel.
        """
        members = await self._members_of(named)
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
        if isinstance(named, Group):
            kept = await self._session.scalars(select(Model.classifier_key).where(Model.group_id == named.id))
            files = [key for key in kept if key is not None]
        table = type(named)
        await self._session.execute(
            delete(table).where(table.id == named.id).execution_options(synchronize_session=False)
        )
        await ServerRepository(self._session).touch(server_id)
        return files

    async def _members_of(self, named: Group | Member) -> list[int]:
        if isinstance(named, Member):
            return [named.id]
        return list(await self._session.scalars(select(Member.id).where(Member.group_id == named.id)))

    async def revisions(self, servers: Collection[int]) -> Revisions:
        """(server id, roster revision) of each server that has one: equal as long as no roster changed."""
        query = select(Server.id, Server.roster_revision).where(Server.id.in_(servers)).order_by(Server.id)
        return tuple((server, revision) for server, revision in await self._session.execute(query))

    async def rows(self, servers: Collection[int], engine: str) -> list[RosterRow]:
        """Every encoding by `engine` that answers for `servers`; none of a photo in which it found no face."""
        return await self._rows(engine, Group.server_id.in_(servers), answers())

    async def rows_of(self, groups: Collection[int], engine: str) -> list[RosterRow]:
        """Every encoding by `engine` of these groups, whether or not it answers."""
        return await self._rows(engine, Group.id.in_(groups))

    async def servers_of(self, groups: Collection[int]) -> Sequence[int]:
        """The servers whose groups these are."""
        return (await self._session.scalars(select(Group.server_id).where(Group.id.in_(groups)).distinct())).all()

    async def _rows(self, engine: str, *which: ColumnElement[bool]) -> list[RosterRow]:
        query = (
            select(Photo.id, Member.id, Member.name, Group.id, Group.name, CropEncoding.vector)
            .select_from(Photo)
            .join(CropEncoding, CropEncoding.crop_id == Photo.crop_id)
            .join(Member)
            .join(Group)
            .where(CropEncoding.engine == engine, CropEncoding.vector.is_not(None), *which)
            .order_by(Member.id, Photo.id)
        )
        return [RosterRow(*row) for row in await self._session.execute(query)]


def _denies_others(face: QuestionFace, effective: Annotation, members: Collection[int]) -> bool:
    """Whether a face stays remembered as not being somebody's, once `members`, whom `effective` names, are gone."""
    denied = {annotation.member_id for annotation in face.annotations if _denies(annotation)}
    if effective.meaning is Meaning.MEMBER and face.member_id != effective.member_id:
        denied.add(face.member_id)
    return bool(denied - {None, *members})


def _denies(annotation: Annotation) -> bool:
    return annotation.counts and annotation.undone_at is None and annotation.meaning is Meaning.NOT_MEMBER


def answers() -> ColumnElement[bool]:
    """Whether a photo, joined with its group, answers: it is one of the group's model, or was handed in since."""
    in_model = exists().where(ModelPhoto.model_id == Group.model_id, ModelPhoto.photo_id == Photo.id)
    handed_in = (Photo.origin == Origin.SUBMITTED) & (Photo.id > Group.model_since)
    return or_(in_model.correlate(Group, Photo), handed_in)
