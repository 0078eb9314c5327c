"""Questions with their pictures and faces, and the answers that cards show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import selectinload

from bot.clock import utc_now
from bot.database.annotations import effective_annotation, face_annotation
from bot.database.crops import CropRepository
from bot.database.quotas import QuotaRepository
from bot.database.tables.clips import ClipJob
from bot.database.tables.columns import known
from bot.database.tables.questions import Question, QuestionFace, QuestionPicture
from bot.database.tables.rosters import Member
from bot.domain.answers import (
    MAX_CANDIDATES,
    UNSAVED_ID,
    Answer,
    AnsweredFace,
    AnsweredPicture,
    CardlessQuestion,
)
from bot.domain.enums import FaceOrigin
from bot.domain.faces import IdentifiedPicture
from bot.domain.quotas import Quota
from bot.errors import ForgottenError
from models.faces import Box, ConfidenceBand, FaceFlaw, Guess, GuessBasis, MemberCandidate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database.crops import StoredCrop
    from bot.database.tables.rosters import Crop
    from bot.domain.faces import IdentifiedFace, UnreadableFile


class QuestionRepository:
    """Statements over questions, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self,
        question: Question,
        results: Sequence[tuple[str, IdentifiedPicture | UnreadableFile]],
        crops: Mapping[bytes, StoredCrop],
        *,
        spoilers: Collection[int] = (),
        only_in: int | None = None,
    ) -> Answer:
        """Add a question with the result of each of its pictures, `(file name, result)`.

        `crops`: the stored crops by their JPEG. `spoilers`: the positions of pictures that were posted as spoilers.
        `only_in`: the only channel that may show the crops; None: any channel. Raises QuotaError where photos that were
        submitted or gathered have no room for their crops; other questions do without.
        """
        _fill(question, results, spoilers)
        faces = [face for picture in question.pictures for face in picture.faces]
        named = {face.member_id for face in faces if face.member_id is not None}
        existing = set(await self._session.scalars(select(Member.id).where(Member.id.in_(named))))
        for face in faces:
            # A member who was removed while a worker identified the face stays in the answer by name.
            face.member_id = face.member_id if face.member_id in existing else None
        self._session.add(question)
        await self._session.flush()
        for picture, (_, result) in zip(question.pictures, results, strict=True):
            if isinstance(result, IdentifiedPicture):
                for face, seen in zip(picture.faces, result.faces, strict=True):
                    crop = await self._add_crop(question, face, seen, crops)
                    if crop is not None and (picture.spoiler or only_in is not None):
                        await CropRepository(self._session).confine(crop, only_in, spoiler=picture.spoiler)
        await self._session.flush()
        return await self.answer(question.id)

    async def answer(self, question_id: int) -> Answer:
        """The answer to a question as it is now. Raises ForgottenError for a question that is gone."""
        query = (
            select(Question)
            .where(Question.id == question_id)
            .options(
                selectinload(Question.pictures)
                .selectinload(QuestionPicture.faces)
                .selectinload(QuestionFace.annotations)
            )
            .execution_options(populate_existing=True)
        )
        question = (await self._session.scalars(query)).one_or_none()
        if question is None:
            raise ForgottenError
        return _answer(question)

    async def _add_crop(
        self, question: Question, face: QuestionFace, seen: IdentifiedFace, crops: Mapping[bytes, StoredCrop]
    ) -> Crop | None:
        if question.server_id is None or seen.crop is None or seen.crop.jpeg not in crops:
            return None
        stored = crops[seen.crop.jpeg]
        quotas, size = QuotaRepository(self._session), len(seen.crop.jpeg)
        if question.origin is FaceOrigin.ASKED and not await quotas.has_room(
            question.server_id, Quota.CROP_BYTES, size
        ):
            # The answer needs no crop; only learning does.
            await quotas.report_full(question.server_id, Quota.CROP_BYTES)
            return None
        crop = await CropRepository(self._session).add(question.server_id, stored, seen.vector, question.engine)
        face.crop_id = crop.id
        return crop

    async def save_card(self, question_id: int, card_id: int) -> None:
        """Remember the message of the question's card."""
        await self._session.execute(update(Question).where(Question.id == question_id).values(card_message_id=card_id))

    async def without_card(self, since: datetime) -> list[CardlessQuestion]:
        """The questions by message that were asked since then, whose card isn't known. A clip is its question's card."""
        of_clip = select(ClipJob.id).where(ClipJob.question_id == Question.id).exists()
        query = select(Question.id, Question.server_id, Question.channel_id, Question.question_message_id).where(
            Question.asked_at >= since,
            Question.origin == FaceOrigin.ASKED,
            Question.card_message_id.is_(None),
            Question.hidden_at.is_(None),
            ~of_clip,
        )
        rows = await self._session.execute(query.order_by(Question.id))
        return [
            CardlessQuestion(question_id, server_id, channel_id, message_id)
            for question_id, server_id, channel_id, message_id in rows
            if channel_id is not None and message_id is not None
        ]

    async def save_drawn_names(self, answer: Answer) -> None:
        """Remember that the card's pictures show the names of this answer."""
        for _, face in answer.faces:
            drawn = update(QuestionFace).where(QuestionFace.id == face.id).values(drawn=face.name)
            await self._session.execute(drawn.execution_options(synchronize_session=False))

    async def hide(self, question_id: int) -> None:
        """Remember that somebody hid the card."""
        await self._session.execute(
            update(Question).where(Question.id == question_id, Question.hidden_at.is_(None)).values(hidden_at=utc_now())
        )

    async def servers_asked_in(self, asker_id: int) -> list[int]:
        """The servers in which a person asked questions, the one with the latest question first."""
        query = select(Question.server_id).where(Question.asker_id == asker_id, Question.server_id.is_not(None))
        latest = query.group_by(Question.server_id).order_by(func.max(Question.id).desc())
        return [server for server in await self._session.scalars(latest) if server is not None]


