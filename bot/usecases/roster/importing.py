"""Rosters from archives: a zip of `group/member/photo`, and everything that folders can't express in `roster.json`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from bot.database.lookup import find_or_add_group
from bot.database.rosters import RosterRepository
from bot.domain.files import SubmittedFile
from bot.domain.photos import KnownPhoto, NoRoom
from bot.errors import PersonError, QuotaError
from bot.infra.incoming import fetch_to
from bot.media.archives.reading import MANIFEST, Archive, ArchiveEntry, ArchiveLimits
from bot.text.names import checked_name
from bot.usecases.roster import enrolment, manifests, members
from bot.usecases.roster.enrolment import NoUsablePhotoError
from bot.usecases.roster.manifests import Manifest, ManifestMember
from bot.usecases.roster.submissions import ArchivedCrop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.domain.photos import PhotoReason

    ImportProgressCallback = Callable[[int, int, str, str], Awaitable[None]]
    """Called with the number of photos that are done, their total, and the group and the member of the next ones."""

AT_ONCE = 10
"""Photos that wait for workers together, so that none spends its deadline in the queue."""


@dataclass(frozen=True, slots=True)
class LeftOutEntry:
    """A photo or an alias of an archive that isn't taken. `path`: its place in the archive."""

    path: str
    reason: PhotoReason


@dataclass(frozen=True, slots=True)
class RosterImport:
    """The result of an import.

    `photos`: the number in the archive. `taken`: those that are new. `known`: those that the roster has already. `members`:
    the number of members with a photo of the archive.
    """

    photos: int
    taken: int
    known: int
    members: int
    left_out: tuple[LeftOutEntry, ...]

    @property
    def full(self) -> list[NoRoom]:
        """The quotas that had no room for entries of the archive."""
        return list(dict.fromkeys(entry.reason for entry in self.left_out if isinstance(entry.reason, NoRoom)))


@dataclass(frozen=True, slots=True)
class _Plan:
    """The photos of one member. `group`, `member`: names in the roster. `archived`: by file name, the crops in the manifest."""

    group: str
    member: str
    entries: list[ArchiveEntry]
    archived: dict[str, ArchivedCrop]


async def import_file(
    app: App,
    server_id: int,
    given: SubmittedFile,
    by: int,
    progress: ImportProgressCallback,
    *,
    limits: ArchiveLimits,
) -> RosterImport:
    """As `import_roster`, with a submitted archive, which is fetched in its turn.

    Raises BusyError where its turn would come too late, and PersonError where it can't be fetched.
    """
    async with app.queues.archives.bulk_turn(), app.compute.scratch_file() as path:
        reason = given.refusal
        if reason is None:
            try:
                await fetch_to(given, path)
            except PersonError as error:
                reason = error.message
        if reason is not None:
            sentence = str(reason)
            raise PersonError("{sentence}.", sentence=sentence[:1].upper() + sentence[1:])
        with path.open("rb") as file:
            return await import_roster(app, server_id, file, by, progress, limits=limits)


async def import_roster(
    app: App,
    server_id: int,
    file: IO[bytes],
    by: int,
    progress: ImportProgressCallback,
    *,
    limits: ArchiveLimits | None = None,
) -> RosterImport:
    """Add the groups, members and photos of a zip archive to a server's roster.

    Raises PersonError where the archive can't be read, or the server learns nothing.
    """
    await enrolment.require_learning(app, server_id)
    limits = limits or ArchiveLimits(max_entry_bytes=app.settings.picture_bytes)
    archive = await asyncio.to_thread(Archive, file, limits)
    noted = await asyncio.to_thread(archive.manifest)
    manifest = await asyncio.to_thread(manifests.read, noted) if noted is not None else Manifest()
    photos = len(archive.entries) + len(archive.left_out)
    left_out = [LeftOutEntry(entry.path, entry.reason) for entry in archive.left_out]
    plans = await asyncio.to_thread(_plans, archive.entries, manifest)
    if not photos and not manifest.groups:
        raise PersonError("I find no photo in this archive; I look for group/member/*.jpg in it.")
    done, taken, known, of = len(archive.left_out), 0, 0, set[tuple[str, str]]()
    for plan in plans:
        for start in range(0, len(plan.entries), AT_ONCE):
            await progress(done, photos, plan.group, plan.member)
            some = plan.entries[start : start + AT_ONCE]
            for entry, reason in zip(some, await _import(app, server_id, archive, plan, some, by), strict=True):
                if reason is not None and not isinstance(reason, KnownPhoto):
                    left_out.append(LeftOutEntry(entry.path, reason))
                    continue
                taken += reason is None
                known += reason is not None
                of.add((plan.group, plan.member))
            done += len(some)
    left_out += await _name(app, server_id, manifest)
    return RosterImport(photos, taken, known, len(of), tuple(left_out))


