"""Checks a data folder: whether the database is sound, and whether database and files fit together."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from bot import jobs
from bot.app import App
from bot.clock import utc_now
from bot.database import snapshots
from bot.database.clips import ClipRepository
from bot.database.crops import CropRepository
from bot.database.damage import DamageRepository
from bot.database.engine import sqlite_file
from bot.domain.backups import DataFault, DataFaultKind
from bot.domain.enums import ClipState
from bot.errors import OperatorError, PersonError
from bot.usecases.retention import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.database.crops import NamedCrop
    from bot.database.damage import DamagedEncoding
    from bot.jobs import EngineConfig
    from bot.settings import Settings

STALE: Final = timedelta(days=1)
"""The age from which a clip at work is stale. No clip takes so long."""

AT_ONCE: Final = 50
"""Crops that a worker decodes in one job."""

_OF_INDEX: Final = re.compile(r"\bindex\b")
"""In what SQLite says of an index. Whatever it says, the tables have the rows."""


async def check(settings: Settings, *, mends: bool) -> list[DataFault]:
    """The faults in a data folder. `mends`: faults that can be mended without loss are mended.

    Of another database than SQLite, only its rows and files are checked. Raises OperatorError where there is no database.
    """
    database = sqlite_file(settings)
    if database is not None and not database.is_file():
        raise OperatorError("There is no database at {file}, so there is nothing to check.", file=str(database))
    found = [] if database is None else await asyncio.to_thread(_check_database, database, mends)
    complete = all(finding.mended for finding in found)
    try:
        async with App.open(settings, own_processes=False) as app:
            found += await _check_crops(app)
            found += await _check_values(app)
            found += await _check_encodings(app, mends=mends)
            # A row that is lost, or can't be read, may name the file.
            found += await _check_files(app, mendable=complete, mends=mends)
            found += await _check_clips(app, mends=mends)
    except (PersonError, SQLAlchemyError) as error:
        reason = getattr(error, "orig", None) or error
        found.append(DataFault(DataFaultKind.UNCHECKED, "", str(reason)))
    return found


def _check_database(path: Path, mends: bool) -> list[DataFault]:
    try:
        with snapshots.connect(path) as connection:
            return [*_check_pages(connection, mends), *_check_references(connection)]
    except sqlite3.DatabaseError as error:
        return [DataFault(DataFaultKind.DATABASE, path.name, str(error))]


def _check_pages(connection: sqlite3.Connection, mends: bool) -> list[DataFault]:
    problems = left = snapshots.integrity_problems(connection)
    mendable = all(_OF_INDEX.search(problem) for problem in problems)
    if problems and mendable and mends and snapshots.mend_indexes(connection):
        left = snapshots.integrity_problems(connection)
    return [
        DataFault(DataFaultKind.DATABASE, "", problem, mendable, mended=problem not in left) for problem in problems
    ]


def _check_references(connection: sqlite3.Connection) -> list[DataFault]:
    """The rows whose parent was lost. They stay: the parent may come back from a backup, and until then they show its loss."""
    return [
        DataFault(DataFaultKind.REFERENCE, f"{broken.table} {broken.row}", broken.parent)
        for broken in snapshots.broken_references(connection)
    ]


async def _check_crops(app: App) -> list[DataFault]:
    async with app.database.reading() as session:
        crops = await CropRepository(session).all_with_names()
    found: list[DataFault] = []
    for start in range(0, len(crops), AT_ONCE):
        found += await _check_some(app, crops[start : start + AT_ONCE])
    return found


async def _check_some(app: App, crops: Sequence[NamedCrop]) -> list[DataFault]:
    files = await asyncio.gather(*(app.storage.get(crop.key) for crop in crops))
    there = [(crop, file) for crop, file in zip(crops, files, strict=True) if file is not None]
    found = [
        DataFault(DataFaultKind.MISSING_CROP, crop.key, _person(crop))
        for crop, file in zip(crops, files, strict=True)
        if file is None
    ]
    refusals = await app.compute.run_in_background(
        jobs.picture_refusals, app.engine_config, [file for _, file in there]
    )
    for (crop, _), refused in zip(there, refusals, strict=True):
        if refused is not None:
            found.append(DataFault(DataFaultKind.UNREADABLE_CROP, crop.key, _person(crop)))
    return found


def _person(crop: NamedCrop) -> str:
    return f"{crop.group}, {crop.member}" if crop.member is not None else ""


async def _check_values(app: App) -> list[DataFault]:
    async with app.database.reading() as session:
        values = await DamageRepository(session).values()
    return [
        DataFault(DataFaultKind.DAMAGED_VALUE, " ".join(map(str, (value.table, *value.row))), value.column)
        for value in values
    ]


async def _check_encodings(app: App, *, mends: bool) -> list[DataFault]:
    """The engine in use sees the crops again whose encodings are damaged."""
    async with app.database.reading() as session:
        damaged = await DamageRepository(session).encodings()
    config = await app.recognisers.config()
    found: list[DataFault] = []
    for one in damaged:
        mendable = one.engine == config.version
        mended = mends and mendable and await _encode_again(app, config, one)
        found.append(DataFault(DataFaultKind.DAMAGED_ENCODING, one.key, one.engine, mendable, mended))
    return found


async def _encode_again(app: App, config: EngineConfig, damaged: DamagedEncoding) -> bool:
    """Encode a crop anew; whether its file is there, and the engine finds a face in it."""
    file = await app.storage.get(damaged.key)
    if file is None:
        return False
    encoded = await app.compute.run_in_background(jobs.encode_crops, config, (file,))
    (vector,) = encoded.vectors
    if vector is None or encoded.engine != damaged.engine:
        return False
    async with app.database.writing() as session:
        await DamageRepository(session).replace_encoding(damaged, vector)
    return True


async def _check_files(app: App, *, mendable: bool, mends: bool) -> list[DataFault]:
    found: list[DataFault] = []
    async for keys in app.storage.keys_older_than("crops", utc_now() - UNNAMED):
        async with app.database.reading() as session:
            used = await CropRepository(session).existing_keys(keys)
        for key in sorted(set(keys) - used):
            if mends and mendable:
                await app.storage.delete(key)
            found.append(DataFault(DataFaultKind.UNNAMED_CROP, key, mendable=mendable, mended=mends and mendable))
    for key in await app.storage.unfinished_keys(utc_now() - UNNAMED):
        if mends:
            await app.storage.delete(key)
        found.append(DataFault(DataFaultKind.UNFINISHED, key, mendable=True, mended=mends))
    return found


async def _check_clips(app: App, *, mends: bool) -> list[DataFault]:
    found: list[DataFault] = []
    async with app.database.writing() as session:
        clips = ClipRepository(session)
        for job in await clips.at_work_since(utc_now() - STALE):
            # The bot knows whether a clip that was being sent has arrived.
            mendable = job.state is ClipState.WORKING
            if mends and mendable:
                await clips.set_state(job, ClipState.WAITING)
            found.append(DataFault(DataFaultKind.STALE_CLIP, str(job.id), job.title, mendable, mends and mendable))
    return found
