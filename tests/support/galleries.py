"""Rosters of invented encodings, put straight into the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select

from bot.database.crops import CropRepository, StoredCrop
from bot.database.rosters import RosterRepository
from bot.database.tables.rosters import Crop, Photo
from bot.domain.enums import FaceOrigin
from bot.domain.faces import FaceCrop
from models.engines import DEFAULT, version_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.database.engine import Database
    from bot.domain.rosters import EnrolledEncoding

SERVER = 77
ENGINE = version_of(DEFAULT)


async def enrol(database: Database, rows: Sequence[EnrolledEncoding], *, server: int = SERVER) -> None:
    """The rows as photos that moderators handed in, under other ids."""
    async with database.writing() as session:
        rosters = RosterRepository(session)
        for group in dict.fromkeys(row.group_name for row in rows):
            await rosters.add_group(server, group)
    for row in rows:
        await add_photo(database, row.group_name, row.name, row.vector, server=server)


async def add_photo(
    database: Database,
    group: str,
    member: str,
    vector: bytes,
    origin: FaceOrigin = FaceOrigin.SUBMITTED,
    *,
    server: int = SERVER,
    key: str = "none",
    engine: str = ENGINE,
) -> int:
    """One more photo of a member, who may be new; its id."""
    async with database.writing() as session:
        rosters = RosterRepository(session)
        found = await rosters.find_group([server], group)
        assert found is not None
        known = await rosters.find_member(found.id, member) or await rosters.add_member(found.id, member)
        number = await session.scalar(select(func.coalesce(func.max(Crop.id), 0)))
        cut = StoredCrop(FaceCrop(b"", 100, 2.0), key, f"{number:064}")
        crop = await CropRepository(session).add(server, cut, vector, engine)
        photo = Photo(member_id=known.id, crop_id=crop.id, origin=origin, added_by=1)
        await rosters.add_photo(photo, server)
        return photo.id


def another(rows: Sequence[EnrolledEncoding], name: str, seed: int) -> bytes:
    """Another encoding of the member called `name`."""
    mean = np.mean([np.frombuffer(row.vector, np.float32) for row in rows if row.name == name], axis=0)
    face = mean + np.random.default_rng(seed).normal(scale=0.01, size=len(mean))
    return (face / np.linalg.norm(face)).astype(np.float32).tobytes()
