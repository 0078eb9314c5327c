"""Backups and the check of a data folder: their content, and the faults."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

Text = Annotated[str, Field(max_length=1000)]


class BackupRecord(BaseModel):
    """The description of a backup, in its file `backup.json`.

    `program`: nugu's version. `schema_revision`: that of the database. `engine`: the engine in use. `engine_versions`: the
    engines that encoded photos. `problems`: the results of SQLite's integrity check, or the reason why the database can't be
    read. `missing`: crops that the database names and the storage lacks. Damage doesn't stop a backup, so both may be filled.
    """

    made_at: AwareDatetime
    program: Text
    schema_revision: Text | None
    engine: Text | None
    engine_versions: list[Text]
    problems: list[str]
    missing: list[Text]


@dataclass(frozen=True, slots=True)
class BackupContent:
    """The content of a written or restored backup. `crops`, `classifiers`: numbers of files. `size`: bytes of all files."""

    record: BackupRecord
    crops: int
    classifiers: int
    size: int


class DataFaultKind(StrEnum):
    """The kinds of faults in a data folder."""

    DATABASE = "database"
    """The database is damaged."""

    REFERENCE = "reference"
    """A row refers to a row that is gone."""

    MISSING_CROP = "missing-crop"
    """A row names a crop that the storage lacks."""

    UNREADABLE_CROP = "unreadable-crop"
    """A crop can't be decoded."""

    DAMAGED_VALUE = "damaged-value"
    """A value of a row is none that its column can have."""

    DAMAGED_ENCODING = "damaged-encoding"
    """The encoding of a crop is damaged."""

    UNNAMED_CROP = "unnamed-crop"
    """A crop that no row names."""

    UNFINISHED = "unfinished"
    """The part of a file that a process was storing when it was killed."""

    STALE_CLIP = "stale-clip"
    """A clip has been at work for longer than any clip takes."""

    UNCHECKED = "unchecked"
    """The rest could not be looked at."""


@dataclass(frozen=True, slots=True)
class DataFault:
    """A fault. `subject`: the row or the file. `detail`: the reason, or the people that it concerns.

    `mendable`: it can be mended without loss. `mended`: it is.
    """

    fault: DataFaultKind
    subject: str
    detail: str = ""
    mendable: bool = False
    mended: bool = False
