"""The review: a trusted person sees one face at a time, and answers."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.clock import utc_now
from bot.database.annotations import AnnotationInput, AnnotationRepository
from bot.database.lookup import require_member_by_id
from bot.database.reviews import ReviewRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.training_set import TrainingSetRepository
from bot.domain.corrections import Correction, CorrectionKind
from bot.domain.enums import AnnotationMeaning, LearningPolicy
from bot.domain.reviews import ReviewNote
from bot.errors import ForgottenError, PersonError
from bot.text.names import checked_name
from bot.usecases.questions import crops
from bot.usecases.questions.correct import NOBODY, name_annotation, not_learned_reasons, save_annotations

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.domain.reviews import FaceInReview
    from bot.usecases.questions.correct import Actor

    Speech = Callable[[AsyncSession, FaceInReview], Awaitable[tuple[AnnotationInput, Correction]]]
    """The annotation of a face, and its result."""

log = logging.getLogger(__name__)

MAX_NEEDY_MEMBERS = 3
"""Members with the fewest photos that are named when no face is left."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A face for a reviewer, its crop as a JPEG, and the number of faces that wait, this one included."""

    face: FaceInReview
    crop: bytes
    left: int


@dataclass(frozen=True, slots=True)
class NothingToReview:
    """No face waits. `elsewhere`: the number of faces with other reviewers.

    `fewest`: (name, photos) of members with few photos. `confined`: other, age-restricted channels whose faces are reviewed
    only there.
    """

    elsewhere: int
    confined: tuple[int, ...]
    fewest: tuple[tuple[str, int], ...]
    learns: LearningPolicy


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The next view of a reviewer. `note`: the result of the last press. `undoable`: the id of the face that it was about."""

    content: ReviewItem | NothingToReview
    note: Correction | ReviewNote | None = None
    undoable: int | None = None


async def next_page(
    app: App,
    server_id: int,
    actor: Actor,
    note: Correction | ReviewNote | None = None,
    undoable: int | None = None,
) -> ReviewPage:
    """The face that the reviewer has, or the next one. It is reserved for the reviewer for a while."""
    _check(actor)
    while True:
        async with app.database.writing() as session:
            reviews = ReviewRepository(session, utc_now())
            taken = await reviews.reserve_next(server_id, actor.id, actor.channel_id)
            if taken.face is None:
                confined = [one for one in await reviews.confined_channels(server_id) if one != actor.channel_id]
                return ReviewPage(await _nothing_left(session, server_id, taken.elsewhere, confined), note, undoable)
            try:
                face = await reviews.read(server_id, taken.face)
            except ForgottenError:
                log.warning("the row of face %s is damaged, so it can't be reviewed", taken.face)
                await reviews.drop_lost_crop(taken.face)
                continue
        (crop,) = await crops.read(app, [face.crop_key])
        if crop is not None:
            return ReviewPage(ReviewItem(face, crop, taken.left), note, undoable)
        log.warning("%s is lost or damaged, so its face can't be reviewed", face.crop_key)
        async with app.database.writing() as session:
            await ReviewRepository(session, utc_now()).drop_lost_crop(taken.face)


async def confirm_member(
    app: App, server_id: int, face_id: int, member_id: int, actor: Actor, *, deliberate: bool = False
) -> ReviewPage:
    """Answer with a member. `deliberate`: learn from the face even if it is small or blurred."""

    async def speech(session: AsyncSession, shown: FaceInReview) -> tuple[AnnotationInput, Correction]:
        member = await require_member_by_id(session, shown.rosters, member_id)
        given = AnnotationInput(face_id, AnnotationMeaning.MEMBER, member.id, member.name, deliberate)
        return given, Correction(CorrectionKind.MEMBER, member.name)

    return await _answer(app, server_id, face_id, actor, speech)


async def deny_member(app: App, server_id: int, face_id: int, member_id: int, actor: Actor) -> ReviewPage:
    """Answer that the face isn't a member."""

    async def speech(session: AsyncSession, shown: FaceInReview) -> tuple[AnnotationInput, Correction]:
        member = await require_member_by_id(session, shown.rosters, member_id)
        given = AnnotationInput(face_id, AnnotationMeaning.NOT_MEMBER, member.id, member.name)
        return given, Correction(CorrectionKind.NOT_MEMBER, member.name)

    return await _answer(app, server_id, face_id, actor, speech)


async def assign_name(app: App, server_id: int, face_id: int, text: str, actor: Actor) -> ReviewPage:
    """Answer with a name, in any spelling of the rosters. Raises PersonError for an invalid name."""
    name = checked_name(text)

    async def speech(session: AsyncSession, shown: FaceInReview) -> tuple[AnnotationInput, Correction]:
        return await name_annotation(session, shown.rosters, shown.group_name, shown.face, name)

    return await _answer(app, server_id, face_id, actor, speech)


