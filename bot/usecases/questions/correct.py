"""Corrections of an answer: confirm, name, deny, undo. Each annotation records its author, time and face."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.clock import utc_now
from bot.database.annotations import AnnotationInput, AnnotationRepository
from bot.database.lookup import require_member_by_id
from bot.database.questions import QuestionRepository
from bot.database.reviews import ReviewRepository
from bot.database.rosters import RosterRepository
from bot.database.training_set import TrainingSetRepository
from bot.domain.corrections import Correction, CorrectionKind
from bot.domain.enums import AnnotationMeaning
from bot.domain.places import Place
from bot.domain.trust import Trust
from bot.errors import ForgottenError, PersonError
from bot.text.names import checked_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.tables.rosters import Member
    from bot.domain.answers import Answer, AnsweredFace, AnsweredPicture
    from bot.domain.enums import NotLearnedReason


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who presses a button or sends a form, their trust at that time, the channel and the server: see `Place`."""

    id: int
    trust: Trust
    channel_id: int | None = None
    server_id: int | None = None

    @property
    def place(self) -> Place:
        """Where they act."""
        return Place(self.server_id, self.channel_id, self.id)

    @property
    def counts(self) -> bool:
        """Whether their annotations count at once. Those of others are suggestions."""
        return self.trust >= Trust.TRUSTED


@dataclass(frozen=True, slots=True)
class CorrectedAnswer:
    """An answer after a correction, and the result of the correction."""

    answer: Answer
    correction: Correction


NOBODY = {AnnotationMeaning.STRANGER: CorrectionKind.STRANGER, AnnotationMeaning.NOT_A_FACE: CorrectionKind.NOT_A_FACE}
"""The kinds of the corrections that name nobody."""


async def confirm(app: App, question_id: int, actor: Actor) -> CorrectedAnswer:
    """Confirm all names of an answer. Corrected faces keep their corrections. Raises PersonError where no name is left."""
    async with app.database.writing() as session:
        answer = await QuestionRepository(session).answer(question_id)
        inputs = [
            AnnotationInput(face.id, AnnotationMeaning.MEMBER, face.guess.member, face.guess.name)
            for _, face in answer.faces
            if face.guess.name is not None and face.annotation is None
        ]
        if not inputs:
            raise PersonError("There is no name here left to confirm.")
        return await _annotate(session, answer, inputs, actor, Correction(CorrectionKind.CONFIRMED))


async def assign_member(
    app: App, question_id: int, face_id: int, member_id: int, actor: Actor, *, deliberate: bool = False
) -> CorrectedAnswer:
    """Name a face as a member. `deliberate`: learn from it even if it is small or blurred.

    Raises PersonError if either is gone.
    """
    async with app.database.writing() as session:
        return await assign_member_in(session, question_id, face_id, member_id, actor, deliberate=deliberate)


async def assign_member_in(
    session: AsyncSession, question_id: int, face_id: int, member_id: int, actor: Actor, *, deliberate: bool = False
) -> CorrectedAnswer:
    """`assign_member` within a transaction."""
    answer = await QuestionRepository(session).answer(question_id)
    _, face = face_of(answer, face_id)
    member = await require_member_by_id(session, answer.rosters, member_id)
    given = AnnotationInput(face.id, AnnotationMeaning.MEMBER, member.id, member.name, deliberate)
    return await _annotate(session, answer, [given], actor, Correction(CorrectionKind.MEMBER, member.name))


async def assign_name(app: App, question_id: int, face_id: int, text: str, actor: Actor) -> CorrectedAnswer:
    """Name a face as the member called `text`, in any spelling; a name that no member has is kept as typed.

    Of several members of that name it is the one in the picture's group, else the likeliest. Raises PersonError for an invalid
    name.
    """
    name = checked_name(text)
    async with app.database.writing() as session:
        answer = await QuestionRepository(session).answer(question_id)
        picture, face = face_of(answer, face_id)
        given, correction = await name_annotation(session, answer.rosters, picture.group_name, face, name)
        return await _annotate(session, answer, [given], actor, correction)


async def mark_as_nobody(
    app: App, question_id: int, face_id: int, meaning: AnnotationMeaning, actor: Actor
) -> CorrectedAnswer:
    """State that a face is a stranger, or no face."""
    async with app.database.writing() as session:
        answer = await QuestionRepository(session).answer(question_id)
        _, face = face_of(answer, face_id)
        return await _annotate(session, answer, [AnnotationInput(face.id, meaning)], actor, Correction(NOBODY[meaning]))


