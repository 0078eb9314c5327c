"""Aliases of groups and members, such as names in another script, full names, former names; and all spellings together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, func, or_, select, union_all

from bot.database.tables.rosters import Alias, Group, Member
from bot.text.names import Spelling, search_key

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession


def group_is_called(key: str) -> ColumnElement[bool]:
    """The condition that a group, or an alias of it, has this search key."""
    other = exists().where(Alias.group_id == Group.id, Alias.member_id.is_(None), Alias.key == key)
    return or_(Group.key == key, other.correlate(Group))


def member_is_called(key: str) -> ColumnElement[bool]:
    """The condition that a member, or an alias of it, has this search key."""
    other = exists().where(Alias.member_id == Member.id, Alias.key == key)
    return or_(Member.key == key, other.correlate(Member))


class SpellingRepository:
    """Statements over names and aliases, in one session. `entry`: the group or the member that has the names."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_groups(self, servers: Collection[int]) -> list[Spelling]:
        """All spellings of the groups of `servers`; a server's own groups come before the shared ones."""
        server = Group.server_id.label("server")
        names = select(server, Group.id, Group.name, Group.name.label("spelling")).where(Group.server_id.in_(servers))
        aliases = (
            select(server, Group.id, Group.name, Alias.name.label("spelling"))
            .join(Alias, Alias.group_id == Group.id)
            .where(Group.server_id.in_(servers), Alias.member_id.is_(None))
        )
        both = union_all(names, aliases).subquery()
        rows = await self._session.execute(select(both).order_by(both.c.server.desc(), both.c.id))
        return [Spelling(*row) for _, *row in rows]

    async def of_members(self, servers: Collection[int], group_id: int | None = None) -> list[Spelling]:
        """All spellings of the members of `servers`, or of one of their groups."""
        wanted = Group.server_id.in_(servers)
        if group_id is not None:
            wanted &= Group.id == group_id
        names = select(Member.id, Member.name, Member.name, Group.name).join(Member.group).where(wanted)
        aliases = (
            select(Member.id, Member.name, Alias.name, Group.name)
            .join(Alias, Alias.member_id == Member.id)
            .join(Member.group)
            .where(wanted)
        )
        return [Spelling(*row) for row in await self._session.execute(union_all(names, aliases))]

    async def state_of_members(self, servers: Collection[int]) -> tuple[int, ...]:
        """Numbers that change with each added and removed spelling of `of_members`, since ids are never reused.

        A new name of the same member changes the revision of the roster.
        """
        here = Group.server_id.in_(servers)
        members = select(func.count(), func.max(Member.id)).join(Member.group).where(here)
        aliases = select(func.count(), func.max(Alias.id)).join(Group, Alias.group_id == Group.id).where(here)
        rows = [(await self._session.execute(query)).one() for query in (members, aliases)]
        return tuple(number or 0 for row in rows for number in row)

    async def aliases(self, entry: Group | Member) -> Sequence[str]:
        """The aliases, the oldest first."""
        return (await self._session.scalars(select(Alias.name).where(_of(entry)).order_by(Alias.id))).all()

    async def aliases_in(self, group_id: int) -> dict[int | None, list[str]]:
        """The aliases of a group (at None) and of its members (at their ids)."""
        found: dict[int | None, list[str]] = {}
        query = select(Alias.member_id, Alias.name).where(Alias.group_id == group_id).order_by(Alias.id)
        for member, name in await self._session.execute(query):
            found.setdefault(member, []).append(name)
        return found

    async def count(self, entry: Group | Member) -> int:
        """The number of aliases."""
        return await self._session.scalar(select(func.count()).select_from(Alias).where(_of(entry))) or 0

    async def add(self, entry: Group | Member, name: str) -> None:
        """Add an alias."""
        group, member = (entry.id, None) if isinstance(entry, Group) else (entry.group_id, entry.id)
        self._session.add(Alias(group_id=group, member_id=member, name=name, key=search_key(name)))
        await self._session.flush()

    async def remove(self, entry: Group | Member, name: str) -> bool:
        """Remove an alias; returns whether there was one."""
        removed = await self._session.scalars(
            delete(Alias)
            .where(_of(entry), Alias.key == search_key(name))
            .returning(Alias.id)
            .execution_options(synchronize_session=False)
        )
        return bool(removed.all())


def _of(entry: Group | Member) -> ColumnElement[bool]:
    if isinstance(entry, Member):
        return Alias.member_id == entry.id
    return (Alias.group_id == entry.id) & Alias.member_id.is_(None)
