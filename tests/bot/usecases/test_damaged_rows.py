"""A damaged row, or a damaged crop, breaks nothing else: each use leaves it out, and serves the others."""

from __future__ import annotations

import asyncio
import struct
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.app import App
from bot.clock import utc_now
from bot.database.crops import CropRepository
from bot.database.models import ModelRepository
from bot.database.photos import PhotoRepository
from bot.database.questions import QuestionRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.columns import LONG_AGO, is_encoding
from bot.database.tables.questions import Annotation, Question
from bot.database.vetoes import VetoRepository
from bot.domain.answers import Answer
from bot.domain.backups import DataFaultKind
from bot.domain.enums import FaceOrigin, LearningPolicy
from bot.domain.files import SubmittedFile
from bot.domain.trust import Trust
from bot.usecases import backups, maps, retention, review, setup, twins
from bot.usecases.checking import check
from bot.usecases.questions import correct
from bot.usecases.questions.correct import Actor
from bot.usecases.questions.identify import IdentifyRequest, answer_question
from bot.usecases.quiz import play, view
from bot.usecases.roster import enrolment, exporting, importing, photos
from bot.usecases.roster.groups import add_group
from tests.support.portraits import astronauts_head

SERVER = 7
EXPERT = Actor(11, Trust.TRUSTED)
ENGINE = "sface-2"

NAN = struct.pack("<128f", float("nan"), *[0.05] * 127)
HUGE = struct.pack("<128f", 3e38, *[0.05] * 127)
SHORT = struct.pack("<2f", 0.6, 0.8)
"""Two numbers of unit length, which no other encoding can be compared with."""


@pytest.mark.parametrize("damaged", [b"\x01\x02", NAN, HUGE, bytes(512), struct.pack("<2f", 1, float("-inf"))])
def test_bytes_that_are_no_encoding_are_told(damaged: bytes) -> None:
    assert not is_encoding(damaged)


@pytest.mark.parametrize("vector", [(1.0,), (0.6, -0.8), (-1.0, 0.0), (1e-40, 1.0)])
def test_a_vector_of_unit_length_is_an_encoding(vector: tuple[float, ...]) -> None:
    assert is_encoding(struct.pack(f"<{len(vector)}f", *vector))


@pytest.fixture
async def americans(app: App, small_photos: Path, public_photos: Path) -> App:
    """Obama with three photos, Biden and Collins with one each."""
    await add_group(app, SERVER, "Americans")
    for name, files in (("Obama", ("obama", "obama2", "obama3")), ("Biden", ("biden",))):
        given = [SubmittedFile(f"{file}.jpg", (small_photos / f"{file}.jpg").read_bytes()) for file in files]
        await enrolment.add_member(app, SERVER, "Americans", name, given, by=1)
    head = SubmittedFile("collins.png", astronauts_head(public_photos))
    await enrolment.add_member(app, SERVER, "Americans", "Collins", [head], by=1)
    return app


async def asked(app: App, photos: Path, name: str = "biden.jpg") -> Answer:
    files = [SubmittedFile(name, (photos / name).read_bytes())]
    return (await answer_question(app, IdentifyRequest(EXPERT.id, server_id=SERVER, rosters=(SERVER,)), files)).answer


async def damage(app: App, statement: str, **values: object) -> None:
    """Change rows as a failing disk would, below the bot."""
    async with app.database.engine.begin() as connection:
        await connection.execute(text(statement), values)


async def keys_of(app: App, member: str) -> list[str]:
    async with app.database.reading() as session:
        return [crop.key for crop in await CropRepository(session).all_with_names() if crop.member == member]


async def unheard(_done: int, _of: int, _group: str, _member: str) -> None:
    """Bear the progress of an import."""