async def deny_member(app: App, question_id: int, face_id: int, member_id: int, actor: Actor) -> CorrectedAnswer:
    """State that a face isn't this member. Raises PersonError where either is gone."""
    async with app.database.writing() as session:
        answer = await QuestionRepository(session).answer(question_id)
        _, face = face_of(answer, face_id)
        member = await require_member_by_id(session, answer.rosters, member_id)
        given = AnnotationInput(face.id, AnnotationMeaning.NOT_MEMBER, member.id, member.name)
        return await _annotate(session, answer, [given], actor, Correction(CorrectionKind.NOT_MEMBER, member.name))


async def undo(app: App, question_id: int, actor: Actor) -> CorrectedAnswer:
    """Undo the last effective annotations, all of one press. Raises PersonError for people without a trusted role."""
    if not actor.counts:
        raise PersonError("Only people with a trusted role can undo a correction.")
    async with app.database.writing() as session:
        faces = await AnnotationRepository(session).undo_last(question_id, actor.id)
        if not faces:
            raise PersonError("There is nothing left to undo.")
        await TrainingSetRepository(session).update_for(faces)
        return CorrectedAnswer(await QuestionRepository(session).answer(question_id), Correction(CorrectionKind.UNDONE))


async def name_annotation(
    session: AsyncSession, rosters: Collection[int], group: str | None, face: AnsweredFace, name: str
) -> tuple[AnnotationInput, Correction]:
    """The annotation of a face as the member called `name`, or as an unenrolled name, and its result.

    `rosters`: the servers whose members are searched. `group`: the name of the picture's group.
    """
    member = _likeliest_member(await RosterRepository(session).members_called(rosters, name), group, face)
    if member is None:
        return AnnotationInput(face.id, AnnotationMeaning.MEMBER, name=name), Correction(
            CorrectionKind.UNENROLLED, name
        )
    given = AnnotationInput(face.id, AnnotationMeaning.MEMBER, member.id, member.name)
    return given, Correction(CorrectionKind.MEMBER, member.name)


async def save_annotations(
    session: AsyncSession, inputs: Sequence[AnnotationInput], actor: Actor, *, again: bool = False
) -> None:
    """Write annotations as one batch. Effective ones change the training set. `again`: repeated ones too."""
    annotations = await AnnotationRepository(session).add(
        inputs, by=actor.id, trust=actor.trust, counts=actor.counts, again=again
    )
    if actor.counts:
        faces = [annotation.face_id for annotation in annotations]
        await TrainingSetRepository(session).update_for(faces)
        await ReviewRepository(session, utc_now()).mark_answered(faces, actor.id)


async def not_learned_reasons(
    session: AsyncSession, inputs: Sequence[AnnotationInput]
) -> tuple[NotLearnedReason | None, ...]:
    """For each annotation that names a member, the reason why nothing is learned from the face; None where something is."""
    named = [(given.face_id, given.member_id) for given in inputs if given.meaning is AnnotationMeaning.MEMBER]
    training_set = TrainingSetRepository(session)
    return tuple([await training_set.not_learned_reason(face, member) for face, member in named if member is not None])


def face_of(answer: Answer, face_id: int) -> tuple[AnsweredPicture, AnsweredFace]:
    """The face with this id, and its picture. Raises ForgottenError where the answer has no such face."""
    for picture, face in answer.faces:
        if face.id == face_id:
            return picture, face
    raise ForgottenError


async def _annotate(
    session: AsyncSession, answer: Answer, inputs: Sequence[AnnotationInput], actor: Actor, correction: Correction
) -> CorrectedAnswer:
    """Write annotations; returns the answer after them, and the correction with its effect on the training set."""
    await save_annotations(session, inputs, actor)
    if actor.counts:
        correction = replace(correction, not_learned=await not_learned_reasons(session, inputs))
    else:
        correction = Correction(CorrectionKind.SUGGESTED)
    return CorrectedAnswer(await QuestionRepository(session).answer(answer.id), correction)


def _likeliest_member(called: Sequence[Member], group: str | None, face: AnsweredFace) -> Member | None:
    """The member that a name means, of those called so; None without any. `group`: the name of the picture's group."""
    confidence = {candidate.member: candidate.confidence for candidate in face.guess.candidates}
    return max(called, key=lambda member: (member.group.name == group, confidence.get(member.id, 0.0)), default=None)
