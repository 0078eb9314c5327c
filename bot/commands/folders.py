"""Files and folders on the command line: enrolling a folder or an archive, exporting one, naming the faces of files."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.app import App
from bot.database.tables import HOUSE
from bot.errors import PersonError
from bot.jobs import Refused
from bot.media.archives import ArchiveLimits
from bot.usecases import exchange, roster
from bot.usecases.identify import Asked, Submitted, look
from bot.wording import circled, counted, in_words, unmarked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot.jobs import Identified, SeenFace
    from bot.settings import Settings

OPERATORS = ArchiveLimits(max_bytes=2**33, max_entries=200_000, max_total_bytes=2**34, max_manifest_bytes=2**27)
"""What is read of an archive that the operator has on their own disk."""

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

AT_ONCE = 10
"""Photos of a member that wait for workers together, so that the last one's deadline is not spent waiting."""


async def enrol_folder(settings: Settings, folder: Path, group: str | None) -> bool:
    """Enrol `folder` for every server, telling of each photo not taken; whether any photo stands now."""
    async with App.open(settings) as app:
        return await enrol_into(app, HOUSE, folder, group)


async def enrol_into(app: App, server_id: int, folder: Path, group: str | None = None) -> bool:
    """Enrol `folder` (GROUP/MEMBER/*, or MEMBER/* of `group`) for one server, with a progress bar."""
    members = list(_members(folder, group))
    photos = sum(len(files) for _, _, files in members)
    if not photos:
        raise PersonError(f"There are no photos in {folder}; I look for GROUP/MEMBER/*.jpg in it.")
    console = Console(stderr=True, highlight=False)
    taken = known = 0
    with Progress(*COLUMNS, console=console) as progress:
        bar = progress.add_task("enrolling", total=photos)
        for group_name, name, files in members:
            progress.update(bar, description=f"{group_name}, {name}")
            for start in range(0, len(files), AT_ONCE):
                some = files[start : start + AT_ONCE]
                for path, reason in await _enrol(app, server_id, group_name, name, some):
                    if reason is None:
                        taken += 1
                    elif reason in {roster.SEEN_BEFORE, roster.SAVED_ANEW}:
                        known += 1
                    else:
                        progress.console.print(f"not taken: {path}: {unmarked(reason)}", markup=False, soft_wrap=True)
                progress.advance(bar, len(some))
    told = counted(len({(g, m) for g, m, _ in members}), "member")
    print(f"{taken} of {counted(photos, 'photo')} taken, {told}, {known} known before")
    return taken + known > 0


async def import_archive(settings: Settings, path: Path) -> bool:
    """Take in a zip of GROUP/MEMBER/* for every server, telling of each photo left out; whether any photo stands now."""
    console = Console(stderr=True, highlight=False)
    async with App.open(settings) as app:
        with path.open("rb") as file, Progress(*COLUMNS, console=console) as progress:
            bar = progress.add_task("importing", total=None)

            async def told(done: int, photos: int, whose: str) -> None:
                progress.update(bar, completed=done, total=photos, description=whose)

            done = await exchange.import_roster(app, HOUSE, file, 0, told, limits=OPERATORS)
    for name, reason in done.left_out:
        print(f"not taken: {name}: {unmarked(reason)}", file=sys.stderr)
    whose = counted(done.members, "member")
    print(f"{done.taken} of {counted(done.photos, 'photo')} taken, {whose}, {done.known} known before")
    return done.taken + done.known > 0


async def export_archive(settings: Settings, path: Path, group: str | None) -> None:
    """Write the roster of every server, or one group of it, to a zip that `import_archive` and Discord take."""
    async with App.open(settings) as app:
        exported = await exchange.export_roster(app, HOUSE, group)
        with exported.file, path.open("wb") as file:
            shutil.copyfileobj(exported.file, file)
    told = counted(exported.groups, "group"), counted(exported.members, "member"), counted(exported.photos, "photo")
    print(f"{path}: {', '.join(told)}{f'; {exported.lost} lost' if exported.lost else ''}")


async def identify_files(
    settings: Settings, photos: Sequence[Path], group: str | None, *, as_json: bool, out: Path | None
) -> bool:
    """Print who is in each photo, and write tagged copies to `out`; whether every photo was answered."""
    answered = True
    taken: set[str] = set()
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    async with App.open(settings, own_processes=False) as app:
        for photo in photos:
            looked = await look(app, Asked(asker_id=0, group=group), [_submitted(photo)])
            (result,) = looked.results
            if isinstance(result, Refused):
                answered = False
                print(f"nugu: {photo}: {unmarked(result.sentence)}", file=sys.stderr)
                continue
            print(json.dumps(as_record(photo, result), ensure_ascii=False) if as_json else _in_words(photo, result))
            if out is not None:
                (out / _own_name(photo, taken)).write_bytes(result.tagged)
    return answered


def _own_name(photo: Path, taken: set[str]) -> str:
    """A file name for the tagged picture that no other photo of this run has."""
    names = (f"{photo.stem}-who{f'-{n}' if n > 1 else ''}.jpg" for n in itertools.count(1))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


def as_record(photo: Path, result: Identified) -> dict[str, Any]:
    """The JSON object of one answered photo."""
    return {
        "photo": str(photo),
        "size": list(result.size),
        "group": result.group_name,
        "faces": [
            {
                "number": face.number,
                "box": face.box.as_list(),
                "name": face.guess.name,
                "confidence": round(face.guess.confidence, 4),
                "band": face.guess.band.value,
                "flaws": [flaw.value for flaw in face.flaws],
                "candidates": [
                    {"name": candidate.name, "confidence": round(candidate.confidence, 4)}
                    for candidate in face.guess.candidates
                ],
            }
            for face in result.faces
        ],
        "engine": result.engine,
        "seconds": {stage: round(seconds, 4) for stage, seconds in result.seconds.items()},
    }


def _in_words(photo: Path, result: Identified) -> str:
    lines = [f"{photo}{f' ({result.group_name})' if result.group_name else ''}"]
    lines += [f"  {circled(face.number)} {in_words(face.guess)}{_doubts(face)}" for face in result.faces]
    return "\n".join(lines if result.faces else [*lines, "  no face"])


def _doubts(face: SeenFace) -> str:
    """` (small, blurred)`; nothing for a good face."""
    return f" ({', '.join(face.flaws)})" if face.flaws else ""


async def _enrol(
    app: App, server_id: int, group: str, name: str, files: Sequence[Path]
) -> list[tuple[Path, str | None]]:
    """Each file with the reason why it was not taken, if it was not."""
    photos = [_submitted(path) for path in files]
    try:
        added = await roster.add_member(app, server_id, group, name, photos, by=0, make_group=True)
    except roster.NoUsablePhotoError as error:
        return list(zip(files, error.reasons, strict=True))
    except PersonError as error:
        return [(path, str(error)) for path in files]
    return [(path, photo.reason) for path, photo in zip(files, added.taken, strict=True)]


def _members(folder: Path, group: str | None) -> Iterator[tuple[str, str, list[Path]]]:
    """(group, member, files) of every member's folder, in order of their names."""
    groups = [(group, folder)] if group else [(path.name, path) for path in _folders(folder)]
    for name, path in groups:
        for member in _folders(path):
            files = sorted(file for file in member.iterdir() if file.is_file() and not file.name.startswith("."))
            if files:
                yield name, member.name, files


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _submitted(path: Path) -> Submitted:
    try:
        return Submitted(path.name, path.read_bytes())
    except OSError as error:
        return Submitted(path.name, refusal=f"this file can't be read ({error.strerror})")