async def test_damaged_encodings_of_some_photos_leave_the_others_in_use(americans: App, small_photos: Path) -> None:
    app = americans
    answer = await asked(app, small_photos)
    (face,) = [face for _, face in answer.faces]
    await correct.assign_name(app, answer.id, face.id, "Obama", EXPERT)
    await correct.assign_name(app, answer.id, face.id, "Biden", EXPERT)
    for crop, vector in ((1, NAN), (2, SHORT)):
        await damage(app, "UPDATE crop_encoding SET vector = :vector WHERE crop_id = :crop", vector=vector, crop=crop)
    await damage(app, "UPDATE question_face SET vector = :vector", vector=HUGE)
    await damage(app, "UPDATE crop SET phash = 'no number' WHERE id = 1")
    await damage(app, "UPDATE server SET roster_revision = roster_revision + 1")
    async with app.database.reading() as session:
        rosters = RosterRepository(session)
        (group,) = await rosters.groups([SERVER])
        in_use = [(row.photo, row.name) for row in await rosters.encodings_in_use([SERVER], ENGINE)]
        assert in_use == [(3, "Obama"), (4, "Biden"), (5, "Collins")]
        rows = await rosters.encodings_of_groups([group.id], ENGINE)
        assert {len(row.vector) for row in rows} == {512}
        assert {len(vector) for vector, _ in await CropRepository(session).encodings(SERVER, ENGINE)} == {512}
        known = await PhotoRepository(session).fingerprints(group.id, ENGINE)
        assert len(known) == len(rows)
        assert {fingerprint.phash == "no number" for _, fingerprint in known} == {False}
        assert {phash == "no number" for _, phash in await PhotoRepository(session).hashes(SERVER)} == {False}
        # The damaged face is known by its crop.
        feedback = await VetoRepository(session).feedback([SERVER], ENGINE)
        assert feedback
        assert {len(each.vector) for each in feedback} == {512}
    assert [face.guess.name for _, face in (await asked(app, small_photos, "obama3.jpg")).faces] == ["Obama"]
    assert (await twins.twins(app, SERVER)).found.group == "Americans"
    again = SubmittedFile("obama2.jpg", (small_photos / "obama2.jpg").read_bytes())
    await enrolment.add_member(app, SERVER, "Americans", "Obama", [again], by=1)


@pytest.mark.slow
async def test_check_finds_damaged_values_and_encodes_crops_anew(americans: App, small_photos: Path) -> None:
    app = americans
    await asked(app, small_photos)
    assert await check(app.settings, mends=False) == []
    for crop, vector in ((1, NAN), (2, SHORT)):
        await damage(app, "UPDATE crop_encoding SET vector = :vector WHERE crop_id = :crop", vector=vector, crop=crop)
    await damage(app, "UPDATE question SET origin = 'WHATEVER', asked_at = 'then', rosters = '[1'")
    await damage(app, "UPDATE question_face SET vector = :vector", vector=NAN)
    found = await check(app.settings, mends=True)
    values = {(one.subject, one.detail) for one in found if one.fault is DataFaultKind.DAMAGED_VALUE}
    columns = [("question 1", "origin"), ("question 1", "asked_at"), ("question 1", "rosters")]
    assert values == {*columns, ("question_face 1", "vector")}
    encodings = [one for one in found if one.fault is DataFaultKind.DAMAGED_ENCODING]
    assert [(one.detail, one.mended) for one in encodings] == [(ENGINE, True)] * 2
    async with app.database.reading() as session:
        assert len(await RosterRepository(session).encodings_in_use([SERVER], ENGINE)) == 5
    assert {one.fault for one in await check(app.settings, mends=False)} == {DataFaultKind.DAMAGED_VALUE}


