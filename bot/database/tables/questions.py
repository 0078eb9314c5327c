"""Questions, the faces in their pictures, and annotations of these faces."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.clock import utc_now
from bot.database.tables.base import NEVER_REUSED, Base
from bot.database.tables.columns import EncodingType, OutsideText
from bot.domain.enums import AnnotationMeaning, FaceOrigin


class Question(Base):
    """Pictures with faces to be named: asked about, submitted by a moderator, or gathered.

    `source_message_id`: the message with the pictures. `question_message_id`: the message that asks, the same one or a reply.
    `card_message_id`: the message with the card. `channel_id`: the channel or thread of the source message. `place_id`: the
    channel itself, or the thread's parent. Each is None if it doesn't exist or isn't known. `engine`: the engine's version.
    `rosters`: the servers whose rosters were searched.
    """

    __tablename__ = "question"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    channel_id: Mapped[int | None] = mapped_column(BigInteger)
    place_id: Mapped[int | None] = mapped_column(BigInteger)
    source_message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    question_message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    card_message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    asker_id: Mapped[int] = mapped_column(BigInteger, index=True)
    origin: Mapped[FaceOrigin] = mapped_column(default=FaceOrigin.ASKED)
    engine: Mapped[str] = mapped_column(String(50))
    threshold: Mapped[float]
    rosters: Mapped[list[Any]]
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    hidden_at: Mapped[datetime | None]

    pictures: Mapped[list[QuestionPicture]] = relationship(order_by="QuestionPicture.position", passive_deletes=True)


class QuestionPicture(Base):
    """A picture of a question.

    `refusal`: the reason why it could not be read. `source`: the page that it was gathered from. `spoiler`: it was posted as
    a spoiler, so cards show it covered. `left_out`: the number of faces without a row, smaller than the others.
    """

    __tablename__ = "question_picture"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(OutsideText(300))
    refusal: Mapped[str | None] = mapped_column(OutsideText)
    source: Mapped[str | None] = mapped_column(OutsideText)
    spoiler: Mapped[bool] = mapped_column(default=False)
    width: Mapped[int | None]
    height: Mapped[int | None]
    group_name: Mapped[str | None] = mapped_column(String(100))
    left_out: Mapped[int] = mapped_column(default=0)

    faces: Mapped[list[QuestionFace]] = relationship(order_by="QuestionFace.number", passive_deletes=True)


class QuestionFace(Base):
    """A face of a question, with its guess (`member_id` to `candidates`, `basis`).

    `drawn`: the name on the card's picture. `crop_id`: None if the server doesn't learn from such faces, and after the crop
    was forgotten. `held_by`: the person who reviews it until `held_until`. `suspected`: its label looks wrong, so it is
    reviewed again.
    """

    __tablename__ = "question_face"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    picture_id: Mapped[int] = mapped_column(ForeignKey("question_picture.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    box: Mapped[list[Any]]
    vector: Mapped[bytes] = mapped_column(EncodingType)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    name: Mapped[str | None] = mapped_column(String(100))
    drawn: Mapped[str | None] = mapped_column(String(100))
    confidence: Mapped[float]
    band: Mapped[str] = mapped_column(String(10))
    candidates: Mapped[list[Any]]
    flaws: Mapped[list[Any]] = mapped_column(default=list)
    crop_id: Mapped[int | None] = mapped_column(ForeignKey("crop.id", ondelete="SET NULL"), index=True)
    basis: Mapped[str] = mapped_column(String(12), default="face")
    held_by: Mapped[int | None] = mapped_column(BigInteger)
    held_until: Mapped[datetime | None]
    suspected: Mapped[bool] = mapped_column(default=False)

    annotations: Mapped[list[Annotation]] = relationship(order_by="Annotation.id", passive_deletes=True)


class Annotation(Base):
    """A person's statement about a face. It is undone rather than deleted.

    `batch`: the same for all annotations of one press, which are undone together. `trust`: the author's at that time.
    `counts`: False for a suggestion, whose author was not trusted. `replaces_id`: the annotation that counted before.
    `deliberate`: the author knew that the face is too small or too blurred to learn from.
    """

    __tablename__ = "word"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    face_id: Mapped[int] = mapped_column(ForeignKey("question_face.id", ondelete="CASCADE"), index=True)
    batch: Mapped[str] = mapped_column("utterance", String(32), index=True)
    meaning: Mapped[AnnotationMeaning]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    name: Mapped[str | None] = mapped_column(String(100))
    author_id: Mapped[int] = mapped_column("said_by", BigInteger)
    made_at: Mapped[datetime] = mapped_column("said_at", default=utc_now)
    trust: Mapped[int]
    counts: Mapped[bool]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("word.id", ondelete="SET NULL"))
    deliberate: Mapped[bool] = mapped_column(default=False)
    undone_by: Mapped[int | None] = mapped_column(BigInteger)
    undone_at: Mapped[datetime | None]


class ReviewSkip(Base):
    """A face that a reviewer skipped."""

    __tablename__ = "skip"

    face_id: Mapped[int] = mapped_column(ForeignKey("question_face.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
