"""A server's quotas hold for every way in, also for many at once. The shared roster has none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.database.crops import CropRepository, StoredCrop
from bot.database.engine import Database
from bot.database.questions import QuestionRepository
from bot.database.quotas import STORED, QuotaRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.questions import Question
from bot.database.tables.rosters import Photo
from bot.domain.enums import FaceOrigin
from bot.domain.faces import FaceCrop, IdentifiedFace, IdentifiedPicture
from bot.domain.quotas import Quota, QuotaUsage
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import QuotaError
from bot.settings import Settings
from models.faces import Box, ConfidenceBand, Guess
from tests.support.sources import modules, name_of

SERVER, OTHER = 7, 8
NOBODY = Guess(None, None, 0.0, ConfidenceBand.UNKNOWN)
KEEPERS = {
    "Group": "bot.database.rosters",
    "Member": "bot.database.rosters",
    "Crop": "bot.database.crops",
}
"""The modules that alone make rows with a quota, and check it."""


def small(data: Path) -> Settings:
    """Settings with small quotas."""
    return Settings(data=data, quota_groups=3, quota_members=3, quota_photos=3, quota_crop_bytes=300)


@pytest.fixture
async def database(data: Path) -> AsyncGenerator[Database]:
    async with Database.open(small(data)) as database:
        yield database


async def group(database: Database, server: int, name: str) -> int:
    async with database.writing() as session:
        return (await RosterRepository(session).add_group(server, name)).id


async def member(database: Database, group_id: int, name: str) -> int:
    async with database.writing() as session:
        return (await RosterRepository(session).add_member(group_id, name)).id


async def crop(database: Database, server: int, name: str, size: int = 1) -> int:
    async with database.writing() as session:
        stored = StoredCrop(FaceCrop(bytes(size), 100, 2.0), name, name)
        return (await CropRepository(session).add(server, stored, b"1234", "dlib-1")).id


async def photo(database: Database, server: int, member_id: int, name: str) -> None:
    crop_id = await crop(database, server, name)
    async with database.writing() as session:
        await RosterRepository(session).add_photo(Photo(member_id=member_id, crop_id=crop_id, added_by=1), server)


async def refused(quota: Quota, *ways: Coroutine[Any, Any, Any]) -> int:
    """How many of these are refused for the quota, all at once. The others succeed."""
    results = await asyncio.gather(*ways, return_exceptions=True)
    failed = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(error, QuotaError) and error.quota is quota for error in failed), failed
    return len(failed)


async def uses(database: Database, server: int) -> list[int]:
    async with database.reading() as session:
        return [(await QuotaRepository(session).usage(server, quota)).used for quota in STORED]


async def test_many_at_once_do_not_pass_a_quota(database: Database) -> None:
    assert await refused(Quota.GROUPS, *(group(database, SERVER, f"g{n}") for n in range(9))) == 6
    async with database.reading() as session:
        first = (await RosterRepository(session).groups([SERVER]))[0].id
    assert await refused(Quota.MEMBERS, *(member(database, first, f"m{n}") for n in range(9))) == 6
    async with database.reading() as session:
        known = (await RosterRepository(session).members([SERVER]))[0].id
    assert await refused(Quota.PHOTOS, *(photo(database, SERVER, known, f"p{n}") for n in range(9))) == 6
    assert await refused(Quota.CROP_BYTES, *(crop(database, SERVER, f"c{n}", 100) for n in range(9))) == 7
    assert await uses(database, SERVER) == [3, 3, 3, 209]


async def test_another_server_has_its_own_room(database: Database) -> None:
    for number in range(3):
        await group(database, SERVER, f"g{number}")
    await group(database, OTHER, "g0")
    assert await uses(database, OTHER) == [1, 0, 0, 0]


async def test_the_shared_roster_is_the_operators_and_has_no_quota(database: Database) -> None:
    groups = [await group(database, SHARED_ROSTER, f"g{number}") for number in range(5)]
    members = [await member(database, groups[0], f"m{number}") for number in range(5)]
    for number in range(5):
        await photo(database, SHARED_ROSTER, members[0], f"p{number}")
    await crop(database, SHARED_ROSTER, "large", 1000)


async def test_a_full_quota_is_reported_once_until_there_is_room_again(database: Database) -> None:
    told: list[tuple[int, QuotaUsage]] = []
    database.filled_listeners.append(lambda server, use: told.append((server, use)))

    async def report() -> int:
        async with database.writing() as session:
            await QuotaRepository(session).report_full(SERVER, Quota.GROUPS)
        return len(told)

    for number in range(3):
        await group(database, SERVER, f"g{number}")
    assert [await report(), await report()] == [1, 1]
    assert told == [(SERVER, QuotaUsage(Quota.GROUPS, 3, 3))]
    async with database.writing() as session:
        for found in (await RosterRepository(session).groups([SERVER]))[:2]:
            await RosterRepository(session).remove(found, SERVER)
    await group(database, SERVER, "g3")
    assert await report() == 2


async def test_a_report_that_is_rolled_back_is_made_again(database: Database) -> None:
    told: list[tuple[int, QuotaUsage]] = []
    database.filled_listeners.append(lambda server, use: told.append((server, use)))

    async def report() -> None:
        async with database.writing() as session:
            await QuotaRepository(session).report_full(SERVER, Quota.PHOTOS)
            if not told:
                raise LookupError

    with pytest.raises(LookupError):
        await report()
    assert not told
    async with database.writing() as session:
        await QuotaRepository(session).report_full(SERVER, Quota.PHOTOS)
    assert len(told) == 1


async def test_a_limit_below_the_use_takes_nothing_away(data: Path) -> None:
    async with Database.open(Settings(data=data)) as database:
        first = await group(database, SERVER, "one")
        for number in range(5):
            await member(database, first, f"m{number}")
    async with Database.open(small(data)) as database:
        assert await refused(Quota.MEMBERS, member(database, first, "m5")) == 1
        async with database.reading() as session:
            assert len((await session.scalars(select(Photo.id))).all()) == 0
            assert (await QuotaRepository(session).usage(SERVER, Quota.MEMBERS)).room == 0


async def test_a_question_without_room_for_its_crops_is_answered_all_the_same(database: Database) -> None:
    told: list[tuple[int, QuotaUsage]] = []
    database.filled_listeners.append(lambda server, use: told.append((server, use)))
    cuts = [FaceCrop(bytes([number]) * 200, 100, 2.0) for number in range(2)]
    faces = [
        IdentifiedFace(number, Box(0, 0, 9, 9), NOBODY, b"1234", crop=cut) for number, cut in enumerate(cuts, start=1)
    ]
    stored = {cut.jpeg: StoredCrop(cut, f"{number}.jpg", f"{number}") for number, cut in enumerate(cuts)}
    seen = IdentifiedPicture((9, 9), None, tuple(faces), b"", "dlib-1")
    question = Question(server_id=SERVER, asker_id=1, engine="dlib-1", threshold=0.5, rosters=[SERVER])
    async with database.writing() as session:
        answer = await QuestionRepository(session).add(question, [("a.jpg", seen)], stored)
    assert len(answer.faces) == 2
    assert await uses(database, SERVER) == [0, 0, 0, 200]
    assert told == [(SERVER, QuotaUsage(Quota.CROP_BYTES, 200, 300))]
    gathered = Question(server_id=SERVER, asker_id=1, engine="", threshold=0.5, rosters=[], origin=FaceOrigin.GATHERED)
    cut = FaceCrop(bytes(150), 100, 2.0)
    seen = replace(seen, faces=(replace(faces[0], crop=cut),))
    async with database.writing() as session:
        with pytest.raises(QuotaError):
            await QuestionRepository(session).add(gathered, [("b.jpg", seen)], {cut.jpeg: StoredCrop(cut, "b", "b")})


def test_rows_with_a_quota_are_made_where_it_is_checked() -> None:
    """Photos are made by use cases too, and added by `add_photo`."""
    found: dict[str, set[str]] = {}
    for module in modules("bot"):
        for kind in re.findall(r"(?<![\w.])(Group|Member|Crop|Photo)\(", module.read_text()):
            if not re.search(rf"class {kind}\b", module.read_text()):
                found.setdefault(kind, set()).add(name_of(module))
    assert found == {kind: {module} for kind, module in KEEPERS.items()} | {
        "Photo": {"bot.database.training_set", "bot.usecases.roster.enrolment"}
    }
