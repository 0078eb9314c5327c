"""Data folders of older versions of nugu, as `tests/bot/database/schemas/REVISION.sql` dumps their databases.

Each dump comes from the program of its time, which made the tables and wrote invented rows into all of them. Ids of deleted
rows, which no new row may get, lie above the last ones. To add the dump of a revision, dump the one before after its upgrade,
and give the new columns and tables values:

    python -m tests.support.old_databases 0013 > tests/bot/database/schemas/0014.sql
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.database.engine import FILE, Database
from bot.settings import Settings
from models.encodings import background
from tests.support.backups import jpeg

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMAS = Path(__file__).parent.parent / "bot" / "database" / "schemas"
REVISIONS = sorted(path.stem for path in SCHEMAS.glob("*.sql"))

Row = dict[str, Any]


def load(path: Path, revision: str) -> None:
    """Write the database of a revision to `path`, as its dump has it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((SCHEMAS / f"{revision}.sql").read_text(encoding="utf-8"))


def make_folder(folder: Path, revision: str) -> Path:
    """A data folder of a revision, with the files of its crops, and with encodings of full length."""
    folder.mkdir(mode=0o700)
    load(folder / FILE, revision)
    with closing(sqlite3.connect(folder / FILE)) as connection, connection:
        connection.create_function("invented", 1, _invented)
        for table in tables(connection):
            if "vector" in columns(connection, table):
                connection.execute(f"UPDATE {table} SET vector = invented(vector) WHERE length(vector) > 0")
        for number, key in enumerate(crop_keys(connection)):
            file = folder / "files" / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(jpeg(number))
    return folder


def crop_keys(connection: sqlite3.Connection) -> list[str]:
    """The storage keys of all crops; a photo had the key of its crop before crops had a table."""
    table, column = ("crop", "key") if "crop" in tables(connection) else ("photo", "crop_key")
    return sorted({key for (key,) in connection.execute(f"SELECT {column} FROM {table}")})


def tables(connection: sqlite3.Connection) -> set[str]:
    """The names of nugu's tables."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {name for (name,) in found} - {"alembic_version"}


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The names of a table's columns, in their order."""
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def rows(connection: sqlite3.Connection, table: str, names: Iterable[str] | None = None) -> list[Row]:
    """The rows of a table by these columns, by all of them without `names`."""
    named = list(names) if names is not None else columns(connection, table)
    listed = ", ".join(f'"{name}"' for name in named)
    return [dict(zip(named, row, strict=True)) for row in connection.execute(f"SELECT {listed} FROM {table}")]


def _invented(stand_in: bytes) -> bytes:
    """An encoding in the manner of dlib's in place of the few bytes in a dump."""
    mean = background.load("dlib-1").whitening.mean
    face = mean + np.random.default_rng(stand_in[0]).normal(scale=0.1, size=len(mean))
    return (face / np.linalg.norm(face)).astype(np.float32).tobytes()


async def _upgraded(revision: str) -> list[str]:
    """The dump of a revision's database after its upgrade."""
    with tempfile.TemporaryDirectory() as folder:
        load(Path(folder) / FILE, revision)
        async with Database.open(Settings(data=Path(folder))):
            pass
        with closing(sqlite3.connect(Path(folder) / FILE)) as connection:
            return list(connection.iterdump())


if __name__ == "__main__":
    print("\n".join(asyncio.run(_upgraded(sys.argv[1]))))
