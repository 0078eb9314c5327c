"""Groups and members by the names that people write, or by id.

Each function but `find_or_add_group` raises the error for the person where there is none, or where it is another server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.database.aliases import SpellingRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Group
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError, UnknownGroupError, UnknownMemberError
from bot.text.names import suggestions

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database.tables.rosters import Member

MAX_SIMILAR_NAMES = 3
"""Similar names in the error for an unknown member."""


async def require_group(session: AsyncSession, servers: Collection[int], name: str) -> Group:
    """The group called `name`, in any spelling. Raises UnknownGroupError."""
    rosters = RosterRepository(session)
    group = await rosters.find_group(servers, name)
    if group is None:
        raise UnknownGroupError(name, [one.name for one in await rosters.groups(servers)])
    return group


async def find_or_add_group(session: AsyncSession, server_id: int, name: str) -> Group:
    """The server's group called `name`, in any spelling; a new one where there is none."""
    rosters = RosterRepository(session)
    return await rosters.find_group([server_id], name) or await rosters.add_group(server_id, name)


async def require_member(session: AsyncSession, servers: Collection[int], group: str, name: str) -> Member:
    """The member of a group, both in any spelling, with the group loaded.

    Raises UnknownGroupError, UnknownMemberError.
    """
    found = await require_group(session, servers, group)
    member = await RosterRepository(session).find_member(found.id, name)
    if member is None:
        raise await unknown_member(session, servers, name, found)
    await session.refresh(member, ["group"])
    return member


async def require_named(
    session: AsyncSession, servers: Collection[int], group: str, member: str | None
) -> Group | Member:
    """The group, or a member of it if one is named. Raises UnknownGroupError, UnknownMemberError."""
    if member is None:
        return await require_group(session, servers, group)
    return await require_member(session, servers, group, member)


async def require_group_by_id(session: AsyncSession, servers: Collection[int], group_id: int) -> Group:
    """The group with this id of one of `servers`. Raises PersonError where it was removed, or is another server's."""
    group = await RosterRepository(session).group(servers, group_id)
    if group is None:
        raise PersonError("That group has been removed since.")
    return group


async def require_member_by_id(session: AsyncSession, servers: Collection[int], member_id: int) -> Member:
    """The member with this id in a group of `servers`, with the group loaded.

    Raises PersonError where it was removed, or is another server's.
    """
    member = await RosterRepository(session).member(servers, member_id)
    if member is None:
        raise PersonError("That member has been removed since.")
    return member


async def named_or_default_group(
    session: AsyncSession, server_id: int, channel_id: int | None, name: str | None
) -> Group | None:
    """The group called `name`; without a name, the default group of the channel, or None. Raises UnknownGroupError."""
    servers = {SHARED_ROSTER, server_id}
    if name is not None:
        return await require_group(session, servers, name)
    default = await ServerRepository(session).default_group(channel_id) if channel_id else None
    group = await session.get(Group, default) if default is not None else None
    return group if group is not None and group.server_id in servers else None


async def unknown_member(
    session: AsyncSession, servers: Collection[int], name: str, group: Group | None = None
) -> UnknownMemberError:
    """The error for an unknown member of `group`, or of all groups of `servers`, with similar names."""
    spellings = await SpellingRepository(session).of_members(servers, group.id if group else None)
    near = [spelling.name for spelling in suggestions(name, spellings, MAX_SIMILAR_NAMES)]
    return UnknownMemberError(name, group.name if group else None, near)