def _plans(entries: Sequence[ArchiveEntry], manifest: Manifest) -> list[_Plan]:
    """The photos of each member, in the archive's order. The manifest has the names that folders stand for."""
    names: dict[str, str] = {}
    notes: dict[tuple[str, str], ManifestMember] = {}
    for group in manifest.groups:
        names[group.folder] = checked_name(group.name)
        notes |= {(group.folder, member.folder): member for member in group.members}
    plans: dict[tuple[str, str], _Plan] = {}
    for entry in entries:
        folders = entry.group, entry.member
        if folders not in plans:
            note = notes.get(folders)
            archived = (
                {photo.file: ArchivedCrop(photo.sha256, photo.face_width, photo.sharpness) for photo in note.photos}
                if note
                else {}
            )
            member = checked_name(note.name) if note else entry.member
            plans[folders] = _Plan(names.get(entry.group, entry.group), member, [], archived)
        plans[folders].entries.append(entry)
    return list(plans.values())


async def _import(
    app: App, server_id: int, archive: Archive, plan: _Plan, some: Sequence[ArchiveEntry], by: int
) -> Sequence[PhotoReason | None]:
    """Add a few photos of one member; for each the reason for not taking it, None where it was taken."""
    photos = [_packed(archive, entry) for entry in some]
    try:
        added = await enrolment.add_member(
            app, server_id, plan.group, plan.member, photos, by=by, make_group=True, archived=plan.archived
        )
        return [outcome.reason for outcome in added.outcomes]
    except NoUsablePhotoError as error:
        return error.reasons
    except QuotaError as error:
        return [NoRoom(error.quota, error.limit)] * len(some)
    except PersonError as error:
        return [error.message] * len(some)


def _packed(archive: Archive, entry: ArchiveEntry) -> SubmittedFile:
    """A photo of the archive, which is unpacked in its turn."""

    async def unpack(path: Path) -> None:
        await asyncio.to_thread(lambda: path.write_bytes(archive.read(entry)))

    return SubmittedFile(entry.file, unpack, size=entry.info.file_size)


async def _name(app: App, server_id: int, manifest: Manifest) -> list[LeftOutEntry]:
    """Add the groups and members without photos, and all aliases; returns the entries without room, and clashing aliases."""
    left_out: list[LeftOutEntry] = []
    for group in manifest.groups:
        name = checked_name(group.name)
        try:
            async with app.database.writing() as session:
                without_room = await _add_members(session, server_id, name, group.members)
        except QuotaError as error:
            left_out.append(LeftOutEntry(f"{MANIFEST}: {name}", NoRoom(error.quota, error.limit)))
            continue
        left_out += [LeftOutEntry(f"{MANIFEST}: {name}, {member}", reason) for member, reason in without_room.items()]
        wanted = [(None, alias) for alias in group.aliases]
        present = [member for member in group.members if checked_name(member.name) not in without_room]
        wanted += [(member.name, alias) for member in present for alias in member.aliases]
        for whose, alias in wanted:
            try:
                await members.add_alias(app, server_id, name, whose, alias)
            except members.AliasTakenError:
                continue
            except PersonError as error:
                left_out.append(LeftOutEntry(f"{MANIFEST}: {whose or name}, {alias}", error.message))
    return left_out


async def _add_members(
    session: AsyncSession, server_id: int, group: str, notes: Sequence[ManifestMember]
) -> dict[str, NoRoom]:
    """Add a group and its members, as far as they are missing; returns the members without room.

    Raises QuotaError where the group has no room.
    """
    rosters = RosterRepository(session)
    found = await find_or_add_group(session, server_id, group)
    without_room: dict[str, NoRoom] = {}
    for note in notes:
        name = checked_name(note.name)
        try:
            if await rosters.find_member(found.id, name) is None:
                await rosters.add_member(found.id, name)
        except QuotaError as error:
            without_room[name] = NoRoom(error.quota, error.limit)
    return without_room
