"""Rosters into archives: a zip of `group/member/photo`, and everything that folders can't express in `roster.json`."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from bot.database.aliases import SpellingRepository
from bot.database.lookup import require_group
from bot.database.photos import PhotoRepository
from bot.database.rosters import RosterRepository
from bot.domain.messages import Code, Hint
from bot.errors import PersonError
from bot.media.archives.reading import MANIFEST
from bot.text.formatting import mebibytes
from bot.usecases.questions import crops
from bot.usecases.roster.manifests import Manifest, ManifestGroup, ManifestMember, ManifestPhoto, folder_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from io import BufferedRandom

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.photos import PhotoWithCrop
    from bot.database.tables.rosters import Group

AT_ONCE = 10
"""Crops that are read from the storage together."""

UNUSED = (1980, 1, 1, 0, 0, 0)
"""The time of all files in an archive, so that equal rosters make equal archives."""


class ArchiveTooLargeError(PersonError):
    """The archive is larger than an upload may be."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            "This makes more than the {most} that I may upload here. Export one group at a time with {option}, or my owner "
            "takes all with {command}.",
            most=mebibytes(max_bytes),
            option=Code("group:"),
            command=Code("nugu roster export"),
        )


@dataclass(frozen=True, slots=True)
class RosterExport:
    """An exported roster. `file`: a nameless temporary one, which the receiver closes.

    `lost`: photos whose file is lost or damaged. `kept_back`: photos from spoilers and age-restricted channels, which are not
    in the archive.
    """

    file: BufferedRandom
    groups: int
    members: int
    photos: int
    lost: int
    kept_back: int


async def export_roster(app: App, server_id: int, group: str | None, *, max_bytes: int | None = None) -> RosterExport:
    """Export a server's roster, or one group of it, as an archive that `import_roster` takes.

    Raises PersonError for an empty roster, ArchiveTooLargeError for an archive of more than `max_bytes`.
    """
    async with app.database.reading() as session:
        if group is not None:
            groups = [await require_group(session, [server_id], group)]
        else:
            groups = list(await RosterRepository(session).groups([server_id]))
        if not groups:
            raise PersonError("There is no group here to export yet", hint=Hint.ADD_FIRST_GROUP)
        manifest, files, kept_back = await _described(session, groups)
    file = TemporaryFile()  # noqa: SIM115  # the receiver closes it
    lost = 0
    try:
        with zipfile.ZipFile(file, "w") as archive:
            _write(archive, MANIFEST, manifest.model_dump_json(indent=1).encode())
            for start in range(0, len(files), AT_ONCE):
                some = files[start : start + AT_ONCE]
                read = await crops.read(app, [photo.key for _, photo in some])
                for (path, _), crop in zip(some, read, strict=True):
                    if crop is None:
                        lost += 1
                    else:
                        _write(archive, path, crop)
                if max_bytes is not None and file.tell() > max_bytes:
                    break
        if max_bytes is not None and file.tell() > max_bytes:
            raise ArchiveTooLargeError(max_bytes)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    members_in = sum(len(note.members) for note in manifest.groups)
    return RosterExport(file, len(groups), members_in, len(files) - lost, lost, kept_back)


async def _described(
    session: AsyncSession, groups: Sequence[Group]
) -> tuple[Manifest, list[tuple[str, PhotoWithCrop]], int]:
    """The manifest of groups, the path of each public photo, and the number of the other photos."""
    notes: list[ManifestGroup] = []
    files: list[tuple[str, PhotoWithCrop]] = []
    group_folders: set[str] = set()
    kept_back = 0
    for group in groups:
        aliases: Mapping[int | None, list[str]] = await SpellingRepository(session).aliases_in(group.id)
        folder, member_folders = folder_of(group.name, group_folders), set[str]()
        note = ManifestGroup(folder=folder, name=group.name, aliases=aliases.get(None, []))
        for member, name, _ in await RosterRepository(session).member_photo_counts(group.id):
            own = folder_of(name, member_folders)
            known_by = await PhotoRepository(session).of_member(member)
            photos = [photo for photo in known_by if photo.is_public]
            kept_back += len(known_by) - len(photos)
            named = [(f"{number:04}.jpg", photo) for number, photo in enumerate(photos, start=1)]
            files += [(f"{folder}/{own}/{file}", photo) for file, photo in named]
            note.members.append(
                ManifestMember(folder=own, name=name, aliases=aliases.get(member, []), photos=_notes(named))
            )
        notes.append(note)
    return Manifest(groups=notes), files, kept_back


def _notes(named: Sequence[tuple[str, PhotoWithCrop]]) -> list[ManifestPhoto]:
    return [
        ManifestPhoto(file=file, sha256=photo.sha256, face_width=photo.face_width, sharpness=photo.sharpness)
        for file, photo in named
    ]


def _write(archive: zipfile.ZipFile, path: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(path, UNUSED), data)
