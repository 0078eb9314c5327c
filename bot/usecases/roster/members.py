"""Groups and members by their names: renamed, called otherwise too, removed, offered while somebody types."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.aliases import SpellingRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Group, Member
from bot.domain.messages import Message
from bot.domain.rosters import SHARED_ROSTER, AddedAlias, RemovedAlias, RemovedEntry, RenamedEntry
from bot.errors import PersonError
from bot.text.names import checked_name, search_key, suggestions
from bot.usecases import crops
from bot.usecases.lookup import require_named

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.rosters import RemovalCounts
    from bot.text.names import Spelling

MOST_OFFERED = 25
MOST_ALIASES = 25
"""So many other names a group or a member may have."""

GONE = Message("That has been removed already.")


class FoundAlreadyError(PersonError):
    """Another name that is no news."""

    def __init__(self, named: str, name: str) -> None:
        super().__init__("I find {named} by “{name}” already.", named=named, name=name)


@dataclass(frozen=True, slots=True)
class Removal:
    """What is about to be removed: a group, or a member of one, by its id and name, and what goes with it."""

    id: int
    name: str
    group: str | None
    removal_counts: RemovalCounts


async def autocomplete_groups(app: App, servers: Collection[int], typed: str, *, shared: bool = True) -> list[Spelling]:
    """The groups that somebody who typed so much may mean, at most 25; shared ones too unless `shared` is False."""
    async with app.database.reading() as session:
        spellings = await SpellingRepository(session).of_groups({SHARED_ROSTER, *servers} if shared else servers)
    # A server's own group comes first, and hides the shared one of that name: it is the one that is found by it.
    own = {search_key(spelling.name): spelling.id for spelling in reversed(spellings)}
    return suggestions(typed, (one for one in spellings if own[search_key(one.name)] == one.id), MOST_OFFERED)


async def autocomplete_members(
    app: App, server_id: int, group: str, typed: str, *, shared: bool = False
) -> list[Spelling]:
    """The members that somebody who typed so much may mean, at most 25: of `group`, or of all where that is none yet."""
    servers = {SHARED_ROSTER, server_id} if shared else {server_id}
    async with app.database.reading() as session:
        found = await RosterRepository(session).find_group(servers, group) if group else None
        spellings = await SpellingRepository(session).of_members(servers, found.id if found else None)
    return suggestions(typed, spellings, MOST_OFFERED)


async def autocomplete_aliases(app: App, server_id: int, group: str, member: str | None, typed: str) -> list[str]:
    """The other names of a group or a member that begin with, or hold, what was typed; none where it isn't known."""
    async with app.database.reading() as session:
        try:
            named = await require_named(session, {server_id}, group, member)
        except PersonError:
            return []
        names = await SpellingRepository(session).aliases(named)
    return [name for name in names if search_key(typed) in search_key(name)][:MOST_OFFERED]


async def rename(app: App, server_id: int, group: str, member: str | None, name: str) -> RenamedEntry:
    """Call a group, or a member of it, otherwise; the former name still means it.

    Raises PersonError for a bad name, one that means another already, and whom it doesn't know.
    """
    name = checked_name(name)
    async with app.database.writing() as session:
        named = await require_named(session, {server_id}, group, member)
        await _must_be_free(session, server_id, named, name)
        spellings, former = SpellingRepository(session), named.name
        if former_is_alias := search_key(former) != search_key(name):
            await spellings.remove(named, name)
            await _add_alias(spellings, named, former)
        named.name, named.key = name, search_key(name)
        await ServerRepository(session).touch(server_id)
        return RenamedEntry(former, name, former_is_alias)


async def add_alias(app: App, server_id: int, group: str, member: str | None, name: str) -> AddedAlias:
    """Let another spelling mean a group, or a member of it.

    Raises PersonError for a bad name, one that means another already, and whom it doesn't know.
    """
    name = checked_name(name)
    async with app.database.writing() as session:
        named = await require_named(session, {server_id}, group, member)
        if await _must_be_free(session, server_id, named, name):
            raise FoundAlreadyError(named.name, name)
        await _add_alias(SpellingRepository(session), named, name)
        return AddedAlias(named.name, name)


async def remove_alias(app: App, server_id: int, group: str, member: str | None, name: str) -> RemovedAlias:
    """Let a spelling no longer mean a group, or a member of it."""
    async with app.database.writing() as session:
        named = await require_named(session, {server_id}, group, member)
        if search_key(name) == named.key:
            raise PersonError("“{name}” is the name itself; rename it instead.", name=name)
        if not await SpellingRepository(session).remove(named, name):
            raise PersonError("{named} has no other name “{name}”.", named=named.name, name=name)
        return RemovedAlias(named.name, name)


async def plan_removal(app: App, server_id: int, group: str, member: str | None) -> Removal:
    """What would be removed with a group, or a member of it, for somebody to confirm."""
    async with app.database.reading() as session:
        named = await require_named(session, {server_id}, group, member)
        removal_counts = await RosterRepository(session).removal_counts(named)
        return Removal(named.id, named.name, named.group.name if isinstance(named, Member) else None, removal_counts)


async def remove_group(app: App, server_id: int, group_id: int) -> RemovedEntry:
    """Remove a group with all that is kept of it. Raises PersonError when it is gone."""
    async with app.database.writing() as session:
        group = await session.get(Group, group_id)
        if group is None or group.server_id != server_id:
            raise PersonError(GONE)
        files = await RosterRepository(session).remove(group, server_id)
    await _sweep(app, files)
    return RemovedEntry(group.name)


async def remove_member(app: App, server_id: int, member_id: int) -> RemovedEntry:
    """Remove a member with all that is kept of them. Raises PersonError when they are gone."""
    async with app.database.writing() as session:
        member = await session.get(Member, member_id)
        group = await session.get(Group, member.group_id) if member else None
        if member is None or group is None or group.server_id != server_id:
            raise PersonError(GONE)
        files = await RosterRepository(session).remove(member, server_id)
    await _sweep(app, files)
    return RemovedEntry(member.name, group.name)


async def _must_be_free(session: AsyncSession, server_id: int, named: Group | Member, name: str) -> bool:
    """Whether `name` means `named` already; raises PersonError when it means another of the group, or another group."""
    rosters = RosterRepository(session)
    if isinstance(named, Group):
        holder = await rosters.find_group([server_id], name)
    else:
        holder = await rosters.find_member(named.group_id, name)
    if holder is None:
        return False
    if holder.id != named.id:
        raise PersonError("“{name}” means {holder} already.", name=name, holder=holder.name)
    return True


async def _add_alias(spellings: SpellingRepository, named: Group | Member, name: str) -> None:
    if await spellings.count(named) >= MOST_ALIASES:
        raise PersonError(
            "{named} has {most} other names already; remove one first.",
            named=named.name,
            most=MOST_ALIASES,
        )
    await spellings.add(named, name)


async def _sweep(app: App, files: Collection[str]) -> None:
    await asyncio.gather(*(app.storage.delete(key) for key in files))
    await crops.sweep(app)
