"""Restores a backup into an empty data folder: checked as a whole in a temporary folder, which then takes its place."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.backup.archive import DamagedBackupError, files_in
from bot.backup.encryption import decrypting, is_encrypted
from bot.database import snapshots
from bot.database.engine import FILE, HEAD, is_known
from bot.domain.backups import BackupContent, BackupRecord
from bot.errors import OperatorError
from bot.text.formatting import mebibytes
from bot.usecases.backups import KEY, RECORD, STORED

if TYPE_CHECKING:
    from collections.abc import Generator

    from bot.backup.archive import ArchivedFile, Readable
    from bot.settings import Settings

IGNORED = {"lost+found"}
"""What an empty disk holds."""


class FolderNotEmptyError(OperatorError):
    """The data folder holds something."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            "{folder} is not empty. Restore into a new folder: set NUGU_DATA to one that is not there yet.",
            folder=str(folder),
        )


def restore(settings: Settings, path: Path, passphrase: str | None) -> BackupContent:
    """Restore the backup `path` into the data folder of `settings`, which is empty or not there yet. Blocks.

    Raises OperatorError, and writes nothing, for a file that isn't a whole and unchanged backup, a passphrase that doesn't
    fit, a damaged database, one of a newer nugu, and a folder that isn't empty; OSError where the system refuses a step.
    """
    if settings.database_url.get_secret_value() or settings.storage_url.get_secret_value():
        raise OperatorError("I restore into a data folder alone: unset NUGU_DATABASE_URL and NUGU_STORAGE_URL first.")
    folder = settings.data.resolve()
    _require_empty(folder)
    with path.open("rb") as file:
        encrypted = is_encrypted(file)
        if encrypted and passphrase is None:
            raise OperatorError("This backup is encrypted: give me its passphrase with --passphrase-file.")
        if not encrypted and passphrase is not None:
            raise OperatorError("This backup is not encrypted, though you gave me a passphrase, so I leave it alone.")
        with _temporary(folder) as new:
            _require_room(new, path.stat().st_size)
            if passphrase is None:
                content = _unpack(file, new)
            else:
                with decrypting(file, passphrase) as archive:
                    content = _unpack(archive, new)
            _require_sound(new / FILE)
            os.sync()
            _move(new, folder)
    return content


def _require_empty(folder: Path) -> None:
    if folder.exists() and any(entry.name not in IGNORED for entry in folder.iterdir()):
        raise FolderNotEmptyError(folder)


def _require_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OperatorError(
            "This backup needs {size}, and the disk of the data folder has {free} left.",
            size=mebibytes(size),
            free=mebibytes(free),
        )


@contextmanager
def _temporary(folder: Path) -> Generator[Path]:
    """A new folder beside `folder`, or in it where it is a disk of its own; it is deleted, unless it moved."""
    place = folder if folder.is_mount() else folder.parent
    if not place.is_dir():
        raise OperatorError("There is no folder {folder}, in which I would restore.", folder=str(place))
    new = Path(tempfile.mkdtemp(prefix=".restore-", dir=place))
    try:
        yield new
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _unpack(archive: Readable, folder: Path) -> BackupContent:
    """Write the files of a backup into `folder`, and check their sums."""
    record: BackupRecord | None = None
    numbers = {"crops": 0, "classifiers": 0}
    size = 0
    for found in files_in(archive):
        if found.name == RECORD:
            try:
                record = BackupRecord.model_validate_json(found.in_memory())
            except ValidationError:
                raise DamagedBackupError from None
            continue
        below = found.name.removeprefix(f"{STORED}/")
        if found.name != FILE:
            if below == found.name or not KEY.fullmatch(below):
                raise OperatorError("This backup holds {name}, which no backup of mine holds.", name=found.name[:200])
            numbers[below.partition("/")[0]] += 1
        size += found.size
        _write(found, folder)
    if record is None or not (folder / FILE).is_file():
        raise DamagedBackupError
    return BackupContent(record, numbers["crops"], numbers["classifiers"], size)


def _write(found: ArchivedFile, folder: Path) -> None:
    """Write a file of a backup into `folder`, for its owner alone."""
    path = folder
    for name in found.name.split("/")[:-1]:
        path /= name
        path.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder / found.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for chunk in found.chunks:
            file.write(chunk)


def _require_sound(database: Path) -> None:
    """Raises OperatorError for a database that is damaged, of a newer nugu, or not nugu's."""
    try:
        with snapshots.connect(database) as connection:
            problems = snapshots.integrity_problems(connection)
            revision = snapshots.read_facts(connection).schema
            if not problems and (revision is None or snapshots.has_programs(connection)):
                raise OperatorError("The database in this backup is not one of mine.")
    except sqlite3.DatabaseError as error:
        problems, revision = (str(error),), None
    if problems:
        raise OperatorError(
            "The database in this backup is damaged ({problem}). Restore an older backup; or unpack this one with tar, and "
            "save what is left with the program sqlite3 and its command .recover.",
            problem=problems[0],
        )
    if revision is not None and not is_known(revision):
        raise OperatorError(
            "A newer nugu made this backup (its database is at {revision}, I know up to {head}). Update me first.",
            revision=revision[:20],
            head=HEAD,
        )


def _move(new: Path, folder: Path) -> None:
    """Let `new` take the place of `folder`. The database comes last where the files move one by one."""
    if new.parent == folder:
        for entry in sorted(new.iterdir(), key=lambda entry: entry.name == FILE):
            entry.rename(folder / entry.name)
        return
    try:
        new.rename(folder)
    except OSError as error:
        raise FolderNotEmptyError(folder) from error
