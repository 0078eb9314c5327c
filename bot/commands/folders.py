"""`nugu enrol` and `nugu roster import`: photos of a folder or an archive into a roster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.app import App
from bot.commands import terminal
from bot.domain.files import SubmittedFile
from bot.domain.messages import Message
from bot.domain.photos import KnownPhoto
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import OperatorError, PersonError
from bot.media.archives.photo_folders import MISPLACED, common_root, files_below
from bot.media.archives.reading import ArchiveLimits
from bot.text.formatting import counted
from bot.text.photos import photo_reason
from bot.usecases.roster import enrolment, importing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.domain.photos import PhotoReason
    from bot.settings import Settings

OPERATOR_LIMITS = ArchiveLimits(max_bytes=2**33, max_entries=200_000, max_total_bytes=2**34, max_manifest_bytes=2**27)
"""The limits of an archive on the operator's own disk."""

AT_ONCE = 10
"""Photos of a member that go to the workers together. With more, the last would spend its deadline on waiting."""


@dataclass(frozen=True, slots=True)
class FolderPhotos:
    """The files of a folder by (group, member), and the misplaced ones."""

    members: dict[tuple[str, str], list[Path]]
    misplaced: list[Path]


async def enrol_folder(settings: Settings, folder: Path, group: str | None) -> bool:
    """Enrol `folder` for every server; whether any of its photos is enrolled now. A refused photo gets a line on stderr."""
    async with App.open(settings) as app:
        return await enrol_into(app, SHARED_ROSTER, folder, group)


async def enrol_into(app: App, server_id: int, folder: Path, group: str | None = None) -> bool:
    """Enrol `folder` (GROUP/MEMBER/*, or MEMBER/* of `group`) for one server, with a progress bar."""
    found = photos_in(folder, group)
    for path in found.misplaced:
        terminal.print_errors(f"not taken: {path}: {MISPLACED}")
    photos = sum(map(len, found.members.values()))
    if not photos:
        raise OperatorError("There are no photos in {folder}; I look for GROUP/MEMBER/*.jpg in it.", folder=str(folder))
    taken = known = 0
    members = set[tuple[str, str]]()
    with terminal.progress(counts=True) as progress:
        bar = progress.add_task("enrolling", total=photos)
        for (group_name, name), files in found.members.items():
            progress.update(bar, description=terminal.printable(f"{group_name}, {name}"))
            for start in range(0, len(files), AT_ONCE):
                some = files[start : start + AT_ONCE]
                for path, reason in await _enrol(app, server_id, group_name, name, some):
                    if reason is not None and not isinstance(reason, KnownPhoto):
                        terminal.print_errors(f"not taken: {path}: {photo_reason(reason)}")
                        continue
                    taken += reason is None
                    known += reason is not None
                    members.add((group_name, name))
                progress.advance(bar, len(some))
    of_members = counted(len(members), "member")
    terminal.print_lines(f"{taken} of {counted(photos, 'photo')} taken, {of_members}, {known} known before")
    return taken + known > 0


def photos_in(folder: Path, group: str | None) -> FolderPhotos:
    """The files below `folder` by member, in the order of their names.

    `folder` holds GROUP/MEMBER/*, perhaps below further folders. With `group` it holds MEMBER/* of that group. Where it holds
    nothing deeper than MEMBER/*, the group has the folder's name.
    """
    files = list(files_below(folder))
    root = common_root(parts for parts, _ in files) if group is None else ()
    if group is None and all(len(parts) < 3 for parts, _ in files):
        group = folder.resolve().name
    found = FolderPhotos({}, [])
    for parts, path in files:
        names = parts[len(root) : -1] if group is None else (group, *parts[:-1])
        if parts[: len(root)] == root and len(names) == 2:
            found.members.setdefault((names[0], names[1]), []).append(path)
        else:
            found.misplaced.append(path)
    return found


async def import_archive(settings: Settings, path: Path) -> bool:
    """Import a zip of GROUP/MEMBER/* for every server; whether any of its photos is enrolled now."""
    async with App.open(settings) as app:
        with path.open("rb") as file, terminal.progress(counts=True) as progress:
            bar = progress.add_task("importing", total=None)

            async def show(done: int, photos: int, group: str, member: str) -> None:
                progress.update(bar, completed=done, total=photos, description=terminal.printable(f"{group}, {member}"))

            try:
                done = await importing.import_roster(app, SHARED_ROSTER, file, 0, show, limits=OPERATOR_LIMITS)
            except PersonError as error:
                raise OperatorError("{path}: {error}", path=str(path), error=error.message) from error
            progress.update(bar, completed=done.photos, total=done.photos)
    for entry in done.left_out:
        terminal.print_errors(f"not taken: {entry.path}: {photo_reason(entry.reason)}")
    of_members = counted(done.members, "member")
    terminal.print_lines(
        f"{done.taken} of {counted(done.photos, 'photo')} taken, {of_members}, {done.known} known before"
    )
    return done.taken + done.known > 0


async def _enrol(
    app: App, server_id: int, group: str, name: str, files: Sequence[Path]
) -> list[tuple[Path, PhotoReason | None]]:
    """Each file with the reason for not taking it; None for a file that was taken."""
    photos = [submitted_file(path) for path in files]
    try:
        added = await enrolment.add_member(app, server_id, group, name, photos, by=0, make_group=True)
    except enrolment.NoUsablePhotoError as error:
        return list(zip(files, error.reasons, strict=True))
    except PersonError as error:
        return [(path, error.message) for path in files]
    return [(path, photo.reason) for path, photo in zip(files, added.outcomes, strict=True)]


def submitted_file(path: Path) -> SubmittedFile:
    """The photo in a file, or the reason why it can't be read."""
    try:
        return SubmittedFile(path.name, path.read_bytes())
    except OSError as error:
        return SubmittedFile(
            path.name, refusal=Message("this file can't be read ({error})", error=error.strerror or str(error))
        )
