"""The tables. Times are UTC; vectors are float32 in little-endian bytes; a name's key is what it is found by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bot.trust import Trust
from bot.words import Meaning

HOUSE = 0
"""The server id of rosters that the bot's owner enrols on the command line; every server may ask about them."""


NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}
"""For rows whose ids stand in buttons and files: the id of a deleted one never comes to mean another."""


def utc_now() -> datetime:
    """Now, with its time zone."""
    return datetime.now(UTC)


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept and read in UTC. SQLite alone would forget the time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The tables' common ground: constraints are named by rule, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        Meaning: Enum(Meaning, native_enum=False, length=20),
    }


class Note(Base):
    """A small fact that the bot keeps about itself, such as which commands Discord has."""

    __tablename__ = "note"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str]


class Server(Base):
    """What a server chose in /setup. `roster_revision` grows with every change of its rosters."""

    __tablename__ = "server"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    threshold: Mapped[float | None]
    roster_revision: Mapped[int] = mapped_column(default=0)


class ServerRole(Base):
    """A role whose holders have a trust level."""

    __tablename__ = "server_role"

    server_id: Mapped[int] = mapped_column(ForeignKey("server.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    trust: Mapped[int] = mapped_column(default=Trust.TRUSTED.value)


class Channel(Base):
    """A channel that is watched, or has a default group."""

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    server_id: Mapped[int] = mapped_column(ForeignKey("server.id", ondelete="CASCADE"), index=True)
    watched: Mapped[bool] = mapped_column(default=False)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("idol_group.id", ondelete="SET NULL"))


class Group(Base):
    """A group of a server's roster."""

    __tablename__ = "idol_group"
    __table_args__ = (UniqueConstraint("server_id", "key"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("server.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(100))

    members: Mapped[list[Member]] = relationship(back_populates="group", order_by="Member.id", passive_deletes=True)


class Member(Base):
    """A member of a group."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("group_id", "key"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("idol_group.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(100))

    group: Mapped[Group] = relationship(back_populates="members")
    photos: Mapped[list[Photo]] = relationship(back_populates="member", passive_deletes=True)


class Photo(Base):
    """A face that a member is known by: the crop in the storage, and where the picture came from."""

    __tablename__ = "photo"
    __table_args__ = (UniqueConstraint("member_id", "sha256"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64))
    crop_key: Mapped[str] = mapped_column(String(200))
    face_width: Mapped[int]
    added_by: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)

    member: Mapped[Member] = relationship(back_populates="photos")


class PhotoEncoding(Base):
    """A photo's encoding by one engine; encodings of two engines are never compared.

    `engine` is the engine's version. `vector` is None where the engine found no face in the crop.
    """

    __tablename__ = "photo_encoding"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    engine: Mapped[str] = mapped_column(String(50), primary_key=True)
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)


class EngineInUse(Base):
    """The one row that names the engine that answers. It is changed only when that engine has seen every photo."""

    __tablename__ = "engine_in_use"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(50))


class Question(Base):
    """One "who is this?" and the card that answered it. `rosters` are the servers whose rosters were searched."""

    __tablename__ = "question"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    channel_id: Mapped[int | None] = mapped_column(BigInteger)
    source_message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    asker_id: Mapped[int] = mapped_column(BigInteger, index=True)
    engine: Mapped[str] = mapped_column(String(50))
    threshold: Mapped[float]
    rosters: Mapped[list[Any]]
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    hidden_at: Mapped[datetime | None]

    pictures: Mapped[list[QuestionPicture]] = relationship(order_by="QuestionPicture.position", passive_deletes=True)


class QuestionPicture(Base):
    """One picture of a question: what was seen in it, or why it could not be read."""

    __tablename__ = "question_picture"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    refusal: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    group_name: Mapped[str | None] = mapped_column(String(100))

    faces: Mapped[list[QuestionFace]] = relationship(order_by="QuestionFace.number", passive_deletes=True)


class QuestionFace(Base):
    """A face that was asked about, with what was answered at the time."""

    __tablename__ = "question_face"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    picture_id: Mapped[int] = mapped_column(ForeignKey("question_picture.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    box: Mapped[list[Any]]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="SET NULL"))
    name: Mapped[str | None] = mapped_column(String(100))
    confidence: Mapped[float]
    band: Mapped[str] = mapped_column(String(10))
    candidates: Mapped[list[Any]]
    flaws: Mapped[list[Any]] = mapped_column(default=list)

    words: Mapped[list[Word]] = relationship(order_by="Word.id", passive_deletes=True)


class Word(Base):
    """What a person said of a face: kept with who and when, undone rather than deleted.

    `utterance` joins the words that were said in one press, which are undone together.
    `counts` is False for a suggestion by somebody who was not trusted when they said it.
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
    undone_by: Mapped[int | None] = mapped_column(BigInteger)
    undone_at: Mapped[datetime | None]
