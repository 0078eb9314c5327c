"""Questions, the faces in their pictures, and annotations of these faces."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.database.base import NEVER_REUSED, Base, utc_now
from bot.domain.enums import Meaning, Origin


class Question(Base):
    """Pictures with faces to be named: asked about, handed in by a moderator, or gathered.

    `source_message_id`: the message that shows the pictures; `question_message_id`: the one that asks, the same or a reply;
    `card_message_id`: the one that answers. `channel_id`: where that is, a thread maybe, `place_id`: the channel that it is
    in. Each is None where there is none, or it isn't known. `rosters` are the servers whose rosters were searched.
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
    origin: Mapped[Origin] = mapped_column(default=Origin.ASKED)
    engine: Mapped[str] = mapped_column(String(50))
    threshold: Mapped[float]
    rosters: Mapped[list[Any]]
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    hidden_at: Mapped[datetime | None]

    pictures: Mapped[list[QuestionPicture]] = relationship(order_by="QuestionPicture.position", passive_deletes=True)


class QuestionPicture(Base):
    """One picture of a question: what was seen in it, or why it could not be read.

    `source`: the page it was gathered from. `spoiler`: it was posted as one, so it is shown covered.
    """

    __tablename__ = "question_picture"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    refusal: Mapped[str | None]
    source: Mapped[str | None]
    spoiler: Mapped[bool] = mapped_column(default=False)
    width: Mapped[int | None]
    height: Mapped[int | None]
    group_name: Mapped[str | None] = mapped_column(String(100))

    faces: Mapped[list[QuestionFace]] = relationship(order_by="QuestionFace.number", passive_deletes=True)


class QuestionFace(Base):
    """A face that was asked about, with what was answered at the time. `drawn`: the name that the card's picture carries.

    `crop_id` is None where the server chose not to learn from what people confirm, and when the crop was forgotten.
    `held_by` has it in review until `held_until`. `suspected`: what it was labelled looks wrong, so it is reviewed again.
    """

    __tablename__ = "question_face"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    picture_id: Mapped[int] = mapped_column(ForeignKey("question_picture.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    box: Mapped[list[Any]]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
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
    """What a person said of a face: kept with who and when, undone rather than deleted.

    `utterance` joins the words that were said in one press, which are undone together.
    `counts` is False for a suggestion by somebody who was not trusted when they said it. `replaces_id`: the word that
    counted until then. `deliberate`: said in full view of the face's being too small or blurred to learn from.
    """

    __tablename__ = "word"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    face_id: Mapped[int] = mapped_column(ForeignKey("question_face.id", ondelete="CASCADE"), index=True)
    utterance: Mapped[str] = mapped_column(String(32), index=True)
    meaning: Mapped[Meaning]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    name: Mapped[str | None] = mapped_column(String(100))
    said_by: Mapped[int] = mapped_column(BigInteger)
    said_at: Mapped[datetime] = mapped_column(default=utc_now)
    trust: Mapped[int]
    counts: Mapped[bool]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("word.id", ondelete="SET NULL"))
    deliberate: Mapped[bool] = mapped_column(default=False)
    undone_by: Mapped[int | None] = mapped_column(BigInteger)
    undone_at: Mapped[datetime | None]


class Skip(Base):
    """A face that a reviewer had no answer to."""

    __tablename__ = "skip"

    face_id: Mapped[int] = mapped_column(ForeignKey("question_face.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
