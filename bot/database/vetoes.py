"""Whom faces were said not to be, and to be: what the remembered *no* is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, case, or_, select

from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture
from bot.database.tables.rosters import CropEncoding
from bot.domain.enums import Meaning
from bot.domain.rosters import FaceFeedback

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncSession

MOST_WORDS = 2000
"""The newest words that deny a name, and as many that grant one: each denial is compared with every face of a picture."""


class VetoRepository:
    """Statements over words that deny a name, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def feedback(self, servers: Collection[int], engine: str) -> list[FaceFeedback]:
        """What counts of the faces that were asked about in `servers`, oldest first, with their encodings by `engine`.

        A face that another engine encoded is known by its crop; one that neither is left for is passed over.
        """
        granted = Annotation.meaning == Meaning.MEMBER
        corrected = and_(granted, QuestionFace.member_id.is_not(None), QuestionFace.member_id != Annotation.member_id)
        named = and_(granted, QuestionFace.member_id.is_not(None), Annotation.member_id.is_(None))
        denies = or_(Annotation.meaning != Meaning.MEMBER, corrected, named)
        # A word that grants a name matters where that name was denied before.
        grants = and_(granted, Annotation.member_id.is_not(None))
        rows = [*await self._rows(servers, engine, denies), *await self._rows(servers, engine, grants)]
        return [feedback for _, feedback in sorted(dict(rows).items())]

    async def _rows(
        self, servers: Collection[int], engine: str, which: ColumnElement[bool]
    ) -> list[tuple[int, FaceFeedback]]:
        seen = case((Question.engine == engine, QuestionFace.vector), else_=CropEncoding.vector)
        query = (
            select(Annotation.id, Annotation.meaning, Annotation.member_id, QuestionFace.member_id, seen)
            .select_from(Annotation)
            .join(QuestionFace, Annotation.face_id == QuestionFace.id)
            .join(QuestionPicture)
            .join(Question)
            .outerjoin(CropEncoding, and_(CropEncoding.crop_id == QuestionFace.crop_id, CropEncoding.engine == engine))
            .where(Question.server_id.in_(servers), Annotation.counts.is_(True), Annotation.undone_at.is_(None), which)
            .order_by(Annotation.id.desc())
            .limit(MOST_WORDS)
        )
        rows = await self._session.execute(query)
        return [(id, _feedback(meaning, said, guess, vector)) for id, meaning, said, guess, vector in rows if vector]


def _feedback(meaning: Meaning, said: int | None, guess: int | None, vector: bytes) -> FaceFeedback:
    match meaning:
        case Meaning.MEMBER:
            return FaceFeedback(vector, grants=said, denies=guess if guess != said else None)
        case Meaning.NOT_MEMBER:
            return FaceFeedback(vector, denies=said)
        case Meaning.STRANGER | Meaning.NOT_A_FACE:
            return FaceFeedback(vector, nobody=True)
