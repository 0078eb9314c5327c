"""The names of groups and members: changed, suggested by autocomplete; groups and members removed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.aliases import SpellingRepository
from bot.database.lookup import require_group_by_id, require_member_by_id, require_named
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Group, Member
from bot.domain.rosters import SHARED_ROSTER, AliasAdded, AliasRemoved, RosterEntryRemoved, RosterEntryRenamed
from bot.errors import PersonError
from bot.text.names import checked_name, search_key, suggestions
from bot.usecases.questions import crops

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.rosters import RosterRemovalCounts
    from bot.text.names import Spelling

MAX_SUGGESTIONS = 25
MAX_ALIASES = 25
"""Aliases of a group or a member, at most."""


class AliasTakenError(PersonError):
    """The alias finds that group or member already."""

    def __init__(self, named: str, name: str) -> None:
        super().__init__("I find {named} by “{name}” already.", named=named, name=name)


@dataclass(frozen=True, slots=True)
class RosterRemovalPlan:
    """The plan of a removal: a group, or a member of `group`, and the number of entries that are removed with it."""

    id: int
    name: str
    group: str | None
    removal_counts: RosterRemovalCounts


async def autocomplete_groups(app: App, servers: Collection[int], typed: str, *, shared: bool = True) -> list[Spelling]:
    """At most 25 groups for a typed text, with the shared ones unless `shared` is False."""
    async with app.database.reading() as session:
        spellings = await SpellingRepository(session).of_groups({SHARED_ROSTER, *servers} if shared else servers)
    # A server's own group comes first and hides the shared one of that name, as in searches.
    own = {search_key(spelling.name): spelling.id for spelling in reversed(spellings)}
    return suggestions(typed, (one for one in spellings if own[search_key(one.name)] == one.id), MAX_SUGGESTIONS)


async def autocomplete_members(
    app: App, server_id: int, group: str, typed: str, *, shared: bool = False
) -> list[Spelling]:
    """At most 25 members for a typed text: of `group`, or of all groups while `group` is no name of one."""
    servers = {SHARED_ROSTER, server_id} if shared else {server_id}
    async with app.database.reading() as session:
        rosters = RosterRepository(session)
        if group and (found := await rosters.find_group(servers, group)) is not None:
            return suggestions(typed, await SpellingRepository(session).of_members(servers, found.id), MAX_SUGGESTIONS)
        state = await rosters.revisions(servers), await SpellingRepository(session).state_of_members(servers)

    async def read() -> list[Spelling]:
        async with app.database.reading() as session:
            return await SpellingRepository(session).of_members(servers)

    # Discord asks anew at each keystroke, and to read ten thousand names takes longer than to compare them.
    spellings = await app.caches.member_spellings.get((frozenset(servers), *state), read)
    return suggestions(typed, spellings, MAX_SUGGESTIONS)


async def autocomplete_aliases(app: App, server_id: int, group: str, member: str | None, typed: str) -> list[str]:
    """The aliases of a group or a member that contain the typed text; none of an unknown one."""
    async with app.database.reading() as session:
        try:
            named = await require_named(session, {server_id}, group, member)
        except PersonError:
            return []
        names = await SpellingRepository(session).aliases(named)
    return [name for name in names if search_key(typed) in search_key(name)][:MAX_SUGGESTIONS]


async def rename(app: App, server_id: int, group: str, member: str | None, name: str) -> RosterEntryRenamed:
    """Rename a group, or a member of it; the former name becomes an alias.

    Raises PersonError for an invalid name, a name that means another one already, and an unknown group or member.
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
        await ServerRepository(session).mark_roster_changed(server_id)
        return RosterEntryRenamed(former, name, former_is_alias)


async def add_alias(app: App, server_id: int, group: str, member: str | None, name: str) -> AliasAdded:
    """Add an alias to a group, or to a member of it.

    Raises PersonError for an invalid name, a name that means another one already, and an unknown group or member.
    """
    name = checked_name(name)
    async with app.database.writing() as session:
        named = await require_named(session, {server_id}, group, member)
        if await _must_be_free(session, server_id, named, name):
            raise AliasTakenError(named.name, name)
        await _add_alias(SpellingRepository(session), named, name)
        return AliasAdded(named.name, name)


async def remove_alias(app: App, server_id: int, group: str, member: str | None, name: str) -> AliasRemoved:
    """Remove an alias of a group, or of a member of it. Raises PersonError where there is no such alias."""
    async with app.database.writing() as session:
        named = await require_named(session, {server_id}, group, member)
        if search_key(name) == named.key:
            raise PersonError("“{name}” is the name itself; rename it instead.", name=name)
        if not await SpellingRepository(session).remove(named, name):
            raise PersonError("{named} has no other name “{name}”.", named=named.name, name=name)
        return AliasRemoved(named.name, name)


async def plan_removal(app: App, server_id: int, group: str, member: str | None) -> RosterRemovalPlan:
    """The plan of removing a group, or a member of it, for a confirmation."""
    async with app.database.reading() as session:
        named = await require_named(session, {server_id}, group, member)
        removal_counts = await RosterRepository(session).removal_counts(named)
        return RosterRemovalPlan(
            named.id, named.name, named.group.name if isinstance(named, Member) else None, removal_counts
        )


async def remove_group(app: App, server_id: int, group_id: int) -> RosterEntryRemoved:
    """Remove a group and everything in it. Raises PersonError where it is gone."""
    async with app.database.writing() as session:
        group = await require_group_by_id(session, [server_id], group_id)
        files = await RosterRepository(session).remove(group, server_id)
    await _sweep(app, files)
    return RosterEntryRemoved(group.name)


async def remove_member(app: App, server_id: int, member_id: int) -> RosterEntryRemoved:
    """Remove a member and everything of them. Raises PersonError where they are gone."""
    async with app.database.writing() as session:
        member = await require_member_by_id(session, [server_id], member_id)
        files = await RosterRepository(session).remove(member, server_id)
    await _sweep(app, files)
    return RosterEntryRemoved(member.name, member.group.name)


async def _must_be_free(session: AsyncSession, server_id: int, named: Group | Member, name: str) -> bool:
    """Whether `name` means `named` already. Raises PersonError where it means another group, or another member of the group."""
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
    if await spellings.count(named) >= MAX_ALIASES:
        raise PersonError(
            "{named} has {most} other names already; remove one first.",
            named=named.name,
            most=MAX_ALIASES,
        )
    await spellings.add(named, name)


async def _sweep(app: App, files: Collection[str]) -> None:
    await asyncio.gather(*(app.storage.delete(key) for key in files))
    await crops.sweep(app)
