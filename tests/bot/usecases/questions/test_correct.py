"""Words about faces: kept once, undone by the press, and meant for the right one of two of the same name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.app import App
from bot.database.questions import QuestionRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.questions import Annotation, Question
from bot.database.tables.rosters import Member
from bot.domain.answers import MAX_CANDIDATES, Answer
from bot.domain.corrections import Correction, CorrectionKind
from bot.domain.enums import AnnotationMeaning
from bot.domain.faces import IdentifiedFace, IdentifiedPicture
from bot.domain.rosters import SHARED_ROSTER
from bot.domain.trust import Trust
from bot.errors import PersonError
from bot.usecases.questions import correct
from bot.usecases.questions.correct import Actor
from models.faces import Box, ConfidenceBand, Guess, GuessBasis, MemberCandidate

MODERATOR = Actor(1, Trust.MODERATOR)
OTHER_MODERATOR = Actor(2, Trust.MODERATOR)
FAN = Actor(3, Trust.MEMBER)
SERVER, ELSEWHERE = 10, 20


async def asked(
    app: App, *guesses: Guess, rosters: Sequence[int] = (SHARED_ROSTER, SERVER), group: str | None = "TWICE"
) -> Answer:
    """A question about one picture with these faces."""
    faces = tuple(
        IdentifiedFace(number, Box(0, 0, 10, 10), guess, b"\x00" * 8) for number, guess in enumerate(guesses, start=1)
    )
    seen = IdentifiedPicture((100, 100), group, faces, b"", "dlib-1")
    question = Question(asker_id=FAN.id, engine="dlib-1", threshold=0.5, rosters=list(rosters))
    async with app.database.writing() as session:
        return await QuestionRepository(session).add(question, [("who.jpg", seen)], {})


async def enrolled(app: App, server: int, group: str, *names: str) -> dict[str, int]:
    """Ids of new members by their names."""
    async with app.database.writing() as session:
        rosters = RosterRepository(session)
        found = await rosters.add_group(server, group)
        return {name: (await rosters.add_member(found.id, name)).id for name in names}


def sure(name: str, member: int) -> Guess:
    return Guess(member, name, 0.9, ConfidenceBand.SURE, (MemberCandidate(member, name, 0.9),))


def unknown(*candidates: MemberCandidate) -> Guess:
    return Guess(None, None, 0.9, ConfidenceBand.UNKNOWN, candidates)


async def annotations_of(app: App) -> list[Annotation]:
    async with app.database.reading() as session:
        return list(await session.scalars(select(Annotation).order_by(Annotation.id)))


async def twice(app: App) -> tuple[Answer, dict[str, int]]:
    """An answer with two faces of TWICE."""
    members = await enrolled(app, SERVER, "TWICE", "Sana", "Momo", "Mina")
    return await asked(app, sure("Sana", members["Sana"]), sure("Momo", members["Momo"])), members


async def test_what_speaks_for_a_name_is_known_a_year_later(app: App) -> None:
    members = await enrolled(app, SERVER, "TWICE", "Sana")
    left = replace(sure("Sana", members["Sana"]), basis=GuessBasis.ELIMINATION, band=ConfidenceBand.UNSURE)
    answer = await asked(app, left, sure("Sana", members["Sana"]))
    assert [face.guess.basis for _, face in answer.faces] == [GuessBasis.ELIMINATION, GuessBasis.FACE]


async def test_two_confirm_at_the_same_moment(app: App) -> None:
    answer, _ = await twice(app)
    results = await asyncio.gather(
        correct.confirm(app, answer.id, MODERATOR),
        correct.confirm(app, answer.id, OTHER_MODERATOR),
        return_exceptions=True,
    )
    assert sorted(isinstance(result, PersonError) for result in results) == [False, True]
    assert [annotation.name for annotation in await annotations_of(app)] == ["Sana", "Momo"]


async def test_a_fan_who_presses_five_times_suggests_once(app: App) -> None:
    answer, _ = await twice(app)
    await asyncio.gather(*(correct.confirm(app, answer.id, FAN) for _ in range(5)))
    assert [annotation.name for annotation in await annotations_of(app)] == ["Sana", "Momo"]


async def test_the_same_correction_is_kept_once(app: App) -> None:
    answer, members = await twice(app)
    face = answer.faces[0][1].id
    for actor in (MODERATOR, FAN):
        for _ in range(2):
            await correct.assign_member(app, answer.id, face, members["Mina"], actor)
        for _ in range(2):
            await correct.mark_as_nobody(app, answer.id, face, AnnotationMeaning.STRANGER, actor)
        for _ in range(2):
            await correct.assign_name(app, answer.id, face, "somebody", actor)
    said = [(annotation.author_id, annotation.meaning, annotation.name) for annotation in await annotations_of(app)]
    mina, stranger, somebody = (
        (AnnotationMeaning.MEMBER, "Mina"),
        (AnnotationMeaning.STRANGER, None),
        (AnnotationMeaning.MEMBER, "somebody"),
    )
    # What counts already needs no suggestion.
    assert said == [
        *((MODERATOR.id, *meant) for meant in (mina, stranger, somebody)),
        *((FAN.id, *meant) for meant in (mina, stranger)),
    ]


async def test_a_word_that_somebody_overruled_is_said_again(app: App) -> None:
    answer, members = await twice(app)
    face = answer.faces[0][1].id
    await correct.assign_member(app, answer.id, face, members["Mina"], MODERATOR)
    await correct.assign_member(app, answer.id, face, members["Momo"], OTHER_MODERATOR)
    said = await correct.assign_member(app, answer.id, face, members["Mina"], MODERATOR)
    _, now = correct.face_of(said.answer, face)
    assert now.annotation is not None
    assert now.annotation.name == "Mina"


async def test_a_word_keeps_what_it_replaced(app: App) -> None:
    answer, members = await twice(app)
    face = answer.faces[0][1].id
    sana, momo, mina = members.values()
    await correct.assign_member(app, answer.id, face, mina, FAN)
    await correct.assign_member(app, answer.id, face, momo, FAN)
    await correct.assign_member(app, answer.id, face, sana, MODERATOR)
    await correct.deny_member(app, answer.id, face, mina, MODERATOR)
    await correct.deny_member(app, answer.id, face, mina, MODERATOR)
    await correct.assign_member(app, answer.id, face, momo, OTHER_MODERATOR)
    await correct.deny_member(app, answer.id, face, momo, MODERATOR)
    said = [(annotation.id, annotation.name, annotation.replaces_id) for annotation in await annotations_of(app)]
    assert said == [
        (1, "Mina", None),
        (2, "Momo", 1),
        (3, "Sana", None),
        (4, "Mina", None),
        (5, "Momo", 3),
        (6, "Momo", 5),
    ]


async def test_a_denial_keeps_an_annotation_with_another_member(app: App) -> None:
    answer, members = await twice(app)
    face = answer.faces[0][1].id

    async def effective() -> tuple[AnnotationMeaning, str | None] | None:
        async with app.database.reading() as session:
            annotation = correct.face_of(await QuestionRepository(session).answer(answer.id), face)[1].annotation
        return (annotation.meaning, annotation.name) if annotation else None

    await correct.deny_member(app, answer.id, face, members["Sana"], MODERATOR)
    assert await effective() == (AnnotationMeaning.NOT_MEMBER, "Sana")
    await correct.assign_member(app, answer.id, face, members["Momo"], MODERATOR)
    await correct.deny_member(app, answer.id, face, members["Mina"], MODERATOR)
    assert await effective() == (AnnotationMeaning.MEMBER, "Momo")
    async with app.database.writing() as session:
        await session.delete(await session.get_one(Member, members["Mina"]))
    assert await effective() == (AnnotationMeaning.MEMBER, "Momo")
    await correct.deny_member(app, answer.id, face, members["Momo"], MODERATOR)
    assert await effective() == (AnnotationMeaning.NOT_MEMBER, "Momo")
    with pytest.raises(PersonError, match="removed since"):
        await correct.deny_member(app, answer.id, face, members["Mina"], MODERATOR)


async def test_undo_takes_back_one_press_after_another(app: App) -> None:
    answer, members = await twice(app)
    first = answer.faces[0][1].id
    await correct.confirm(app, answer.id, MODERATOR)
    await correct.assign_member(app, answer.id, first, members["Mina"], OTHER_MODERATOR)
    await correct.confirm(app, (await asked(app, sure("Sana", members["Sana"]))).id, MODERATOR)

    said = await correct.undo(app, answer.id, MODERATOR)
    assert [face.annotation.name for _, face in said.answer.faces if face.annotation] == ["Sana", "Momo"]
    said = await correct.undo(app, answer.id, MODERATOR)
    assert [face.annotation for _, face in said.answer.faces] == [None, None]
    with pytest.raises(PersonError, match="nothing left to undo"):
        await correct.undo(app, answer.id, MODERATOR)
    assert [annotation.undone_by for annotation in await annotations_of(app)] == [MODERATOR.id] * 3 + [None]


async def test_a_name_is_looked_for_where_the_question_looked(app: App) -> None:
    """In private there is no server: the rosters are those of the servers that the asker is in."""
    members = await enrolled(app, ELSEWHERE, "TWICE", "Sana")
    answer = await asked(app, unknown(), rosters=(SHARED_ROSTER, ELSEWHERE))
    await correct.assign_name(app, answer.id, answer.faces[0][1].id, " sana", MODERATOR)
    hidden = await asked(app, unknown(), rosters=(SHARED_ROSTER,))
    await correct.assign_name(app, hidden.id, hidden.faces[0][1].id, "sana", MODERATOR)
    assert [annotation.member_id for annotation in await annotations_of(app)] == [members["Sana"], None]


async def test_of_two_of_one_name_the_one_of_the_pictures_group_is_meant(app: App) -> None:
    itzy = await enrolled(app, SERVER, "ITZY", "Mina")
    twice = await enrolled(app, SERVER, "TWICE", "Mina")
    likely = (MemberCandidate(itzy["Mina"], "Mina", 0.4, "ITZY"), MemberCandidate(twice["Mina"], "Mina", 0.1, "TWICE"))
    for group, meant in (("TWICE", twice), ("ITZY", itzy), (None, itzy)):
        answer = await asked(app, unknown(*likely), group=group)
        await correct.assign_name(app, answer.id, answer.faces[0][1].id, "mina", MODERATOR)
        assert (await annotations_of(app))[-1].member_id == meant["Mina"]


async def test_a_typed_name_is_checked_and_kept_as_it_is(app: App) -> None:
    answer = await asked(app, unknown())
    face = answer.faces[0][1].id
    with pytest.raises(PersonError, match="printable"):
        await correct.assign_name(app, answer.id, face, "\u200b", MODERATOR)
    said = await correct.assign_name(app, answer.id, face, "<@1>", MODERATOR)
    assert said.correction == Correction(CorrectionKind.UNENROLLED, "<@1>")


async def test_a_face_of_another_question_is_none_of_this_one(app: App) -> None:
    answer, members = await twice(app)
    other = await asked(app, unknown())
    with pytest.raises(PersonError, match="no longer know"):
        await correct.assign_member(app, other.id, answer.faces[0][1].id, members["Mina"], MODERATOR)


async def test_a_member_whose_roster_was_not_asked_is_not_named(app: App) -> None:
    answer, _ = await twice(app)
    hidden = await enrolled(app, ELSEWHERE, "Others", "Somebody")
    face = answer.faces[0][1].id
    for said in (correct.assign_member, correct.deny_member):
        with pytest.raises(PersonError, match="removed since"):
            await said(app, answer.id, face, hidden["Somebody"], MODERATOR)
    assert await annotations_of(app) == []


async def test_the_likeliest_candidates_are_kept_and_the_chosen_one(app: App) -> None:
    many = tuple(MemberCandidate(n, f"member {n}", 0.5 / n, "TWICE") for n in range(1, 61))
    answer = await asked(app, Guess(None, None, 0.5, ConfidenceBand.UNKNOWN, many))
    kept = answer.faces[0][1].guess.candidates
    assert [candidate.member for candidate in kept] == list(range(1, MAX_CANDIDATES + 1))
    assert kept[0].group_name == "TWICE"
    sixty = (await enrolled(app, SERVER, "SIXTY", *(f"member {n}" for n in range(1, 61))))["member 60"]
    answer = await asked(app, Guess(sixty, "member 60", 0.4, ConfidenceBand.UNSURE, many))
    kept = answer.faces[0][1].guess.candidates
    assert [candidate.member for candidate in kept] == [*range(1, MAX_CANDIDATES), 60]
