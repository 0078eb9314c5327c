"""Backs up a bot, which may run meanwhile: its database as at one moment, the crops that it names, the classifiers."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from bot.backup.archive import ArchiveWriter
from bot.backup.encryption import encrypting
from bot.clock import utc_now
from bot.database import snapshots
from bot.database.engine import FILE, sqlite_file
from bot.domain.backups import BackupContent, BackupRecord
from bot.errors import OperatorError
from bot.infra import temporary
from bot.infra.storage import Storage
from bot.infra.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator

    from bot.settings import Settings

RECORD: Final = "backup.json"
STORED: Final = "files"
"""The folder of stored files, in a data folder and in a backup."""

KEY: Final = re.compile(
    r"crops/(?:\d+/)?{name}|classifiers/{name}/{name}/{name}".format(name="[A-Za-z0-9][A-Za-z0-9_.-]*")
)
"""The keys of stored files. A path in another form leads elsewhere. The first crops lay in a folder for each server."""

_PREFIX: Final = ".backup-"
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@dataclass(frozen=True, slots=True)
class _Bot:
    """The parts of a backup. `database`: the bot's file. `copied`: its copy. `get`, `keys`: those of `Storage`."""

    database: Path
    copied: Path
    get: Callable[[str], bytes | None]
    keys: Callable[[str], list[str]]


def back_up(settings: Settings, path: Path, passphrase: str | None) -> BackupContent:
    """Write a backup to `path`, in place of a file that is there; with a passphrase it is encrypted. Blocks.

    A damaged database and missing crops don't stop it: the record names them. Raises OperatorError for another database
    than SQLite and where there is none, OSError where a file can't be read or written.
    """
    database = sqlite_file(settings)
    if database is None:
        raise OperatorError(
            "NUGU_DATABASE_URL names another database than SQLite, which I can't back up: use its own program, and copy "
            "the crops from files/ in the data folder, or from the object store.",
        )
    if not database.is_file():
        raise OperatorError("There is no database at {file}, so there is nothing to back up.", file=str(database))
    temporary.sweep(settings.data, _PREFIX)
    with (
        TemporaryFolder(settings.data, _PREFIX) as folder,
        _replacing(path) as file,
        asyncio.Runner() as runner,
    ):
        storage = Storage.open(settings)
        bot = _Bot(
            database,
            folder / FILE,
            lambda key: runner.run(storage.get(key)),
            lambda folder: runner.run(storage.keys(folder)),
        )
        if passphrase is None:
            return _write(bot, file.write)
        with encrypting(file, passphrase) as write:
            return _write(bot, write)


def _write(bot: _Bot, write: Callable[[bytes], object]) -> BackupContent:
    """Write the archive. The database follows the crops, since the bot may forget some of these meanwhile."""
    reason = _copy(bot)
    named = _crop_keys(bot.copied)
    archive = ArchiveWriter(write)
    numbers = {"crops": 0, "classifiers": 0}
    size, absent = 0, list[str]()
    # Of a database that can't be read, every crop may be one that a repaired database names.
    for key in (*(bot.keys("crops") if named is None else named), *bot.keys("classifiers")):
        data = bot.get(key) if KEY.fullmatch(key) else None
        if data is None:
            absent.append(key)
            continue
        archive.add(f"{STORED}/{key}", data)
        numbers[key.partition("/")[0]] += 1
        size += len(data)
    record = _record(bot, reason, set(absent) & set(named or ()))
    archive.add_file(FILE, bot.copied)
    archive.add(RECORD, record.model_dump_json(indent=1).encode())
    archive.end()
    return BackupContent(record, numbers["crops"], numbers["classifiers"], size + bot.copied.stat().st_size)


def _copy(bot: _Bot) -> str | None:
    """Copy the database; the reason if that is damaged so that only its bytes can be copied, else None."""
    try:
        snapshots.copy(bot.database, bot.copied)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in _DAMAGED:
            raise OperatorError(
                "The database {file} can't be copied: {reason}.", file=str(bot.database), reason=str(error)
            ) from error
        shutil.copyfile(bot.database, bot.copied)
        return str(error)
    return None


def _crop_keys(database: Path) -> list[str] | None:
    """The keys of the crops that a database names; None if they can't be read."""
    try:
        with snapshots.connect(database) as connection:
            return snapshots.crop_keys(connection)
    except sqlite3.DatabaseError:
        return None


def _record(bot: _Bot, reason: str | None, absent: Collection[str]) -> BackupRecord:
    """The record of a backup whose storage lacks the crops `absent`, which the copied database names.

    The copy forgets the crops that the bot has forgotten meanwhile.
    """
    missing = sorted(set(absent) & set(_crop_keys(bot.database) or absent))
    with snapshots.connect(bot.copied) as connection:
        if forgotten := set(absent) - set(missing):
            snapshots.forget_crops(connection, forgotten)
        facts = snapshots.read_facts(connection)
        problems = snapshots.integrity_problems(connection) if reason is None else (reason,)
    return BackupRecord(
        made_at=utc_now(),
        program=version("nugu"),
        schema_revision=facts.schema,
        engine=facts.engine,
        engine_versions=list(facts.versions),
        problems=list(problems),
        missing=missing,
    )


@contextmanager
def _replacing(path: Path) -> Generator[IO[bytes]]:
    """A new file that its owner alone may read. At the end of the context it takes the place of `path`, unless that failed."""
    handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=path.absolute().parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