def unsaved_answer(
    question: Question,
    results: Sequence[tuple[str, IdentifiedPicture | UnreadableFile]],
    *,
    spoilers: Collection[int] = (),
) -> Answer:
    """The answer of a question that no database has, as `QuestionRepository.add` would return it; its ids are `UNKEPT`."""
    _fill(question, results, spoilers)
    question.id = UNSAVED_ID
    for picture in question.pictures:
        for face in picture.faces:
            face.id = UNSAVED_ID
    return _answer(question)


def _fill(
    question: Question, results: Sequence[tuple[str, IdentifiedPicture | UnreadableFile]], spoilers: Collection[int]
) -> None:
    """Give a question its pictures with their faces."""
    question.pictures = [_picture(position, *result) for position, result in enumerate(results)]
    for picture in question.pictures:
        picture.spoiler = picture.position in spoilers


def _answer(question: Question) -> Answer:
    return Answer(
        id=question.id,
        server_id=question.server_id,
        channel_id=question.channel_id,
        place_id=question.place_id,
        source_message_id=question.source_message_id,
        asker_id=question.asker_id,
        engine=question.engine,
        threshold=question.threshold,
        rosters=tuple(question.rosters),
        pictures=tuple(_answered(picture) for picture in question.pictures),
    )


def _picture(position: int, name: str, result: IdentifiedPicture | UnreadableFile) -> QuestionPicture:
    if not isinstance(result, IdentifiedPicture):
        return QuestionPicture(position=position, name=name, refusal=str(result.message), faces=[])
    width, height = result.size
    return QuestionPicture(
        position=position,
        name=name,
        width=width,
        height=height,
        group_name=result.group_name,
        faces=[_face(face) for face in result.faces],
        left_out=result.left_out,
    )


def _face(face: IdentifiedFace) -> QuestionFace:
    guess = face.guess
    return QuestionFace(
        number=face.number,
        box=face.box.as_list(),
        vector=face.vector,
        member_id=guess.member,
        name=guess.name,
        drawn=guess.name,
        confidence=guess.confidence,
        band=guess.band.value,
        candidates=[[c.member, c.name, round(c.confidence, 6), c.group_name] for c in _likeliest(guess)],
        flaws=[flaw.value for flaw in face.flaws],
        basis=guess.basis.value,
        annotations=[],
    )


def _likeliest(guess: Guess) -> Sequence[MemberCandidate]:
    """The likeliest candidates, `MAX_CANDIDATES` at most, and the guessed one among them in any case."""
    kept, rest = guess.candidates[:MAX_CANDIDATES], guess.candidates[MAX_CANDIDATES:]
    chosen = [candidate for candidate in rest if candidate.member == guess.member]
    return [*kept[: MAX_CANDIDATES - len(chosen)], *chosen]


def _answered(picture: QuestionPicture) -> AnsweredPicture:
    return AnsweredPicture(
        position=picture.position,
        name=picture.name,
        size=(picture.width, picture.height) if picture.width and picture.height else None,
        group_name=picture.group_name,
        refusal=picture.refusal,
        faces=tuple(answered_face(face) for face in picture.faces if is_readable(face)),
        spoiler=picture.spoiler,
        left_out=picture.left_out,
    )


def is_readable(face: QuestionFace) -> bool:
    """Whether a face has a box. One whose row is damaged is on no card."""
    return len(face.box) == 4 and all(isinstance(side, int) for side in face.box)


def answered_face(face: QuestionFace) -> AnsweredFace:
    """A face as cards show it. Its annotations are loaded."""
    last = effective_annotation(face.annotations)
    guess = Guess(
        member=face.member_id,
        name=face.name,
        confidence=face.confidence,
        band=known(face.band, ConfidenceBand.UNKNOWN),
        candidates=tuple(MemberCandidate(*candidate) for candidate in face.candidates if len(candidate) in (3, 4)),
        basis=known(face.basis, GuessBasis.FACE),
    )
    annotation = face_annotation(last) if last else None
    flaws = tuple(flaw for flaw in FaceFlaw if flaw in face.flaws)
    return AnsweredFace(face.id, face.number, Box(*face.box), guess, annotation, flaws, face.drawn)
