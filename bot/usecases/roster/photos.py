"""The photos of members: shown, and removed one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.aliases import SpellingRepository
from bot.database.lookup import require_group, require_member, require_member_by_id
from bot.database.photos import PhotoRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.rosters import Group, Member
from bot.database.tables.visibility import may_show
from bot.domain.messages import Message
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError
from bot.usecases.questions import crops

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.domain.enums import FaceOrigin

PAGE = 10
"""Photos on one page. A gallery on Discord holds no more."""

MAX_SHEET_FACES = 100

GONE = Message("That photo has been removed already.")


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photo on a card. `crop`: None where the file is lost or damaged, or where only the channel `only_in` may show it.

    `spoiler`: it is shown covered.
    """

    id: int
    crop: bytes | None
    face_width: int
    sharpness: float | None
    only_in: int | None
    spoiler: bool
    origin: FaceOrigin
    added_by: int
    added_at: datetime


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member with one page of photos. `counts`: the number of all photos by origin."""

    id: int
    name: str
    group: str
    is_shared: bool
    aliases: tuple[str, ...]
    counts: dict[FaceOrigin, int]
    page: int
    photos: tuple[PhotoView, ...]

    @property
    def pages(self) -> int:
        """The number of pages, at least 1."""
        return max(1, -(-sum(self.counts.values()) // PAGE))


@dataclass(frozen=True, slots=True)
class ListedMember:
    """A member of a shown group. `photos`: their number."""

    name: str
    aliases: tuple[str, ...]
    photos: int


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group with its members. `sheet`: a JPEG with a face of each of `pictured` above the name; None without any."""

    name: str
    is_shared: bool
    aliases: tuple[str, ...]
    members: tuple[ListedMember, ...]
    sheet: bytes | None
    pictured: tuple[str, ...]


async def show_member(app: App, server_id: int, channel_id: int | None, group: str, member: str) -> MemberView:
    """A member, in any spelling, with the first page of photos, as this channel may show them.

    Raises UnknownGroupError, UnknownMemberError.
    """
    async with app.database.reading() as session:
        found = await require_member(session, {SHARED_ROSTER, server_id}, group, member)
        return await _shown(app, session, channel_id, found, found.group, 0)


async def show_page(app: App, server_id: int, channel_id: int | None, member_id: int, page: int) -> MemberView:
    """A member with a page of photos from 0, at most the last one, as this channel may show them.

    Raises PersonError where the member is gone.
    """
    async with app.database.reading() as session:
        member = await require_member_by_id(session, {SHARED_ROSTER, server_id}, member_id)
        return await _shown(app, session, channel_id, member, member.group, page)


async def remove_photo(app: App, server_id: int, photo_id: int, by: int) -> None:
    """Remove a photo of a server's roster and its crop. Raises PersonError where it is gone."""
    async with app.database.writing() as session:
        photo = await PhotoRepository(session).find(photo_id, server_id)
        if photo is None:
            raise PersonError(GONE)
        await PhotoRepository(session).remove(photo, server_id, by)
    await crops.sweep(app)


async def show_group(app: App, server_id: int, group: str) -> GroupView:
    """A group, in any spelling, with its members. Raises UnknownGroupError."""
    async with app.database.reading() as session:
        found = await require_group(session, {SHARED_ROSTER, server_id}, group)
        counts = await RosterRepository(session).member_photo_counts(found.id)
        aliases = await SpellingRepository(session).aliases_in(found.id)
        keys = await PhotoRepository(session).first_of_each(found.id)
    with_photo = [member for member, _, _ in counts if member in keys][:MAX_SHEET_FACES]
    files = await crops.read(app, [keys[member] for member in with_photo])
    crop = dict(zip(with_photo, files, strict=True))
    members = tuple(ListedMember(name, tuple(aliases.get(member, [])), photos) for member, name, photos in counts)
    faces = [(name, face) for member, name, _ in counts if (face := crop.get(member)) is not None]
    sheet = await app.compute.run(jobs.contact_sheet, faces) if faces else None
    pictured = tuple(name for name, _ in faces)
    return GroupView(
        found.name, found.server_id == SHARED_ROSTER, tuple(aliases.get(None, [])), members, sheet, pictured
    )


async def _shown(
    app: App, session: AsyncSession, channel_id: int | None, member: Member, group: Group, page: int
) -> MemberView:
    photos = PhotoRepository(session)
    counts = await photos.counts(member.id)
    page = max(0, min(page, (sum(counts.values()) - 1) // PAGE))
    kept = await photos.of_member(member.id, offset=page * PAGE, limit=PAGE)
    shown = [photo for photo in kept if may_show(photo.only_in, channel_id)]
    files = await crops.read(app, [photo.key for photo in shown])
    faces = {photo.id: crop for photo, crop in zip(shown, files, strict=True)}
    return MemberView(
        id=member.id,
        name=member.name,
        group=group.name,
        is_shared=group.server_id == SHARED_ROSTER,
        aliases=tuple(await SpellingRepository(session).aliases(member)),
        counts=counts,
        page=page,
        photos=tuple(
            PhotoView(
                id=photo.id,
                crop=faces.get(photo.id),
                face_width=photo.face_width,
                sharpness=photo.sharpness,
                only_in=photo.only_in,
                spoiler=photo.spoiler,
                origin=photo.origin,
                added_by=photo.added_by,
                added_at=photo.added_at,
            )
            for photo in kept
        ),
    )
