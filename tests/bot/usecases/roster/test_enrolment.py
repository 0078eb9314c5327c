"""Rosters: the write lock is short, and lists are few queries."""

from __future__ import annotations

import dataclasses
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter
from sqlalchemy import Connection, event

from bot.app import App
from bot.database.crops import CropRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.servers import KeyValue
from bot.domain.enums import LearningPolicy
from bot.domain.files import SubmittedFile
from bot.domain.photos import BlurredFace
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError
from bot.infra.storage import Storage
from bot.text.photos import photo_reason
from bot.usecases import setup
from bot.usecases.roster import enrolment
from bot.usecases.roster.groups import add_group, group_names, list_groups


class SlowStorage(Storage):
    """A store during whose work somebody else writes to the database."""

    def __init__(self, storage: Storage, app: App) -> None:
        super().__init__(storage._store)
        self._app = app
        self.puts = 0

    async def put(self, key: str, data: bytes) -> None:
        async with self._app.database.writing() as session:
            await session.merge(KeyValue(key="meanwhile", value="written"))
        await super().put(key, data)
        self.puts += 1


async def test_others_write_while_crops_are_stored(app: App, public_photos: Path) -> None:
    storage = SlowStorage(app.storage, app)
    slow = dataclasses.replace(app, storage=storage)
    await add_group(slow, 1, "Presidents")
    photo = SubmittedFile("obama.jpg", (public_photos / "obama.jpg").read_bytes())
    added = await enrolment.add_member(slow, 1, "Presidents", "Obama", [photo], by=1)
    assert added.photos == storage.puts == 1


async def test_nothing_is_learned_that_was_forbidden_meanwhile(app: App, public_photos: Path) -> None:
    class Forbidding(Storage):
        async def put(self, key: str, data: bytes) -> None:
            await setup.choose_learns(app, 1, LearningPolicy.OFF)
            await super().put(key, data)

    await add_group(app, 1, "Presidents")
    photo = SubmittedFile("obama.jpg", (public_photos / "obama.jpg").read_bytes())
    forbidding = dataclasses.replace(app, storage=Forbidding(app.storage._store))
    with pytest.raises(PersonError, match="I may learn nothing here"):
        await enrolment.add_member(forbidding, 1, "Presidents", "Obama", [photo], by=1)
    assert await app.storage.keys("crops") == []


async def test_a_blurred_photo_is_not_enrolled(app: App, public_photos: Path) -> None:
    await add_group(app, 1, "Presidents")
    blurred = BytesIO()
    with Image.open(public_photos / "obama.jpg") as photo:
        photo.filter(ImageFilter.GaussianBlur(8)).save(blurred, "PNG")
    photos = [
        SubmittedFile("blurred.png", blurred.getvalue()),
        SubmittedFile("obama.jpg", (public_photos / "obama.jpg").read_bytes()),
    ]
    added = await enrolment.add_member(app, 1, "Presidents", "Obama", photos, by=1)
    blur, good = [photo.reason for photo in added.outcomes]
    assert good is None
    assert isinstance(blur, BlurredFace)
    assert photo_reason(blur) == "the face is blurred: its sharpness is 1.7, and 1.8 or more makes a good example"


async def test_a_list_takes_two_queries_however_many_groups_there_are(app: App) -> None:
    async with app.database.writing() as session:
        rosters = RosterRepository(session)
        for server, name in ((SHARED_ROSTER, "TWICE"), (1, "ITZY"), (1, "aespa"), (2, "elsewhere")):
            group = await rosters.add_group(server, name)
            if name != "aespa":
                await rosters.add_member(group.id, f"one of {name}")
    selects: list[str] = []

    def listen(_c: Connection, _cursor: Any, statement: str, *_: object) -> None:
        selects.append(statement)

    event.listen(app.database.engine.sync_engine, "before_cursor_execute", listen)
    listed = await list_groups(app, [1])
    assert [(group.name, group.members, group.is_shared) for group in listed] == [
        ("aespa", {}, False),
        ("ITZY", {"one of ITZY": 0}, False),
        ("TWICE", {"one of TWICE": 0}, True),
    ]
    assert len([statement for statement in selects if statement.startswith("SELECT")]) == 2


async def test_names_of_groups(app: App) -> None:
    async with app.database.writing() as session:
        for server, name in ((SHARED_ROSTER, "TWICE"), (1, "TWICE"), (1, "ITZY")):
            await RosterRepository(session).add_group(server, name)
    assert await group_names(app, [1]) == ["ITZY", "TWICE"]
    assert await group_names(app, [2]) == ["TWICE"]
    assert await group_names(app, [2], shared=False) == []


async def test_a_group_comes_to_be_with_the_first_photo_that_is_kept_of_it(app: App, public_photos: Path) -> None:
    async def known() -> dict[str, dict[str, int]]:
        return {group.name: group.members for group in await list_groups(app, [1])}

    letter = SubmittedFile("a.txt", b"dear Sana")
    with pytest.raises(enrolment.NoUsablePhotoError):
        await enrolment.add_member(app, 1, "Letters", "2024", [letter], by=1, make_group=True)
    with pytest.raises(PersonError, match="printable"):
        await enrolment.add_member(app, 1, "Let\u202eters", "2024", [letter], by=1, make_group=True)
    assert await known() == {}
    photo = SubmittedFile("obama.jpg", (public_photos / "obama.jpg").read_bytes())
    await enrolment.add_member(app, 1, " Presidents ", "Obama", [letter, photo], by=1, make_group=True)
    assert await known() == {"Presidents": {"Obama": 1}}


async def test_a_photo_whose_file_was_lost_is_there_again_once_it_is_handed_in_again(
    app: App, public_photos: Path
) -> None:
    photo = SubmittedFile("obama.jpg", (public_photos / "obama.jpg").read_bytes())
    await enrolment.add_member(app, 1, "Presidents", "Obama", [photo], by=1, make_group=True)
    (lost,) = await app.storage.keys("crops")
    for group in ("Presidents", "Democrats"):
        await app.storage.delete(lost)
        added = await enrolment.add_member(app, 1, group, "Obama", [photo], by=1, make_group=True)
        assert added.photos == 1
        (lost,) = await app.storage.keys("crops")
        async with app.database.reading() as session:
            assert [crop.key for crop in await CropRepository(session).all_with_names()] == [lost]
