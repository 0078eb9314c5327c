"""Annotations that deny a name are found by the face's encoding or by its crop's, if they count."""

from __future__ import annotations

import pytest

from bot.app import App
from bot.database.annotations import AnnotationInput
from bot.database.crops import StoredCrop
from bot.database.questions import QuestionRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.questions import Question
from bot.database.tables.rosters import CropEncoding
from bot.database.vetoes import VetoRepository
from bot.domain.enums import AnnotationMeaning
from bot.domain.faces import FaceCrop, IdentifiedFace, IdentifiedPicture
from bot.domain.rosters import FaceFeedback
from bot.domain.trust import Trust
from bot.usecases.questions import correct
from bot.usecases.questions.correct import Actor
from models.faces import Box, ConfidenceBand, Guess

SERVER = 7
TRUSTED = Actor(11, Trust.TRUSTED)
FAN = Actor(12, Trust.MEMBER)
SEEN, SEEN_BY_ANOTHER = b"\x00\x00\x80?", b"\x00\x00\x80\xbf"


class QuestionWithCrop:
    """A question about one face with the guess Sana, and with a crop that another engine has seen too."""

    def __init__(self, app: App, question: int, face: int, members: dict[str, int]) -> None:
        self.app, self.question, self.face, self.members = app, question, face, members

    async def vetoes(self, *, engine: str = "dlib-1", server: int = SERVER) -> list[FaceFeedback]:
        async with self.app.database.reading() as session:
            return await VetoRepository(session).feedback([server], engine)


@pytest.fixture
async def asked(app: App) -> QuestionWithCrop:
    crop = FaceCrop(b"jpeg", 100, 2.0)
    async with app.database.writing() as session:
        group = await RosterRepository(session).add_group(SERVER, "TWICE")
        members = {name: (await RosterRepository(session).add_member(group.id, name)).id for name in ("Sana", "Momo")}
        sana = Guess(members["Sana"], "Sana", 0.9, ConfidenceBand.SURE)
        seen = IdentifiedPicture(
            (9, 9), "TWICE", (IdentifiedFace(1, Box(0, 0, 9, 9), sana, SEEN, crop=crop),), b"", "dlib-1"
        )
        question = Question(server_id=SERVER, asker_id=1, engine="dlib-1", threshold=0.5, rosters=[SERVER])
        answer = await QuestionRepository(session).add(
            question, [("a.jpg", seen)], {b"jpeg": StoredCrop(crop, "crops/a", "a")}
        )
        session.add(CropEncoding(crop_id=1, engine="toy-1", vector=SEEN_BY_ANOTHER))
    return QuestionWithCrop(app, answer.id, answer.faces[0][1].id, members)


async def test_a_denial_is_found_by_either_engine(asked: QuestionWithCrop) -> None:
    await correct.deny_member(asked.app, asked.question, asked.face, asked.members["Sana"], TRUSTED)
    assert await asked.vetoes() == [FaceFeedback(SEEN, denies=asked.members["Sana"])]
    assert await asked.vetoes(engine="toy-1") == [FaceFeedback(SEEN_BY_ANOTHER, denies=asked.members["Sana"])]
    assert await asked.vetoes(engine="trio-1") == []
    assert await asked.vetoes(server=SERVER + 1) == []


async def test_suggestions_and_undone_annotations_deny_nothing(asked: QuestionWithCrop) -> None:
    await correct.deny_member(asked.app, asked.question, asked.face, asked.members["Sana"], FAN)
    assert await asked.vetoes() == []
    await correct.mark_as_nobody(asked.app, asked.question, asked.face, AnnotationMeaning.NOT_A_FACE, TRUSTED)
    assert await asked.vetoes() == [FaceFeedback(SEEN, nobody=True)]
    await correct.undo(asked.app, asked.question, TRUSTED)
    assert await asked.vetoes() == []


async def test_a_correction_denies_the_guess(asked: QuestionWithCrop) -> None:
    sana, momo = asked.members["Sana"], asked.members["Momo"]
    await correct.assign_member(asked.app, asked.question, asked.face, sana, TRUSTED)
    assert await asked.vetoes() == [FaceFeedback(SEEN, grants=sana)]
    await correct.assign_member(asked.app, asked.question, asked.face, momo, TRUSTED)
    await correct.assign_name(asked.app, asked.question, asked.face, "Jihyo", TRUSTED)
    assert await asked.vetoes() == [
        FaceFeedback(SEEN, grants=sana),
        FaceFeedback(SEEN, grants=momo, denies=sana),
        FaceFeedback(SEEN, denies=sana),
    ]


async def test_only_the_newest_annotations_are_found(asked: QuestionWithCrop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.database.vetoes.MAX_ANNOTATIONS", 1)
    inputs = [
        AnnotationInput(asked.face, AnnotationMeaning.NOT_MEMBER, member, name)
        for name, member in asked.members.items()
    ]
    for given in inputs:
        async with asked.app.database.writing() as session:
            await correct.save_annotations(session, [given], TRUSTED)
    assert await asked.vetoes() == [FaceFeedback(SEEN, denies=asked.members["Momo"])]
