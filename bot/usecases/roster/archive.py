"""Rosters as archives: a zip of `group/member/photo`, and everything that folders can't express in `roster.json`."""

from __future__ import annotations

import asyncio
import zipfile
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from bot.database.aliases import SpellingRepository
from bot.database.lookup import find_or_add_group, require_group
from bot.database.photos import PhotoRepository
from bot.database.rosters import RosterRepository
from bot.domain.messages import Code, Hint
from bot.domain.photos import KnownPhoto
from bot.errors import PersonError
from bot.media.archives.reading import MANIFEST, Archive, ArchiveEntry, ArchiveError, ArchiveLimits
from bot.text.formatting import mebibytes
from bot.text.names import checked_name
from bot.usecases.questions.identify import SubmittedFile
from bot.usecases.roster import enrolment, manifests, members
from bot.usecases.roster.enrolment import NoUsablePhotoError
from bot.usecases.roster.manifests import GroupNote, Manifest, MemberNote, PhotoNote, folder_of
from bot.usecases.roster.submissions import ArchivedCrop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.photos import PhotoWithCrop
    from bot.database.tables.rosters import Group
    from bot.domain.photos import PhotoReason

    ImportProgressCallback = Callable[[int, int, str, str], Awaitable[None]]
    """Called with the number of photos that are done, their total, and the group and the member of the next ones."""

AT_ONCE = 10
"""Photos that wait for workers together, so that none spends its deadline in the queue."""

IN_MEMORY = 16 * 2**20
"""Bytes of an archive in memory, at most; a larger one is a temporary file."""

UNUSED = (1980, 1, 1, 0, 0, 0)
"""The time of all files in an archive, so that equal rosters make equal archives."""


@dataclass(frozen=True, slots=True)
class LeftOutEntry:
    """A photo or an alias of an archive that isn't taken. `path`: its place in the archive."""

    path: str
    reason: PhotoReason


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import.

    `photos`: the number in the archive. `taken`: those that are new. `known`: those that the roster has already. `members`:
    the number of members with a photo of the archive.
    """

    photos: int
    taken: int
    known: int
    members: int
    left_out: tuple[LeftOutEntry, ...]


class TooLargeError(PersonError):
    """The archive is larger than an upload may be."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            "This makes more than the {most} that I may upload here. Export one group at a time with {option}, or my owner "
            "takes all with {command}.",
            most=mebibytes(most_bytes),
            option=Code("group:"),
            command=Code("nugu roster export"),
        )


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported roster. The receiver closes `file`. `lost`: photos without a file.

    `kept_back`: photos from spoilers and age-restricted channels, which are not in the archive.
    """

    file: IO[bytes]
    groups: int
    members: int
    photos: int
    lost: int
    kept_back: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """The photos of one member. `group`, `member`: names in the roster. `archived`: by file name, the crops in the manifest."""

    group: str
    member: str
    entries: list[ArchiveEntry]
    archived: dict[str, ArchivedCrop]


async def import_roster(
    app: App,
    server_id: int,
    file: IO[bytes],
    by: int,
    progress: ImportProgressCallback,
    *,
    limits: ArchiveLimits | None = None,
) -> Imported:
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
    return Imported(photos, taken, known, len(of), tuple(left_out))


async def export_roster(app: App, server_id: int, group: str | None, *, most_bytes: int | None = None) -> Exported:
    """Export a server's roster, or one group of it, as an archive that `import_roster` takes.

    Raises PersonError for an empty roster, TooLargeError for an archive of more than `most_bytes`.
    """
    async with app.database.reading() as session:
        if group is not None:
            groups = [await require_group(session, [server_id], group)]
        else:
            groups = list(await RosterRepository(session).groups([server_id]))
        if not groups:
            raise PersonError("There is no group here to export yet", hint=Hint.ADD_FIRST_GROUP)
        manifest, files, kept_back = await _described(session, groups)
    file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # the receiver closes it
    lost = 0
    try:
        with zipfile.ZipFile(file, "w") as archive:
            _write(archive, MANIFEST, manifest.model_dump_json(indent=1).encode())
            for start in range(0, len(files), AT_ONCE):
                some = files[start : start + AT_ONCE]
                crops = await asyncio.gather(*(app.storage.get(photo.key) for _, photo in some))
                for (path, _), crop in zip(some, crops, strict=True):
                    if crop is None:
                        lost += 1
                    else:
                        _write(archive, path, crop)
                if most_bytes is not None and file.tell() > most_bytes:
                    break
        if most_bytes is not None and file.tell() > most_bytes:
            raise TooLargeError(most_bytes)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    members_in = sum(len(note.members) for note in manifest.groups)
    return Exported(file, len(groups), members_in, len(files) - lost, lost, kept_back)


def _plans(entries: Sequence[ArchiveEntry], manifest: Manifest) -> list[_Plan]:
    """The photos of each member, in the archive's order. The manifest has the names that folders stand for."""
    names: dict[str, str] = {}
    notes: dict[tuple[str, str], MemberNote] = {}
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
    photos = await asyncio.to_thread(lambda: [_unpacked(archive, entry) for entry in some])
    try:
        added = await enrolment.add_member(
            app, server_id, plan.group, plan.member, photos, by=by, make_group=True, archived=plan.archived
        )
        return [outcome.reason for outcome in added.outcomes]
    except NoUsablePhotoError as error:
        return error.reasons
    except PersonError as error:
        return [error.message] * len(some)


