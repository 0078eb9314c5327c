"""Questions, what was answered, and what people said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from bot.answers import Answer, AnsweredFace, AnsweredPicture, Band, Candidate, Guess, SaidWord
from bot.database.tables import Question, QuestionFace, QuestionPicture, Word, utc_now
from bot.jobs import Identified
from models.faces import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.jobs import Refused, SeenFace
    from bot.trust import Trust
    from bot.words import Meaning


class Questions:
    """Statements over questions and the words about their faces, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, question: Question, results: Sequence[tuple[str, Identified | Refused]]) -> Answer:
        """Keep a question with the result of each of its pictures, `(file name, result)`."""
        question.pictures = [_picture(position, *named) for position, named in enumerate(results)]
        self._session.add(question)
        await self._session.flush()
        return await self.answer(question.id)

    async def answer(self, question_id: int) -> Answer:
        """The answer to a question as it stands now; raises LookupError where there is no such question."""
        query = (
            select(Question)
            .where(Question.id == question_id)
            .options(
                selectinload(Question.pictures).selectinload(QuestionPicture.faces).selectinload(QuestionFace.words)
            )
            .execution_options(populate_existing=True)
        )
        question = (await self._session.scalars(query)).one_or_none()
        if question is None:
            raise LookupError(f"no question {question_id}")
        return Answer(
            id=question.id,
            server_id=question.server_id,
            asker_id=question.asker_id,
            engine=question.engine,
            threshold=question.threshold,
            pictures=tuple(_answered(picture) for picture in question.pictures),
        )

    async def question_of(self, face_id: int) -> int | None:
        """The id of the question that a face belongs to."""
        query = select(QuestionPicture.question_id).join(QuestionFace).where(QuestionFace.id == face_id)
        return (await self._session.scalars(query)).first()

    async def say(
        self,
        face_id: int,
        meaning: Meaning,
        *,
        member_id: int | None,
        name: str | None,
        by: int,
        trust: Trust,
        counts: bool,
    ) -> Word:
        """Keep a word about a face."""
        word = Word(
            face_id=face_id,
            meaning=meaning,
            member_id=member_id,
            name=name,
            said_by=by,
            trust=trust.value,
            counts=counts,
        )
        self._session.add(word)
        await self._session.flush()
        return word

    async def last_counting_word(self, question_id: int) -> Word | None:
        """The newest word that counts about any face of a question."""
        query = (
            select(Word)
            .join(QuestionFace)
            .join(QuestionPicture)
            .where(QuestionPicture.question_id == question_id, Word.counts.is_(True), Word.undone_at.is_(None))
            .order_by(Word.id.desc())
        )
        return (await self._session.scalars(query)).first()

    async def undo(self, word_id: int, by: int) -> bool:
        """Take a word back; False when somebody did already."""
        taken_back = await self._session.scalars(
            update(Word)
            .where(Word.id == word_id, Word.undone_at.is_(None))
            .values(undone_at=utc_now(), undone_by=by)
            .returning(Word.id)
        )
        return taken_back.first() is not None

    async def hide(self, question_id: int) -> None:
        """Remember that the card was taken away."""
        await self._session.execute(
            update(Question).where(Question.id == question_id, Question.hidden_at.is_(None)).values(hidden_at=utc_now())
        )

    async def servers_asked_in(self, asker_id: int, limit: int) -> list[int]:
        """The servers in which a person asked something, the latest first."""
        query = select(Question.server_id).where(Question.asker_id == asker_id, Question.server_id.is_not(None))
        found = await self._session.scalars(query.order_by(Question.id.desc()).limit(100))
        return list(dict.fromkeys(server for server in found if server is not None))[:limit]


def _picture(position: int, name: str, result: Identified | Refused) -> QuestionPicture:
    if not isinstance(result, Identified):
        return QuestionPicture(position=position, name=name, refusal=result.sentence, faces=[])
    width, height = result.size
    return QuestionPicture(
        position=position,
        name=name,
        width=width,
        height=height,
        group_name=result.group_name,
        faces=[_face(face) for face in result.faces],
    )


def _face(face: SeenFace) -> QuestionFace:
    guess = face.guess
    return QuestionFace(
        number=face.number,
        box=face.box.as_list(),
        vector=face.vector,
        member_id=guess.member,
        name=guess.name,
        confidence=guess.confidence,
        band=guess.band.value,
        candidates=[[c.member, c.name, round(c.confidence, 6)] for c in guess.candidates],
        words=[],
    )


def _answered(picture: QuestionPicture) -> AnsweredPicture:
    return AnsweredPicture(
        position=picture.position,
        name=picture.name,
        size=(picture.width, picture.height) if picture.width and picture.height else None,
        group_name=picture.group_name,
        refusal=picture.refusal,
        faces=tuple(_answered_face(face) for face in picture.faces),
    )


def _answered_face(face: QuestionFace) -> AnsweredFace:
    counting: list[Any] = [word for word in face.words if word.counts and word.undone_at is None]
    last = counting[-1] if counting else None
    guess = Guess(
        member=face.member_id,
        name=face.name,
        confidence=face.confidence,
        band=Band(face.band),
        candidates=tuple(Candidate(*candidate) for candidate in face.candidates),
    )
    word = SaidWord(last.id, last.meaning, last.name, last.said_by) if last else None
    return AnsweredFace(face.id, face.number, Box(*face.box), guess, word)
