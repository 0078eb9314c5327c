"""Groups and members: adding them, and the photos by which they are known."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import crops, jobs
from bot.database.crops import Crops
from bot.database.engines import Engines
from bot.database.rosters import Rosters
from bot.database.tables import HOUSE, Photo
from bot.errors import PersonError, UnknownGroupError
from bot.jobs import Enrolled, Refused
from bot.names import checked_name
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.crops import StoredCut
    from bot.database.tables import Member
    from bot.jobs import Workbench
    from bot.usecases.identify import Submitted

SEEN_BEFORE = "I have this very picture already"


class NoUsablePhotoError(PersonError):
    """A new member came with no photo that could be taken; `reasons` has one sentence a photo."""

    def __init__(self, member: str, photos: Sequence[str], reasons: Sequence[str]) -> None:
        told = "".join(f"\n{plain(photo)}: {reason}." for photo, reason in zip(photos, reasons, strict=True))
        super().__init__(f"I need one photo of {plain(member)} that I can use.{told}")
        self.reasons = list(reasons)


@dataclass(frozen=True, slots=True)
class TakenPhoto:
    """What became of one photo: the crop that was taken, or the reason why not."""

    name: str
    crop: bytes | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class AddedMember:
    """A member after photos were added. `photos` counts all that they have now."""

    group: str
    member: str
    taken: tuple[TakenPhoto, ...]
    photos: int


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A group with the number of photos of each member."""

    name: str
    members: dict[str, int]
    is_house: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """A photo that was looked at: the hash of its bytes, and what was seen."""

    name: str
    sha256: str
    result: Enrolled | Refused


async def add_group(app: App, server_id: int, name: str) -> str:
    """Add a group; its name as kept. Raises PersonError when there is one of that name."""
    name = checked_name(name)
    async with app.database.writing() as session:
        rosters = Rosters(session)
        if await rosters.find_group([server_id], name) is not None:
            raise PersonError(f"There is a group called “{plain(name)}” already.")
        await rosters.add_group(server_id, name)
    return name


async def add_member(
    app: App, server_id: int, group: str, name: str, photos: Sequence[Submitted], *, by: int, make_group: bool = False
) -> AddedMember:
    """Add a member, or more photos of one. A photo that can't be taken says why and leaves the others alone.

    Raises PersonError for an unknown group (unless `make_group`), a bad name, or NoUsablePhotoError for a new member.
    """
    name = checked_name(name)
    await _known_group(app, server_id, group, make=make_group)
    while True:
        bench = await app.recognisers.bench()
        looks = await _looks(app, bench, photos)
        seen = [look.result.cut for look in looks if isinstance(look.result, Enrolled)]
        async with crops.stored(app, seen) as cuts, app.database.writing() as session:
            # An engine that was put into use while another looked would never see these photos.
            if await Engines(session).in_use(held=True) != bench.engine:
                continue
            return await _add(session, server_id, group, name, looks, cuts, by)


async def list_groups(app: App, servers: Collection[int]) -> list[ListedGroup]:
    """The groups that `servers` may ask about, with the house's."""
    async with app.database.reading() as session:
        counts = await Rosters(session).photo_counts({HOUSE, *servers})
    groups: dict[int, ListedGroup] = {}
    for count in counts:
        group = groups.setdefault(count.group, ListedGroup(count.group_name, {}, count.server == HOUSE))
        if count.member is not None:
            group.members[count.member] = count.photos
    return list(groups.values())


async def group_names(app: App, servers: Collection[int], *, house: bool = True) -> list[str]:
    """The names of the groups of `servers`, and of the house's unless `house` is False; each name once."""
    async with app.database.reading() as session:
        groups = await Rosters(session).groups({HOUSE, *servers} if house else servers)
    return list(dict.fromkeys(group.name for group in groups))


async def _add(
    session: AsyncSession,
    server_id: int,
    group: str,
    name: str,
    looks: Sequence[_Look],
    cuts: Mapping[bytes, StoredCut],
    by: int,
) -> AddedMember:
    rosters = Rosters(session)
    found = await rosters.find_group([server_id], group)
    if found is None:
        raise PersonError(f"The group “{plain(group)}” was removed just now.")
    member = await rosters.find_member(found.id, name)
    is_new = member is None
    member = member or await rosters.add_member(found.id, name)
    taken = [await _keep(session, server_id, member, look, cuts, by) for look in looks]
    if is_new and not any(photo.crop for photo in taken):
        raise NoUsablePhotoError(name, [photo.name for photo in taken], [photo.reason or "" for photo in taken])
    return AddedMember(found.name, member.name, tuple(taken), await rosters.photo_count(member.id))


async def _known_group(app: App, server_id: int, name: str, *, make: bool) -> None:
    async with app.database.reading() as session:
        rosters = Rosters(session)
        if await rosters.find_group([server_id], name) is not None:
            return
        known = [group.name for group in await rosters.groups([server_id])]
    if make:
        await add_group(app, server_id, name)
        return
    raise UnknownGroupError(name, known)


async def _looks(app: App, bench: Workbench, photos: Sequence[Submitted]) -> list[_Look]:
    return await asyncio.gather(*(_look(app, bench, photo) for photo in photos))


async def _look(app: App, bench: Workbench, photo: Submitted) -> _Look:
    return _Look(photo.name, hashlib.sha256(photo.data).hexdigest(), await _enrol(app, bench, photo))


async def _enrol(app: App, bench: Workbench, photo: Submitted) -> Enrolled | Refused:
    if photo.refusal is not None:
        return Refused(photo.refusal)
    try:
        return await app.compute.run(jobs.enrol, bench, photo.data)
    except PersonError as error:
        return Refused(str(error))


async def _keep(
    session: AsyncSession, server_id: int, member: Member, look: _Look, cuts: Mapping[bytes, StoredCut], by: int
) -> TakenPhoto:
    rosters, result = Rosters(session), look.result
    if isinstance(result, Refused):
        return TakenPhoto(look.name, None, result.sentence)
    before = await rosters.enrolled_for(server_id, look.sha256)
    if any(known.id == member.id for known in before):
        return TakenPhoto(look.name, None, SEEN_BEFORE)
    # Somebody may be in two groups with one photo: a unit, say. Two names on one photo are a slip.
    other = next((known for known in before if known.key != member.key), None)
    if other is not None:
        reason = f"{SEEN_BEFORE}, as one of {plain(other.name)} ({plain(other.group.name)})"
        return TakenPhoto(look.name, None, reason)
    stored = cuts[result.cut.jpeg]._replace(sha256=look.sha256)
    crop = await Crops(session).add(server_id, stored, result.vector, result.engine)
    await rosters.add_photo(Photo(member_id=member.id, crop_id=crop.id, added_by=by), server_id)
    return TakenPhoto(look.name, result.cut.jpeg, None)
