"""The annotations that deny a name to a face, or grant it again. Recognisers get them as vetoes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from bot.database.encodings import is_comparable, usual_length
from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture
from bot.database.tables.rosters import CropEncoding
from bot.domain.enums import AnnotationMeaning
from bot.domain.rosters import FaceFeedback

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncSession

MAX_ANNOTATIONS = 2000
"""Annotations that deny a name, and as many that grant one, the newest. Each denial is compared with each face of a picture."""


class VetoRepository:
    """Statements over annotations that deny or grant names, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def feedback(self, servers: Collection[int], engine: str) -> list[FaceFeedback]:
        """The annotations that count of faces in `servers`, oldest first, with the faces' encodings by `engine`.

        If another engine answered the question, or the face's encoding is damaged, it is that of the face's crop. A face
        without any is left out.
        """
        granted = Annotation.meaning == AnnotationMeaning.MEMBER
        corrected = and_(granted, QuestionFace.member_id.is_not(None), QuestionFace.member_id != Annotation.member_id)
        named = and_(granted, QuestionFace.member_id.is_not(None), Annotation.member_id.is_(None))
        denies = or_(Annotation.meaning != AnnotationMeaning.MEMBER, corrected, named)
        # An annotation that grants a name matters after one that denied it.
        grants = and_(granted, Annotation.member_id.is_not(None))
        rows = [*await self._rows(servers, engine, denies), *await self._rows(servers, engine, grants)]
        return [feedback for _, feedback in sorted(dict(rows).items())]

    async def _rows(
        self, servers: Collection[int], engine: str, condition: ColumnElement[bool]
    ) -> list[tuple[int, FaceFeedback]]:
        same = and_(Question.engine == engine, func.length(QuestionFace.vector) == usual_length(engine))
        seen = case((same, QuestionFace.vector))
        crop = case((is_comparable(engine), CropEncoding.vector))
        query = (
            select(Annotation.id, Annotation.meaning, Annotation.member_id, QuestionFace.member_id, seen, crop)
            .select_from(Annotation)
            .join(QuestionFace, Annotation.face_id == QuestionFace.id)
            .join(QuestionPicture)
            .join(Question)
            .outerjoin(CropEncoding, and_(CropEncoding.crop_id == QuestionFace.crop_id, CropEncoding.engine == engine))
            .where(
                Question.server_id.in_(servers), Annotation.counts.is_(True), Annotation.undone_at.is_(None), condition
            )
            .order_by(Annotation.id.desc())
            .limit(MAX_ANNOTATIONS)
        )
        rows = await self._session.execute(query)
        return [
            (annotation, _feedback(meaning, member, guessed, vector))
            for annotation, meaning, member, guessed, seen, of_crop in rows
            if (vector := seen or of_crop)
        ]


def _feedback(meaning: AnnotationMeaning, member: int | None, guessed: int | None, vector: bytes) -> FaceFeedback:
    match meaning:
        case AnnotationMeaning.MEMBER:
            return FaceFeedback(vector, grants=member, denies=guessed if guessed != member else None)
        case AnnotationMeaning.NOT_MEMBER:
            return FaceFeedback(vector, denies=member)
        case AnnotationMeaning.STRANGER | AnnotationMeaning.NOT_A_FACE:
            return FaceFeedback(vector, nobody=True)
