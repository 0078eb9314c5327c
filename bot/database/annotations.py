"""Annotations of faces: kept as people make them, undone, and the one of each face that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select, update

from bot.database.base import utc_now
from bot.database.tables.questions import Annotation, QuestionFace, QuestionPicture
from bot.domain.answers import FaceAnnotation
from bot.domain.enums import Meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.domain.trust import Trust


@dataclass(frozen=True, slots=True)
class AnnotationInput:
    """A new annotation of a face: it is a member, enrolled or known by name alone, isn't one, is a stranger or no face.

    `deliberate`: the face is learned from though it is small or blurred.
    """

    face_id: int
    meaning: Meaning
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
        """Keep a person's annotations of several faces, which are undone together; returns those that were kept.

        A repetition of the person's last annotation is left out unless `again`. So is a suggestion that agrees with the
        effective annotation.
        """
        faces = [given.face_id for given in inputs]
        query = select(Annotation).where(Annotation.face_id.in_(faces), Annotation.undone_at.is_(None))
        said: dict[int, list[Annotation]] = {face: [] for face in faces}
        for annotation in await self._session.scalars(query.order_by(Annotation.id)):
            said[annotation.face_id].append(annotation)
        utterance = uuid4().hex
        annotations: list[Annotation] = []
        for given in inputs:
            effective = effective_annotation(said[given.face_id])
            # An annotation that counts replaces anybody's; a suggestion replaces the same person's alone.
            before = [one for one in said[given.face_id] if one.counts is counts and (counts or one.said_by == by)]
            last = before[-1] if before else None
            replaced = effective if counts else last
            repeats = any(_repeats(annotation, given, by) for annotation in (last, replaced))
            if not again and (repeats or (not counts and _agrees(effective, given))):
                continue
            if given.meaning is Meaning.NOT_MEMBER and counts and not _takes_back(given, effective):
                replaced = None
            annotations.append(
                Annotation(
                    face_id=given.face_id,
                    utterance=utterance,
                    meaning=given.meaning,
                    member_id=given.member_id,
                    name=given.name,
                    said_by=by,
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
        """Undo the latest press that counts about a question, with all its annotations; returns the ids of their faces."""
        last = (
            select(Annotation.utterance)
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
            .where(Annotation.utterance == last, Annotation.undone_at.is_(None))
            .values(undone_at=utc_now(), undone_by=by)
            .returning(Annotation.face_id)
            .execution_options(synchronize_session=False)
        )
        return undone.all()

    async def undo_own(self, face_id: int, by: int) -> bool:
        """Undo a person's annotation of a face unless another one has counted since; returns whether there was one."""
        query = select(Annotation).where(
            Annotation.face_id == face_id, Annotation.counts.is_(True), Annotation.undone_at.is_(None)
        )
        last = (await self._session.scalars(query.order_by(Annotation.id.desc()).limit(1))).one_or_none()
        if last is None or last.said_by != by:
            return False
        last.undone_at, last.undone_by = utc_now(), by
        await self._session.flush()
        return True


def effective_annotation(annotations: Sequence[Annotation]) -> Annotation | None:
    """The annotation of one face that counts: the latest that neither is a suggestion nor was undone.

    `annotations`: those of the face, the oldest first. A denial of one member leaves an earlier annotation in effect, unless
    that names the same member.
    """
    effective: Annotation | None = None
    for annotation in annotations:
        if not annotation.counts or annotation.undone_at is not None:
            continue
        if annotation.meaning is Meaning.NOT_MEMBER and not _takes_back(annotation, effective):
            continue
        effective = annotation
    return effective


def face_annotation(annotation: Annotation) -> FaceAnnotation:
    """The annotation as cards show it."""
    return FaceAnnotation(annotation.id, annotation.meaning, annotation.name, annotation.said_by, annotation.member_id)


def _takes_back(denial: Annotation | AnnotationInput, annotation: Annotation | None) -> bool:
    """Whether the denial of a member replaces `annotation`: there is none, it is a denial too, or it names that member."""
    if annotation is None or annotation.meaning is Meaning.NOT_MEMBER:
        return True
    if annotation.meaning is not Meaning.MEMBER:
        return False
    # A member who was removed is known by name alone.
    return denial.member_id == annotation.member_id and (denial.member_id is not None or denial.name == annotation.name)


def _repeats(annotation: Annotation | None, given: AnnotationInput, by: int) -> bool:
    """Whether the same person made `annotation` with the content of `given`."""
    if annotation is None or annotation.said_by != by:
        return False
    return given.deliberate == annotation.deliberate and _agrees(annotation, given)


def _agrees(annotation: Annotation | None, given: AnnotationInput) -> bool:
    """Whether both mean the same."""
    if annotation is None:
        return False
    return (given.meaning, given.member_id, given.name) == (annotation.meaning, annotation.member_id, annotation.name)