@pytest.mark.slow
async def test_damaged_crops_count_as_lost(americans: App, small_photos: Path, tmp_path: Path) -> None:
    app = americans
    ((_, face),) = (await asked(app, small_photos)).faces
    async with app.database.reading() as session:
        waiting = await CropRepository(session).storage_key(face.id) or ""
    whole, cut, none = await keys_of(app, "Obama")
    (broken,) = await keys_of(app, "Collins")
    data = await app.storage.get(cut) or b""
    await app.storage.put(cut, data[: len(data) // 2])
    await app.storage.put(none, b"not a picture")
    # The begin and the end of a JPEG, and nothing that can be decoded between them.
    await app.storage.put(broken, data[:4] + bytes(100) + data[-2:])
    member = await photos.show_member(app, SERVER, None, "Americans", "Obama")
    assert [photo.crop is None for photo in member.photos] == [False, True, True]
    assert (await photos.show_group(app, SERVER, "Americans")).pictured == ("Obama", "Biden", "Collins")
    assert (await twins.look_alikes(app, SERVER, None, "Collins")).picture
    assert (await maps.draw_map(app, [SERVER], "Americans")).found.picture
    question = await play.begin(app, SERVER, None, 1, group="Americans", rounds=5, race=False, now=utc_now())
    assert (await view.show_question(app, question.round)).picture
    exported = await exporting.export_roster(app, SERVER, None)
    assert (exported.photos, exported.lost) == (3, 2)
    assert zipfile.ZipFile(exported.file).testzip() is None
    taken = await importing.import_roster(app, SERVER + 1, exported.file, 1, unheard)
    assert (taken.taken, len(taken.left_out)) == (2, 1)
    await app.storage.put(waiting, b"not a picture")
    assert isinstance((await review.next_page(app, SERVER, EXPERT)).content, review.NothingToReview)
    await retention.forget_due(app)
    content = await asyncio.to_thread(backups.back_up, app.settings, tmp_path / "all.backup", None)
    assert content.record.missing == []
    assert whole in await app.storage.keys("crops")


async def test_unknown_words_in_rows_let_nothing_be_done(americans: App, small_photos: Path) -> None:
    app = americans
    first, second = await asked(app, small_photos), await asked(app, small_photos)
    for answer, name in ((first, "Biden"), (second, "Obama")):
        ((_, face),) = answer.faces
        await correct.assign_name(app, answer.id, face.id, name, EXPERT)
    await damage(app, "UPDATE word SET meaning = 'WHATEVER' WHERE id = (SELECT max(id) FROM word)")
    await damage(app, "UPDATE server SET learns = 'WHATEVER'")
    await damage(app, "UPDATE question SET origin = 'WHATEVER', asked_at = 'then', rosters = '[1' WHERE id = :id", id=2)
    await damage(app, "UPDATE question_face SET band = 'WHATEVER', basis = '', flaws = '[\"odd\"]' WHERE id = 2")
    await damage(app, "UPDATE photo SET origin = 'WHATEVER' WHERE id = 1")
    await damage(app, "INSERT INTO server_role (server_id, role_id, trust) VALUES (7, 1, 99), (7, 2, 1)")
    async with app.database.reading() as session:
        answers = [await QuestionRepository(session).answer(answer.id) for answer in (first, second)]
        assert [face.name for answer in answers for _, face in answer.faces] == ["Biden", "Biden"]
        assert len((await session.scalars(select(Annotation))).all()) == 1
        question = await session.get_one(Question, 2)
        assert (question.origin, question.asked_at, question.rosters) == (FaceOrigin.ASKED, LONG_AGO, [])
        assert len(await VetoRepository(session).feedback([SERVER], ENGINE)) == 1
        choices = await ServerRepository(session).choices(SERVER)
        assert (choices.learns, choices.roles) == (LearningPolicy.OFF, {2: Trust.TRUSTED})
        assert set(await PhotoRepository(session).counts(1)) == {FaceOrigin.SUBMITTED, FaceOrigin.ASKED}
        (group,) = await RosterRepository(session).groups([SERVER])
        assert await ModelRepository(session).state(group.id) is not None
    await setup.choose_learns(app, SERVER, LearningPolicy.CONFIRMED)
    # The face whose annotation can't be read is asked about again.
    page = (await review.next_page(app, SERVER, EXPERT)).content
    assert isinstance(page, review.NothingToReview) or page.face.face.id == 2
    await retention.forget_due(app)
