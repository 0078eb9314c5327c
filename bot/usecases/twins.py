"""Look-alikes: the twins of a group, and the members most like one. Only public photos with confirmed labels count."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.lookup import require_group, require_member, unknown_member
from bot.database.photos import PhotoRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.rosters import Group, Member
from bot.domain.messages import AllOf, Hint, Message, Strong
from bot.domain.rosters import SHARED_ROSTER
from bot.domain.twins import DrawnLookAlikes, DrawnTwins
from bot.errors import MAX_NAMES, NoRosterError, PersonError, UnencodedPhotosError
from bot.usecases.questions import crops

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.photos import PublicPhoto
    from bot.domain.rosters import EnrolledEncoding
    from bot.domain.twins import ComparedMember

NO_TWO = Message("Twins take two members with a photo each", hint=Hint.ADD_TWINS)


async def twins(app: App, server_id: int, group: str | None = None) -> DrawnTwins:
    """The most alike members of a group; without a group, of the visible group whose pair is nearest.

    Raises NoRosterError, UnknownGroupError; PersonError where no two members have a photo, or the engine in use has seen none.
    """
    async with app.database.reading() as session:
        groups = await _visible(session, server_id)
        if group is not None:
            groups = [await require_group(session, {SHARED_ROSTER, server_id}, group)]
        if len(groups) == 1:
            await _check_two(session, groups[0])
        ids = [group.id for group in groups]
        revisions = await RosterRepository(session).revisions({SHARED_ROSTER, server_id})
    engine = await app.recognisers.engine()
    return await app.caches.twins.get((tuple(ids), engine, revisions), partial(_twins, app, ids, engine))


async def look_alikes(app: App, server_id: int, group: str | None, member: str) -> DrawnLookAlikes:
    """The members of all visible groups who look most like one.

    Raises NoRosterError, UnknownGroupError, UnknownMemberError; PersonError where several groups have a member of that name,
    and where the member, or everybody else, has no photo that the engine in use has seen.
    """
    async with app.database.reading() as session:
        groups = await _visible(session, server_id)
        asked = await _member(session, server_id, [visible.id for visible in groups], group, member)
        if not await RosterRepository(session).photo_count(asked.id):
            raise PersonError("I have no photo of {member} yet.", member=asked.name, hint=Hint.ADD_PHOTO)
        ids = sorted({asked.group_id, *(visible.id for visible in groups)})
        revisions = await RosterRepository(session).revisions({SHARED_ROSTER, server_id})
    engine = await app.recognisers.engine()
    key = asked.id, tuple(ids), engine, revisions
    return await app.caches.look_alikes.get(key, partial(_look_alikes, app, asked, ids, engine))


async def _visible(session: AsyncSession, server_id: int) -> list[Group]:
    """The visible groups of a server: its own, and the shared ones without those whose name it uses itself."""
    found = await RosterRepository(session).groups({SHARED_ROSTER, server_id})
    if not found:
        raise NoRosterError
    own = {group.key for group in found if group.server_id != SHARED_ROSTER}
    return [group for group in found if group.server_id == server_id or group.key not in own]


async def _check_two(session: AsyncSession, group: Group) -> None:
    """Raise PersonError where a group has no two members with a photo."""
    counts = await RosterRepository(session).member_photo_counts(group.id)
    name = Strong(group.name)
    if not counts:
        raise PersonError("{name} has no member yet. {no_two}", name=name, no_two=NO_TWO)
    if len(counts) == 1:
        raise PersonError("{name} has one member, {member}. {no_two}", name=name, member=counts[0][1], no_two=NO_TWO)
    without = [member for _, member, photos in counts if not photos]
    if len(counts) - len(without) < 2:
        rest = len(without) - MAX_NAMES
        more = Message(" and {rest} more", rest=rest) if rest > 0 else ""
        raise PersonError(
            "I have no photo of {members}{more} of {name} yet. {no_two}",
            members=without[:MAX_NAMES],
            more=more,
            name=name,
            no_two=NO_TWO,
        )


async def _member(
    session: AsyncSession, server_id: int, visible: Collection[int], group: str | None, name: str
) -> Member:
    servers = {SHARED_ROSTER, server_id}
    if group is not None:
        return await require_member(session, servers, group, name)
    found = await RosterRepository(session).members_called(servers, name)
    called = [member for member in found if member.group_id in visible]
    if not called:
        raise await unknown_member(session, servers, name)
    if len(called) > 1:
        raise PersonError(
            "There is {member} in {groups}.",
            member=called[0].name,
            groups=AllOf([Strong(member.group.name) for member in called]),
            hint=Hint.NAME_GROUP,
        )
    return called[0]


async def _twins(app: App, groups: Sequence[int], engine: str) -> DrawnTwins:
    rows, photos = await _photos(app, groups, engine)
    found = await app.compute.run(jobs.find_twins, rows, _seen(photos), engine, groups)
    if found is None:
        raise PersonError("I see no two members here. {no_two}", no_two=NO_TWO)
    faces = await _crops(app, [found.first, found.second.member], photos)
    return DrawnTwins(found, *await app.compute.run(jobs.draw_twins, found, faces))


async def _look_alikes(app: App, member: Member, groups: Sequence[int], engine: str) -> DrawnLookAlikes:
    rows, photos = await _photos(app, groups, engine)
    found = await app.compute.run(jobs.find_look_alikes, rows, _seen(photos), engine, member.id)
    if found is None:
        raise PersonError("I see no face in the photos of {member}.", member=member.name, hint=Hint.ADD_ANOTHER_PHOTO)
    if not found.nearest:
        raise PersonError("I know nobody besides {member} by a photo. {no_two}", member=member.name, no_two=NO_TWO)
    faces = await _crops(app, [found.asked, *(like.member for like in found.nearest)], photos)
    return DrawnLookAlikes(found, await app.compute.run(jobs.draw_look_alikes, found, faces))


async def _photos(
    app: App, groups: Collection[int], engine: str
) -> tuple[list[EnrolledEncoding], dict[int, PublicPhoto]]:
    async with app.database.reading() as session:
        rows, photos = (
            await RosterRepository(session).encodings_of_groups(groups, engine),
            await PhotoRepository(session).public_photos(groups),
        )
    if photos and not rows:
        raise UnencodedPhotosError((await app.recognisers.config()).engine)
    return rows, photos


def _seen(photos: dict[int, PublicPhoto]) -> dict[int, tuple[int, float | None]]:
    return {number: (photo.face_width, photo.sharpness) for number, photo in photos.items()}


async def _crops(app: App, members: Sequence[ComparedMember], photos: dict[int, PublicPhoto]) -> dict[int, bytes]:
    """The best crops of these members, by the photo's id, without lost and damaged files."""
    wanted = [number for member in members for number in member.best]
    files = await crops.read(app, [photos[number].key for number in wanted])
    return {number: file for number, file in zip(wanted, files, strict=True) if file is not None}