def _unpacked(archive: Archive, entry: ArchiveEntry) -> SubmittedFile:
    try:
        return SubmittedFile(entry.file, archive.read(entry))
    except ArchiveError as error:
        return SubmittedFile(entry.file, refusal=error.message)


async def _name(app: App, server_id: int, manifest: Manifest) -> list[LeftOutEntry]:
    """Add the groups and members without photos, and all aliases; returns the aliases that clash with other names."""
    clashes: list[LeftOutEntry] = []
    for group in manifest.groups:
        name = checked_name(group.name)
        async with app.database.writing() as session:
            rosters = RosterRepository(session)
            found = await find_or_add_group(session, server_id, name)
            for member in group.members:
                own = checked_name(member.name)
                if await rosters.find_member(found.id, own) is None:
                    await rosters.add_member(found.id, own)
        wanted = [(None, alias) for alias in group.aliases]
        wanted += [(member.name, alias) for member in group.members for alias in member.aliases]
        for whose, alias in wanted:
            try:
                await members.add_alias(app, server_id, name, whose, alias)
            except members.FoundAlreadyError:
                continue
            except PersonError as error:
                clashes.append(LeftOutEntry(f"{MANIFEST}: {whose or name}, {alias}", error.message))
    return clashes


async def _described(
    session: AsyncSession, groups: Sequence[Group]
) -> tuple[Manifest, list[tuple[str, PhotoWithCrop]], int]:
    """The manifest of groups, the path of each public photo, and the number of the other photos."""
    notes: list[GroupNote] = []
    files: list[tuple[str, PhotoWithCrop]] = []
    group_folders: set[str] = set()
    kept_back = 0
    for group in groups:
        aliases: Mapping[int | None, list[str]] = await SpellingRepository(session).aliases_in(group.id)
        folder, member_folders = folder_of(group.name, group_folders), set[str]()
        note = GroupNote(folder=folder, name=group.name, aliases=aliases.get(None, []))
        for member, name, _ in await RosterRepository(session).counts_of(group.id):
            own = folder_of(name, member_folders)
            known_by = await PhotoRepository(session).of(member)
            photos = [photo for photo in known_by if photo.is_public]
            kept_back += len(known_by) - len(photos)
            named = [(f"{number:04}.jpg", photo) for number, photo in enumerate(photos, start=1)]
            files += [(f"{folder}/{own}/{file}", photo) for file, photo in named]
            note.members.append(
                MemberNote(folder=own, name=name, aliases=aliases.get(member, []), photos=_notes(named))
            )
        notes.append(note)
    return Manifest(groups=notes), files, kept_back


def _notes(named: Sequence[tuple[str, PhotoWithCrop]]) -> list[PhotoNote]:
    return [
        PhotoNote(file=file, sha256=photo.sha256, face_width=photo.face_width, sharpness=photo.sharpness)
        for file, photo in named
    ]


def _write(archive: zipfile.ZipFile, path: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(path, UNUSED), data)