async def mark_as_nobody(
    app: App, server_id: int, face_id: int, meaning: AnnotationMeaning, actor: Actor
) -> ReviewPage:
    """Answer that the face is a stranger, or no face."""

    async def speech(_session: AsyncSession, _: FaceInReview) -> tuple[AnnotationInput, Correction]:
        return AnnotationInput(face_id, meaning), Correction(NOBODY[meaning])

    return await _answer(app, server_id, face_id, actor, speech)


async def show(app: App, server_id: int, face_id: int, actor: Actor) -> ReviewPage:
    """Show a face once more, unless it is answered or with another reviewer meanwhile; else the next."""
    _check(actor)
    note = None
    async with app.database.writing() as session:
        reviews = ReviewRepository(session, utc_now())
        if await reviews.is_waiting(server_id, face_id):
            await reviews.reserve(server_id, face_id, actor.id)
        elif not await reviews.exists(server_id, face_id):
            note = ReviewNote.FACE_FORGOTTEN
    return await next_page(app, server_id, actor, note)


async def skip(app: App, server_id: int, face_id: int, actor: Actor) -> ReviewPage:
    """Skip a face; it comes to this reviewer last."""
    _check(actor)
    async with app.database.writing() as session:
        reviews = ReviewRepository(session, utc_now())
        if await reviews.is_waiting(server_id, face_id):
            await reviews.skip(server_id, face_id, actor.id)
        here = await reviews.exists(server_id, face_id)
    return await next_page(app, server_id, actor, ReviewNote.SKIPPED if here else ReviewNote.FACE_FORGOTTEN)


async def undo(app: App, server_id: int, face_id: int, actor: Actor) -> ReviewPage:
    """Undo the reviewer's annotation of a face, and show the face again."""
    _check(actor)
    async with app.database.writing() as session:
        reviews = ReviewRepository(session, utc_now())
        note: Correction | ReviewNote = ReviewNote.NOTHING_TO_UNDO
        try:
            await reviews.read(server_id, face_id)
        except ForgottenError:
            note = ReviewNote.QUESTION_FORGOTTEN
        else:
            if await AnnotationRepository(session).undo_own(face_id, actor.id):
                await TrainingSetRepository(session).update_for([face_id])
                await reviews.reopen(server_id, face_id, actor.id)
                await reviews.reserve(server_id, face_id, actor.id)
                note = Correction(CorrectionKind.UNDONE)
    return await next_page(app, server_id, actor, note)


async def close(app: App, server_id: int, actor: Actor) -> None:
    """Release the faces that a reviewer has reserved in a server."""
    async with app.database.writing() as session:
        await ReviewRepository(session, utc_now()).release(server_id, actor.id)


async def _answer(app: App, server_id: int, face_id: int, actor: Actor, speech: Speech) -> ReviewPage:
    """Write the reviewer's annotation unless another reviewer was faster, and go on to the next face."""
    _check(actor)
    note: Correction | ReviewNote
    undoable = None
    async with app.database.writing() as session:
        reviews = ReviewRepository(session, utc_now())
        try:
            shown = await reviews.read(server_id, face_id)
        except ForgottenError:
            note = ReviewNote.FACE_FORGOTTEN
        else:
            if await reviews.is_waiting(server_id, face_id):
                given, correction = await speech(session, shown)
                await save_annotations(session, [given], actor, again=True)
                note = replace(correction, not_learned=await not_learned_reasons(session, [given]))
                undoable = face_id
            else:
                mine = shown.face.annotation is not None and shown.face.annotation.author_id == actor.id
                note = ReviewNote.ANSWERED_BY_REVIEWER if mine else ReviewNote.ANSWERED_BY_ANOTHER
                undoable = face_id if mine else None
    return await next_page(app, server_id, actor, note, undoable)


async def _nothing_left(
    session: AsyncSession, server_id: int, elsewhere: int, confined: Sequence[int]
) -> NothingToReview:
    counts = [(count.member, count.photos) for count in await RosterRepository(session).photo_counts([server_id])]
    members = sorted(((name, photos) for name, photos in counts if name is not None), key=lambda one: one[1])
    learns = (await ServerRepository(session).choices(server_id)).learns
    return NothingToReview(elsewhere, tuple(confined), tuple(members[:MAX_NEEDY_MEMBERS]), learns)


def _check(actor: Actor) -> None:
    if not actor.counts:
        raise PersonError("Only people with a trusted role may review.")
