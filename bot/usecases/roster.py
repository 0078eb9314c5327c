"""Groups and members: adding them, and the photos by which they are known."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.rosters import Rosters
from bot.database.tables import HOUSE, Photo
from bot.errors import PersonError, UnknownGroupError
from bot.jobs import Enrolled, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import App
    from bot.usecases.identify import Submitted

LONGEST_NAME = 100
SEEN_BEFORE = "I have this very picture already"


class NoUsablePhotoError(PersonError):
    """A new member came with no photo that could be taken; `reasons` has one sentence a photo."""

    def __init__(self, member: str, photos: Sequence[str], reasons: Sequence[str]) -> None:
        told = "".join(f"\n{photo}: {reason}." for photo, reason in zip(photos, reasons, strict=True))
        super().__init__(f"I need one photo of {member} that I can use.{told}")
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


async def add_group(app: App, server_id: int, name: str) -> str:
    """Add a group; its name as kept. Raises PersonError when there is one of that name."""
    name = _checked(name)
    async with app.database.writing() as session:
        rosters = Rosters(session)
        if await rosters.find_group([server_id], name) is not None:
            raise PersonError(f"There is a group called “{name}” already.")
        await rosters.add_group(server_id, name)
    return name


async def add_member(
    app: App, server_id: int, group: str, name: str, photos: Sequence[Submitted], *, by: int, make_group: bool = False
) -> AddedMember:
    """Add a member, or more photos of one. A photo that can't be taken says why and leaves the others alone.

    Raises PersonError for an unknown group (unless `make_group`), a bad name, or NoUsablePhotoError for a new member.
    """
    name = _checked(name)
    await _known_group(app, server_id, group, make=make_group)
    results = await asyncio.gather(*(_look(app, photo) for photo in photos))
    taken: list[TakenPhoto] = []
    async with app.database.writing() as session:
        rosters = Rosters(session)
        found = await rosters.find_group([server_id], group)
        if found is None:
            raise PersonError(f"The group “{group}” was removed just now.")
        member = await rosters.find_member(found.id, name)
        if member is None:
            refused = [result for result in results if isinstance(result, Refused)]
            if len(refused) == len(results):
                raise NoUsablePhotoError(name, [photo.name for photo in photos], [each.sentence for each in refused])
            member = await rosters.add_member(found.id, name)
        for photo, result in zip(photos, results, strict=True):
            taken.append(await _keep(app, rosters, member.id, photo, result, by))
        count = await rosters.photo_count(member.id)
        return AddedMember(found.name, member.name, tuple(taken), count)


async def list_groups(app: App, servers: Sequence[int]) -> list[ListedGroup]:
    """The groups that `servers` may ask about, with the house's."""
    async with app.database.reading() as session:
        rosters = Rosters(session)
        return [
            ListedGroup(group.name, await rosters.photo_counts(group.id), group.server_id == HOUSE)
            for group in await rosters.groups({HOUSE, *servers})
        ]


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


async def _look(app: App, photo: Submitted) -> Enrolled | Refused:
    if photo.refusal is not None:
        return Refused(photo.refusal)
    try:
        return await app.compute.run(jobs.enrol, app.bench, photo.data)
    except PersonError as error:
        return Refused(str(error))


async def _keep(
    app: App, rosters: Rosters, member_id: int, photo: Submitted, result: Enrolled | Refused, by: int
) -> TakenPhoto:
    if isinstance(result, Refused):
        return TakenPhoto(photo.name, None, result.sentence)
    sha256 = hashlib.sha256(photo.data).hexdigest()
    if await rosters.has_photo(member_id, sha256):
        return TakenPhoto(photo.name, None, SEEN_BEFORE)
    crop_key = f"crops/{member_id}/{sha256}.jpg"
    await app.storage.put(crop_key, result.crop)
    row = Photo(member_id=member_id, sha256=sha256, crop_key=crop_key, face_width=result.face_width, added_by=by)
    await rosters.add_photo(row, result.vector, result.engine)
    return TakenPhoto(photo.name, result.crop, None)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise PersonError(f"A name has 1 to {LONGEST_NAME} printable characters.")
    return name
