"""Copies of an SQLite database, and the faults of one. Everything here blocks, and opens files without migrations."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Generator
    from pathlib import Path

BUSY_SECONDS: Final = 30.0
MAX_PROBLEMS: Final = 20
"""Lines of SQLite's integrity check that are kept."""


class SnapshotFacts(NamedTuple):
    """Facts in a copy. `schema`: its revision. `engine`: the engine in use. `versions`: engines with encodings."""

    schema: str | None
    engine: str | None
    versions: tuple[str, ...]


class BrokenReference(NamedTuple):
    """A row of `table` that refers to a row of `parent` that is gone."""

    table: str
    row: int
    parent: str


@contextmanager
def connect(path: Path) -> Generator[sqlite3.Connection]:
    """A connection to an existing database. Raises sqlite3.DatabaseError for any other file."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)) as connection:
        # A database may come from elsewhere: its schema runs no functions of its own.
        connection.execute("PRAGMA trusted_schema=OFF")
        yield connection


def copy(source: Path, target: Path) -> None:
    """Copy a database that other processes may use, as it is at one moment. Raises sqlite3.DatabaseError."""
    with connect(source) as connection, closing(sqlite3.connect(target)) as copied:
        # All pages in one step: a copy in several begins anew whenever another process writes.
        connection.backup(copied)


def integrity_problems(connection: sqlite3.Connection) -> tuple[str, ...]:
    """The faults that SQLite's integrity check finds; none in a sound database."""
    try:
        rows = connection.execute(f"PRAGMA integrity_check({MAX_PROBLEMS})").fetchall()
    except sqlite3.DatabaseError as error:
        return (str(error),)
    found = tuple(str(row[0]) for row in rows)
    return () if found == ("ok",) else found


def read_facts(connection: sqlite3.Connection) -> SnapshotFacts:
    """The facts in the database; None, and no versions, where they can't be read."""
    schema = _first_column(connection, "SELECT version_num FROM alembic_version")
    engine = _first_column(connection, "SELECT name FROM engine_in_use")
    versions = _first_column(connection, "SELECT DISTINCT engine FROM crop_encoding ORDER BY engine")
    return SnapshotFacts(next(iter(schema), None), next(iter(engine), None), tuple(versions))


def crop_keys(connection: sqlite3.Connection) -> list[str]:
    """The storage keys of all crops. Raises sqlite3.DatabaseError if they can't be read."""
    return [str(key) for (key,) in connection.execute("SELECT key FROM crop ORDER BY id")]


def has_programs(connection: sqlite3.Connection) -> bool:
    """Whether the database has triggers or views, which nugu's never has."""
    found = connection.execute("SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index')")
    return bool(found.fetchone()[0])


def forget_crops(connection: sqlite3.Connection, keys: Collection[str]) -> None:
    """Forget crops that the bot has forgotten meanwhile, and the encodings of their faces."""
    for key in keys:
        crop = "(SELECT id FROM crop WHERE key = ?)"
        connection.execute(f"UPDATE question_face SET crop_id = NULL, vector = x'' WHERE crop_id IN {crop}", [key])
        for table in ("photo", "crop_encoding"):
            connection.execute(f"DELETE FROM {table} WHERE crop_id IN {crop}", [key])
        connection.execute(f"UPDATE quiz_round SET crop_id = NULL WHERE crop_id IN {crop}", [key])
        connection.execute("DELETE FROM crop WHERE key = ?", [key])
    connection.commit()


def broken_references(connection: sqlite3.Connection) -> list[BrokenReference]:
    """The rows whose foreign keys refer to missing rows."""
    rows = connection.execute("PRAGMA foreign_key_check").fetchall()
    return [BrokenReference(table, row, parent) for table, row, parent, _ in rows]


def mend_indexes(connection: sqlite3.Connection) -> bool:
    """Rebuild all indexes from the tables. Returns whether that succeeds."""
    try:
        with connection:
            connection.execute("REINDEX")
    except sqlite3.DatabaseError:
        return False
    return True


def _first_column(connection: sqlite3.Connection, query: str) -> list[str]:
    """The texts in the first column of a query's result; none where they can't be read."""
    try:
        return [str(row[0]) for row in connection.execute(query)]
    except sqlite3.DatabaseError:
        return []
