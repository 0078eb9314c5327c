"""The review queue: the most useful face first, never one face with two people, and each answered once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.app import App
from bot.clock import utc_now
from bot.database.crops import StoredCrop
from bot.database.labels import LabelRepository
from bot.database.questions import QuestionRepository
from bot.database.reviews import LEASE, ReviewRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.questions import Annotation, Question
from bot.database.tables.rosters import Photo
from bot.domain.corrections import Correction, CorrectionKind
from bot.domain.enums import AnnotationMeaning, FaceOrigin
from bot.domain.faces import FaceCrop, IdentifiedFace, IdentifiedPicture
from bot.domain.review_order import QueuedFace, sorted_for_review
from bot.domain.reviews import ReviewNote
from bot.domain.trust import Trust
from bot.errors import PersonError
from bot.usecases import review
from bot.usecases.questions import correct
from bot.usecases.questions.correct import Actor
from bot.usecases.review import NothingToReview, ReviewItem, ReviewPage
from models.faces import Box, ConfidenceBand, Guess, MemberCandidate
from tests.support.backups import whole_jpeg

SERVER = 7
MINA, MOMO = Actor(11, Trust.TRUSTED), Actor(12, Trust.TRUSTED)
FAN = Actor(13, Trust.MEMBER)
NAMED_SANA = Correction(CorrectionKind.MEMBER, "Sana", not_learned=(None,))


@pytest.fixture
async def sana(app: App) -> int:
    """The id of the one member."""
    async with app.database.writing() as session:
        group = await RosterRepository(session).add_group(SERVER, "TWICE")
        return (await RosterRepository(session).add_member(group.id, "Sana")).id


async def asked(app: App, crop: str, guess: Guess, *, server: int = SERVER) -> tuple[int, int]:
    """A question about one face; the question's id and the face's."""
    cut = FaceCrop(whole_jpeg(crop), 100, 2.0)
    await app.storage.put(f"crops/{server}/{crop}", cut.jpeg)
    question = Question(server_id=server, asker_id=FAN.id, engine="dlib-1", threshold=0.5, rosters=[server])
    async with app.database.writing() as session:
        seen = IdentifiedPicture(
            (9, 9), "TWICE", (IdentifiedFace(1, Box(0, 0, 9, 9), guess, b"1234", crop=cut),), b"", "dlib-1"
        )
        stored = {cut.jpeg: StoredCrop(cut, f"crops/{server}/{crop}", crop)}
        answer = await QuestionRepository(session).add(question, [("a.jpg", seen)], stored)
    return answer.id, answer.faces[0][1].id


def taken_for(member: int, confidence: float = 0.9) -> Guess:
    return Guess(member, "Sana", confidence, ConfidenceBand.SURE, (MemberCandidate(member, "Sana", confidence),))


def shown(page: ReviewPage) -> int | None:
    """The face on a page."""
    return page.content.face.face.id if isinstance(page.content, ReviewItem) else None


async def said(app: App) -> list[tuple[int, str | None]]:
    async with app.database.reading() as session:
        return [
            (annotation.author_id, annotation.name)
            for annotation in await session.scalars(select(Annotation).order_by(Annotation.id))
        ]


def waiting(
    face: int,
    member: int | None,
    confidence: float,
    origin: FaceOrigin = FaceOrigin.ASKED,
    *,
    suspected: bool = False,
    suggested: bool = False,
    skipped: int | None = None,
) -> QueuedFace:
    at = utc_now() + timedelta(seconds=skipped) if skipped is not None else None
    return QueuedFace(face, face, member, confidence, origin, suspected, suggested, at, None, None)


def test_what_is_most_worth_an_answer_comes_first() -> None:
    many, few = 1, 2
    faces = [
        waiting(1, many, 0.3, skipped=2),
        waiting(2, many, 0.3, skipped=1),
        waiting(3, None, 0.99),
        waiting(4, many, 0.9),
        waiting(5, many, 0.3),
        waiting(6, few, 0.8),
        waiting(7, few, 0.3),
        waiting(8, many, 0.99, suggested=True),
        waiting(9, many, 0.99, suspected=True),
    ]
    assert [one.face for one in sorted_for_review(faces, {many: 8, few: 1})] == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_gathered_members_take_turns() -> None:
    faces = [waiting(n, 1 + n // 3, 0.5 + n / 100, FaceOrigin.GATHERED) for n in range(6)]
    assert [one.member for one in sorted_for_review(faces, {1: 2, 2: 2})] == [1, 2, 1, 2, 1, 2]
    assert [one.member for one in sorted_for_review(faces, {1: 4, 2: 2})] == [2, 2, 1, 2, 1, 1]


async def test_many_reviewers_at_once_never_have_the_same_face(app: App, sana: int) -> None:
    faces = [(await asked(app, f"crop {n}", taken_for(sana)))[1] for n in range(4)]
    people = [Actor(n, Trust.TRUSTED) for n in range(1, 7)]
    pages = await asyncio.gather(*(review.next_page(app, SERVER, person) for person in people))
    assert sorted(face for page in pages if (face := shown(page))) == faces
    (first, second) = [page.content for page in pages if isinstance(page.content, NothingToReview)]
    assert (first.elsewhere, second.elsewhere) == (4, 4)
    mine = shown(pages[0])
    assert mine is not None
    assert shown(await review.next_page(app, SERVER, people[0])) == mine


async def test_a_lease_runs_out_and_is_renewed_by_looking(app: App, sana: int) -> None:
    await asked(app, "crop", taken_for(sana))
    begun = utc_now()

    async def has(person: Actor, after: timedelta) -> bool:
        async with app.database.writing() as session:
            return (await ReviewRepository(session, begun + after).reserve_next(SERVER, person.id)).face is not None

    assert await has(MINA, timedelta())
    assert not await has(MOMO, LEASE * 0.9)
    assert await has(MINA, LEASE * 0.9)
    assert not await has(MOMO, LEASE * 1.8)
    assert await has(MOMO, LEASE * 1.9)
    assert not await has(MINA, LEASE * 2)


async def test_two_answer_one_face_at_once(app: App, sana: int) -> None:
    _, face = await asked(app, "crop", taken_for(sana))
    pages = await asyncio.gather(*(review.confirm_member(app, SERVER, face, sana, person) for person in (MINA, MOMO)))
    notes = [page.note for page in pages]
    assert NAMED_SANA in notes
    assert ReviewNote.ANSWERED_BY_ANOTHER in notes
    assert len(await said(app)) == 1


async def test_a_button_is_pressed_twice(app: App, sana: int) -> None:
    _, face = await asked(app, "crop", taken_for(sana))
    _, other = await asked(app, "another", taken_for(sana))
    pages = [await review.confirm_member(app, SERVER, face, sana, MINA) for _ in range(2)]
    assert [shown(page) for page in pages] == [other, other]
    assert [page.note for page in pages] == [NAMED_SANA, ReviewNote.ANSWERED_BY_REVIEWER]
    await review.skip(app, SERVER, face, MINA)
    assert len(await said(app)) == 1


async def test_one_crop_is_asked_for_once(app: App, sana: int) -> None:
    _, first = await asked(app, "crop", taken_for(sana))
    _, again = await asked(app, "crop", taken_for(sana))
    page = await review.next_page(app, SERVER, MINA)
    assert isinstance(page.content, ReviewItem)
    assert (page.content.left, shown(page)) == (1, first)
    page = await review.confirm_member(app, SERVER, first, sana, MINA)
    assert shown(page) is None
    assert (await review.confirm_member(app, SERVER, again, sana, MOMO)).note == ReviewNote.ANSWERED_BY_ANOTHER


async def test_a_label_that_looks_wrong_is_asked_for_again(app: App, sana: int) -> None:
    question, face = await asked(app, "crop", taken_for(sana))
    await correct.confirm(app, question, MOMO)
    assert shown(await review.next_page(app, SERVER, MINA)) is None
    async with app.database.writing() as session:
        photos = (await session.scalars(select(Photo.id).where(Photo.face_id == face))).all()
        await LabelRepository(session).suspect(photos)
    page = await review.next_page(app, SERVER, MINA)
    assert isinstance(page.content, ReviewItem)
    assert page.content.face.suspected
    assert page.content.face.proposal == (sana, "Sana")
    assert shown(await review.confirm_member(app, SERVER, face, sana, MINA)) is None
    assert await said(app) == [(MOMO.id, "Sana"), (MINA.id, "Sana")]
    # Somebody vouched for it: it is not asked for a third time.
    async with app.database.writing() as session:
        await LabelRepository(session).suspect(photos)
    assert shown(await review.next_page(app, SERVER, MINA)) is None


async def test_a_label_that_somebody_contests_is_asked_for_again(app: App, sana: int) -> None:
    question, face = await asked(app, "crop", taken_for(sana))
    await correct.confirm(app, question, MOMO)
    await correct.assign_member(app, question, face, sana, FAN)
    assert shown(await review.next_page(app, SERVER, MINA)) is None
    await correct.mark_as_nobody(app, question, face, AnnotationMeaning.STRANGER, FAN)
    page = await review.next_page(app, SERVER, MINA)
    assert isinstance(page.content, ReviewItem)
    assert [annotation.meaning for annotation in page.content.face.suggestions] == [AnnotationMeaning.STRANGER]
    assert shown(await review.mark_as_nobody(app, SERVER, face, AnnotationMeaning.STRANGER, MINA)) is None


async def test_an_answer_is_undone_by_who_gave_it_unless_overruled(app: App, sana: int) -> None:
    question, face = await asked(app, "crop", taken_for(sana))
    await review.confirm_member(app, SERVER, face, sana, MINA)
    assert (await review.undo(app, SERVER, face, MOMO)).note == ReviewNote.NOTHING_TO_UNDO
    page = await review.undo(app, SERVER, face, MINA)
    assert (page.note, shown(page)) == (Correction(CorrectionKind.UNDONE), face)
    await review.confirm_member(app, SERVER, face, sana, MINA)
    await correct.mark_as_nobody(app, question, face, AnnotationMeaning.STRANGER, MOMO)
    assert (await review.undo(app, SERVER, face, MINA)).note == ReviewNote.NOTHING_TO_UNDO


@pytest.mark.parametrize("answer", ["yes", "no", "nobody"])
async def test_an_answer_about_a_label_that_looks_wrong_is_undone(app: App, sana: int, answer: str) -> None:
    question, face = await asked(app, "crop", taken_for(sana))
    await correct.confirm(app, question, MOMO)
    async with app.database.writing() as session:
        await LabelRepository(session).suspect((await session.scalars(select(Photo.id))).all())
    if answer == "yes":
        await review.confirm_member(app, SERVER, face, sana, MINA)
    elif answer == "no":
        await review.deny_member(app, SERVER, face, sana, MINA)
    else:
        await review.mark_as_nobody(app, SERVER, face, AnnotationMeaning.STRANGER, MINA)
    assert shown(await review.next_page(app, SERVER, MOMO)) is None
    page = await review.undo(app, SERVER, face, MINA)
    assert isinstance(page.content, ReviewItem)
    assert (page.note, page.content.face.face.id, page.content.face.suspected) == (
        Correction(CorrectionKind.UNDONE),
        face,
        True,
    )
    async with app.database.reading() as session:
        label = (await session.scalars(select(Photo))).one()
    assert (label.member_id, label.vouched_by) == (sana, None)


async def test_what_somebody_has_in_another_server_stays_theirs(app: App, sana: int) -> None:
    _, here = await asked(app, "crop", taken_for(sana))
    _, there = await asked(app, "crop", taken_for(sana), server=SERVER + 1)
    assert shown(await review.next_page(app, SERVER, MINA)) == here
    assert shown(await review.next_page(app, SERVER + 1, MINA)) == there
    assert shown(await review.next_page(app, SERVER, MOMO)) is None
    await review.close(app, SERVER + 1, MINA)
    assert shown(await review.next_page(app, SERVER, MOMO)) is None


async def test_a_label_that_looks_wrong_is_not_lost_among_newer_faces(
    app: App, sana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, face = await asked(app, "old", taken_for(sana))
    await correct.confirm(app, question, MOMO)
    async with app.database.writing() as session:
        await LabelRepository(session).suspect((await session.scalars(select(Photo.id))).all())
    await asked(app, "new", taken_for(sana))
    monkeypatch.setattr("bot.database.reviews.MAX_ORDERED", 1)
    assert shown(await review.next_page(app, SERVER, MINA)) == face


async def test_each_server_reviews_its_own(app: App, sana: int) -> None:
    _, elsewhere = await asked(app, "crop", taken_for(sana), server=SERVER + 1)
    page = await review.confirm_member(app, SERVER, elsewhere, sana, MINA)
    assert (page.note, shown(page)) == (ReviewNote.FACE_FORGOTTEN, None)
    assert await said(app) == []


async def test_fans_do_not_review(app: App, sana: int) -> None:
    _, face = await asked(app, "crop", taken_for(sana))
    for press in (
        review.next_page(app, SERVER, FAN),
        review.confirm_member(app, SERVER, face, sana, FAN),
        review.undo(app, SERVER, face, FAN),
    ):
        with pytest.raises(PersonError, match="trusted role"):
            await press
    assert await said(app) == []
