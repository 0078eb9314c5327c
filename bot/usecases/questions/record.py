"""The only writer of questions, with the faces of their pictures, and the crops that the server learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.questions import QuestionRepository, unsaved_answer
from bot.database.servers import ServerRepository
from bot.database.tables.questions import Question
from bot.domain.enums import FaceOrigin, teaches
from bot.domain.rosters import SHARED_ROSTER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database.crops import StoredCrop
    from bot.domain.answers import Answer
    from bot.domain.faces import IdentifiedPicture, UnreadableFile


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """A picture of a question: its file name and its result. `spoiler`: it was posted as one. `source`: its web page."""

    name: str
    result: IdentifiedPicture | UnreadableFile
    spoiler: bool = False
    source: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """A question to be written; the ids are those of `bot.database.tables.questions.Question`.

    `engine`: the engine's version. `rosters`: the servers whose rosters were searched. `only_in`: the age-restricted channel
    that alone may show the crops.
    """

    asker_id: int
    engine: str
    threshold: float
    rosters: Sequence[int]
    pictures: Sequence[PictureRecord]
    origin: FaceOrigin = FaceOrigin.ASKED
    server_id: int | None = None
    channel_id: int | None = None
    place_id: int | None = None
    source_message_id: int | None = None
    question_message_id: int | None = None
    card_message_id: int | None = None
    only_in: int | None = None


async def save_question(session: AsyncSession, record: QuestionRecord, stored: Mapping[bytes, StoredCrop]) -> Answer:
    """Write the question and return its answer.

    `stored`: the crops in the storage, by their JPEG. They are kept only if the server still learns from faces of this origin;
    its choice may have changed while a worker identified them.
    """
    question = _question(record)
    learns = (await ServerRepository(session).choices(record.server_id or SHARED_ROSTER)).learns
    answer = await QuestionRepository(session).add(
        question,
        [(picture.name, picture.result) for picture in record.pictures],
        stored if teaches(learns, record.origin) else {},
        spoilers=_spoilers(record),
        only_in=record.only_in,
    )
    for row, picture in zip(question.pictures, record.pictures, strict=True):
        row.source = picture.source
    return answer


def answer_without_saving(record: QuestionRecord) -> Answer:
    """The answer of a question that can't be written."""
    results = [(picture.name, picture.result) for picture in record.pictures]
    return unsaved_answer(_question(record), results, spoilers=_spoilers(record))


def _question(record: QuestionRecord) -> Question:
    return Question(
        server_id=record.server_id,
        channel_id=record.channel_id,
        place_id=record.place_id,
        source_message_id=record.source_message_id,
        question_message_id=record.question_message_id,
        card_message_id=record.card_message_id,
        asker_id=record.asker_id,
        origin=record.origin,
        engine=record.engine,
        threshold=record.threshold,
        rosters=list(record.rosters),
    )


def _spoilers(record: QuestionRecord) -> set[int]:
    """The positions of the pictures that were posted as spoilers."""
    return {place for place, picture in enumerate(record.pictures) if picture.spoiler}
