"""Annotations of faces: add them, undo them, and find the effective one of a face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select, update

from bot.clock import utc_now
from bot.database.tables.questions import Annotation, QuestionFace, QuestionPicture
from bot.domain.answers import FaceAnnotation
from bot.domain.enums import AnnotationMeaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.domain.trust import Trust


@dataclass(frozen=True, slots=True)
class AnnotationInput:
    """A new annotation of a face.

    `member_id`, `name`: the member that the face shows, or doesn't show; a member who isn't enrolled has a name alone.
    `deliberate`: the face is learned from though it is small or blurred.
    """

    face_id: int
    meaning: AnnotationMeaning
    member_id: int | None = None
    name: str | None = None
    deliberate: bool = False


class AnnotationRepository:
    """Statements over annotations, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self, inputs: Sequence[AnnotationInput], *, by: int, trust: Trust, counts: bool, again: bool = False
    ) -> Sequence[Annotation]:
        """Add a person's annotations of several faces as a batch, which is undone as a whole; returns the added ones.

        A repetition of the person's last annotation is left out unless `again`. So is a suggestion that agrees with the
        effective annotation.
        """
        faces = [given.face_id for given in inputs]
        query = select(Annotation).where(Annotation.face_id.in_(faces), Annotation.undone_at.is_(None))
        earlier: dict[int, list[Annotation]] = {face: [] for face in faces}
        for annotation in await self._session.scalars(query.order_by(Annotation.id)):
            earlier[annotation.face_id].append(annotation)
        batch = uuid4().hex
        annotations: list[Annotation] = []
        for given in inputs:
            effective = effective_annotation(earlier[given.face_id])
            # An annotation that counts replaces anybody's; a suggestion replaces the same person's alone.
            replaceable = [
                annotation
                for annotation in earlier[given.face_id]
                if annotation.counts is counts and (counts or annotation.author_id == by)
            ]
            last = replaceable[-1] if replaceable else None
            replaced = effective if counts else last
            repeats = any(_repeats(annotation, given, by) for annotation in (last, replaced))
            if not again and (repeats or (not counts and _agrees(effective, given))):
                continue
            if given.meaning is AnnotationMeaning.NOT_MEMBER and counts and not _takes_back(given, effective):
                replaced = None
            annotations.append(
                Annotation(
                    face_id=given.face_id,
                    batch=batch,
                    meaning=given.meaning,
                    member_id=given.member_id,
                    name=given.name,
                    author_id=by,
                    trust=trust.value,
                    counts=counts,
                    replaces_id=replaced.id if replaced is not None else None,
                    deliberate=given.deliberate,
                )
            )
        self._session.add_all(annotations)
        await self._session.flush()
        return annotations

    async def undo_last(self, question_id: int, by: int) -> Sequence[int]:
        """Undo the latest batch of a question's annotations that count; returns the ids of their faces."""
        last = (
            select(Annotation.batch)
            .join(QuestionFace)
            .join(QuestionPicture)
            .where(
                QuestionPicture.question_id == question_id, Annotation.counts.is_(True), Annotation.undone_at.is_(None)
            )
            .order_by(Annotation.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        undone = await self._session.scalars(
            update(Annotation)
            .where(Annotation.batch == last, Annotation.undone_at.is_(None))
            .values(undone_at=utc_now(), undone_by=by)
            .returning(Annotation.face_id)
            .execution_options(synchronize_session=False)
        )
        return undone.all()

    async def undo_own(self, face_id: int, by: int) -> bool:
        """Undo the last annotation of a face that counts, if this person made it; returns whether they did."""
        query = select(Annotation).where(
            Annotation.face_id == face_id, Annotation.counts.is_(True), Annotation.undone_at.is_(None)
        )
        last = (await self._session.scalars(query.order_by(Annotation.id.desc()).limit(1))).one_or_none()
        if last is None or last.author_id != by:
            return False
        last.undone_at, last.undone_by = utc_now(), by
        await self._session.flush()
        return True


def effective_annotation(annotations: Sequence[Annotation]) -> Annotation | None:
    """The annotation of a face that counts: the latest one that is no suggestion and is not undone.

    `annotations`: those of the face, the oldest first. After a denial of one member, an earlier annotation still counts,
    unless it names that member.
    """
    effective: Annotation | None = None
    for annotation in annotations:
        if not annotation.counts or annotation.undone_at is not None:
            continue
        if annotation.meaning is AnnotationMeaning.NOT_MEMBER and not _takes_back(annotation, effective):
            continue
        effective = annotation
    return effective


def face_annotation(annotation: Annotation) -> FaceAnnotation:
    """The annotation as cards show it."""
    return FaceAnnotation(
        annotation.id, annotation.meaning, annotation.name, annotation.author_id, annotation.member_id
    )


def _takes_back(denial: Annotation | AnnotationInput, annotation: Annotation | None) -> bool:
    """Whether the denial of a member replaces `annotation`: None, another denial, or one that names that member."""
    if annotation is None or annotation.meaning is AnnotationMeaning.NOT_MEMBER:
        return True
    if annotation.meaning is not AnnotationMeaning.MEMBER:
        return False
    # A removed member has a name alone.
    return denial.member_id == annotation.member_id and (denial.member_id is not None or denial.name == annotation.name)


def _repeats(annotation: Annotation | None, given: AnnotationInput, by: int) -> bool:
    """Whether this person made `annotation`, with the content of `given`."""
    if annotation is None or annotation.author_id != by:
        return False
    return given.deliberate == annotation.deliberate and _agrees(annotation, given)


def _agrees(annotation: Annotation | None, given: AnnotationInput) -> bool:
    """Whether both have the same meaning."""
    if annotation is None:
        return False
    return (given.meaning, given.member_id, given.name) == (annotation.meaning, annotation.member_id, annotation.name)
