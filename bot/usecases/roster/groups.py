"""The groups of a roster: added and listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.aliases import SpellingRepository
from bot.database.rosters import RosterRepository
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError
from bot.text.names import checked_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.app import App


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group. `members`: the number of photos by the member's name."""

    name: str
    members: dict[str, int]
    is_shared: bool
    aliases: tuple[str, ...] = ()


async def add_group(app: App, server_id: int, name: str) -> str:
    """Add a group; returns its name in the roster. Raises PersonError where that name is taken, or no name."""
    name = checked_name(name)
    async with app.database.writing() as session:
        rosters = RosterRepository(session)
        if await rosters.find_group([server_id], name) is not None:
            raise PersonError("There is a group called “{name}” already.", name=name)
        await rosters.add_group(server_id, name)
    return name


async def list_groups(app: App, servers: Collection[int]) -> list[ListedGroup]:
    """The groups of `servers`, and the shared ones."""
    async with app.database.reading() as session:
        counts = await RosterRepository(session).photo_counts({SHARED_ROSTER, *servers})
        spellings = await SpellingRepository(session).of_groups({SHARED_ROSTER, *servers})
    aliases: dict[int, list[str]] = {}
    for spelling in spellings:
        if spelling.spelling != spelling.name:
            aliases.setdefault(spelling.id, []).append(spelling.spelling)
    groups: dict[int, ListedGroup] = {}
    for count in counts:
        listed = ListedGroup(count.group_name, {}, count.server == SHARED_ROSTER, tuple(aliases.get(count.group, ())))
        group = groups.setdefault(count.group, listed)
        if count.member is not None:
            group.members[count.member] = count.photos
    return list(groups.values())


async def group_names(app: App, servers: Collection[int], *, shared: bool = True) -> list[str]:
    """The names of the groups of `servers`, and of the shared ones unless `shared` is False. No name occurs twice."""
    async with app.database.reading() as session:
        groups = await RosterRepository(session).groups({SHARED_ROSTER, *servers} if shared else servers)
    return list(dict.fromkeys(group.name for group in groups))
