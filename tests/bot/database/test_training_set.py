"""The photos of a roster follow the annotations, and crops without references are deleted."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.app import App
from bot.clock import utc_now
from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Crop, Member, Photo
from bot.database.tables.servers import Server
from bot.domain.answers import Answer
from bot.domain.enums import AnnotationMeaning, FaceOrigin, LearningPolicy
from bot.domain.faces import FaceCrop
from bot.domain.files import SubmittedFile
from bot.domain.trust import Trust
from bot.usecases.questions import correct, crops
from bot.usecases.questions.correct import Actor
from bot.usecases.questions.identify import IdentifyRequest, answer_question
from bot.usecases.roster import enrolment
from bot.usecases.roster.groups import add_group

SERVER = 7
TRUSTED = Actor(11, Trust.TRUSTED)
FAN = Actor(12, Trust.MEMBER)


@pytest.fixture
async def presidents(app: App, small_photos: Path) -> App:
    await add_group(app, SERVER, "Presidents")
    for name, file in (("Obama", "obama.jpg"), ("Biden", "biden.jpg")):
        await enrolment.add_member(app, SERVER, "Presidents", name, [submitted(small_photos, file)], by=1)
    return app


def submitted(photos: Path, name: str) -> SubmittedFile:
    return SubmittedFile(name, (photos / name).read_bytes())


async def asked(app: App, photos: Path, name: str = "obama2.jpg") -> Answer:
    tagged = await answer_question(
        app, IdentifyRequest(FAN.id, server_id=SERVER, rosters=(SERVER,)), [submitted(photos, name)]
    )
    return tagged.answer


async def learned(app: App) -> list[tuple[str, FaceOrigin]]:
    """(member's name, origin) of each photo that an annotation made."""
    async with app.database.reading() as session:
        query = select(Member.name, Photo.origin).join(Photo.member).where(Photo.face_id.is_not(None))
        return [(name, origin) for name, origin in await session.execute(query.order_by(Photo.id))]


async def stored(app: App) -> int:
    """The number of crops; each has a file in the storage."""
    async with app.database.reading() as session:
        rows = list(await session.scalars(select(Crop.key)))
    assert sorted(rows) == await app.storage.keys("crops")
    return len(rows)


async def test_a_confirmed_face_is_learned_and_unlearned_again(presidents: App, small_photos: Path) -> None:
    answer = await asked(presidents, small_photos)
    assert await stored(presidents) == 3
    await correct.confirm(presidents, answer.id, FAN)
    assert await learned(presidents) == []
    await correct.confirm(presidents, answer.id, TRUSTED)
    assert await learned(presidents) == [("Obama", FaceOrigin.ASKED)]
    await correct.undo(presidents, answer.id, TRUSTED)
    assert await learned(presidents) == []


async def test_a_later_annotation_moves_the_photo(presidents: App, small_photos: Path) -> None:
    answer = await asked(presidents, small_photos)
    (_, face), *_ = answer.faces
    await correct.assign_name(presidents, answer.id, face.id, "Biden", TRUSTED)
    assert [name for name, _ in await learned(presidents)] == ["Biden"]
    await correct.assign_name(presidents, answer.id, face.id, "Obama", TRUSTED)
    assert [name for name, _ in await learned(presidents)] == ["Obama"]
    await correct.mark_as_nobody(presidents, answer.id, face.id, AnnotationMeaning.STRANGER, TRUSTED)
    assert await learned(presidents) == []


async def test_the_same_face_asked_twice_is_one_photo(presidents: App, small_photos: Path) -> None:
    first, second = await asked(presidents, small_photos), await asked(presidents, small_photos)
    assert await stored(presidents) == 3
    for answer in (first, second):
        await correct.confirm(presidents, answer.id, TRUSTED)
    assert [name for name, _ in await learned(presidents)] == ["Obama"]


async def test_a_small_face_is_not_learned(presidents: App, small_photos: Path) -> None:
    answer = await asked(presidents, small_photos)
    async with presidents.database.writing() as session:
        await session.execute(update(Crop).values(face_width=40))
    await correct.confirm(presidents, answer.id, TRUSTED)
    assert await learned(presidents) == []


@pytest.mark.parametrize("learns", [LearningPolicy.SUBMITTED, LearningPolicy.OFF])
async def test_a_server_that_learns_nothing_from_answers_keeps_no_crops(
    presidents: App, small_photos: Path, learns: LearningPolicy
) -> None:
    async with presidents.database.writing() as session:
        await ServerRepository(session).ensure(SERVER)
        await session.execute(update(Server).where(Server.id == SERVER).values(learns=learns))
    answer = await asked(presidents, small_photos)
    assert await stored(presidents) == 2
    await correct.confirm(presidents, answer.id, TRUSTED)
    assert await learned(presidents) == []


async def test_unlabelled_faces_are_forgotten(presidents: App, small_photos: Path) -> None:
    labelled, unlabelled = await asked(presidents, small_photos), await asked(presidents, small_photos, "obama3.jpg")
    await correct.confirm(presidents, labelled.id, TRUSTED)
    await crops.forget_older(presidents, utc_now() - timedelta(days=1))
    assert await stored(presidents) == 4
    await crops.forget_older(presidents, utc_now() + timedelta(days=1))
    assert await stored(presidents) == 3
    assert (await correct.confirm(presidents, unlabelled.id, TRUSTED)).answer.faces[0][1].annotation is not None
    assert [name for name, _ in await learned(presidents)] == ["Obama"]


async def test_crops_that_no_row_refers_to_leave_no_file(presidents: App) -> None:
    async with crops.storing(presidents, [FaceCrop(b"one", 100, 2.0), FaceCrop(b"two", 100, 2.0)]):
        assert len(await presidents.storage.keys("crops")) == 4
    assert await stored(presidents) == 2


async def test_the_shared_roster_learns_from_no_server(app: App, small_photos: Path) -> None:
    await add_group(app, 0, "Presidents")
    await enrolment.add_member(app, 0, "Presidents", "Obama", [submitted(small_photos, "obama.jpg")], by=0)
    answer = await asked(app, small_photos)
    await correct.confirm(app, answer.id, dataclasses.replace(TRUSTED, trust=Trust.MODERATOR))
    assert await learned(app) == []
