"""The tables. Times are UTC; vectors are float32 in little-endian bytes; a name's key is what it is found by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    and_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.database.base import NEVER_REUSED, Base, utc_now
from bot.domain.enums import CaptionStyle, ClipState, Learns, Meaning, Origin
from bot.domain.trust import Trust

LONGEST_TITLE = 300
"""Characters that are kept of a video's title."""


class Note(Base):
    """A small fact that the bot keeps about itself, such as which commands Discord has."""

    __tablename__ = "note"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str]


class Server(Base):
    """What a server chose in /setup. `roster_revision` grows with every change of what its faces are named by.

    `notices_channel_id` is where moderators are told what they did not ask for; None: nowhere. `refused_upload`: bytes of the
    smallest file that Discord refused there, at `refused_at`.
    """

    __tablename__ = "server"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    threshold: Mapped[float | None]
    learns: Mapped[Learns] = mapped_column(default=Learns.CONFIRMED)
    notices_channel_id: Mapped[int | None] = mapped_column(BigInteger)
    refused_upload: Mapped[int | None] = mapped_column(BigInteger)
    refused_at: Mapped[datetime | None]
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
    """A group of a server's roster.

    `model_id` is the model that answers, None before the first; photos that moderators hand in after photo `model_since`
    count beside its own.
    """

    __tablename__ = "idol_group"
    __table_args__ = (UniqueConstraint("server_id", "key"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("server.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(100))
    model_id: Mapped[int | None] = mapped_column(ForeignKey("model.id", ondelete="SET NULL", use_alter=True))
    model_since: Mapped[int] = mapped_column(default=0)

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


class Alias(Base):
    """Another name of a group, or of a member of it: in another script, in full, a former one."""

    __tablename__ = "alias"
    __table_args__ = (UniqueConstraint("group_id", "member_id", "key"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("idol_group.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(100), index=True)


class Crop(Base):
    """A face cut out of a picture: where it is in the storage, and how well it is seen.

    It belongs to the photos and faces that name it, and goes when the last of them does. `sha256` is of the file that a
    moderator handed in, or of the crop itself; `phash` is the perceptual hash, 16 hexadecimal digits. These and
    `sharpness` are None for crops from before they were measured. `only_in`: the age-restricted channel that it was posted
    in, and that alone may show it; None: anywhere. `spoiler`: it was posted as one.
    """

    __tablename__ = "crop"
    __table_args__ = (UniqueConstraint("server_id", "sha256"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200))
    phash: Mapped[str | None] = mapped_column(String(16))
    face_width: Mapped[int]
    sharpness: Mapped[float | None]
    only_in: Mapped[int | None] = mapped_column(BigInteger)
    spoiler: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)

    @hybrid_property
    def is_public(self) -> bool:
        """Whether it may be in pictures for everybody: of groups, of look-alikes, in a quiz."""
        return self.only_in is None and not self.spoiler

    @is_public.inplace.expression
    @classmethod
    def _is_public(cls) -> ColumnElement[bool]:
        return and_(cls.only_in.is_(None), cls.spoiler.is_(False))


class CropEncoding(Base):
    """A crop's encoding by one engine; encodings of two engines are never compared.

    `engine` is the engine's version. `vector` is None where the engine found no face in the crop.
    """

    __tablename__ = "crop_encoding"

    crop_id: Mapped[int] = mapped_column(ForeignKey("crop.id", ondelete="CASCADE"), primary_key=True)
    engine: Mapped[str] = mapped_column(String(50), primary_key=True)
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)


class Photo(Base):
    """A face that a member is known by, and whence: `face_id` is the face of a question that was said to be the member's.

    `vouched_by`: who said that its label is right though it looks wrong. `was_member_id`: whose it was until `added_by` said
    otherwise; the member may be gone.
    """

    __tablename__ = "photo"
    __table_args__ = (UniqueConstraint("member_id", "crop_id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    crop_id: Mapped[int] = mapped_column(ForeignKey("crop.id"), index=True)
    face_id: Mapped[int | None] = mapped_column(ForeignKey("question_face.id", ondelete="SET NULL"), index=True)
    origin: Mapped[Origin] = mapped_column(default=Origin.SUBMITTED)
    added_by: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    vouched_by: Mapped[int | None] = mapped_column(BigInteger)
    was_member_id: Mapped[int | None]

    member: Mapped[Member] = relationship(back_populates="photos")
    crop: Mapped[Crop] = relationship()


class Model(Base):
    """A trained state of a group: which photos it was made of, how it did, what became of it.

    `number` counts from 1 in each group. `labels`: how many photos were new to it. `upto`: the newest photo when it was
    made. `figures`: what was measured. `classifier_key`: the classifier's file in the storage. `made_by` is 0 for the bot.
    `verdict`: "promoted", or "kept aside"; rows of older versions have the reason in place of the latter.
    """

    __tablename__ = "model"
    __table_args__ = (UniqueConstraint("group_id", "number"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("idol_group.id", ondelete="CASCADE"))
    number: Mapped[int]
    engine: Mapped[str] = mapped_column(String(50))
    labels: Mapped[int]
    upto: Mapped[int]
    figures: Mapped[dict[str, Any]]
    classifier_key: Mapped[str | None] = mapped_column(String(200))
    verdict: Mapped[str] = mapped_column(String(300))
    made_by: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)


class ModelPhoto(Base):
    """A photo that a model was made of."""

    __tablename__ = "model_photo"

    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True, index=True)


class EngineInUse(Base):
    """The one row that names the engine that answers. It is changed only when that engine has seen every photo."""

    __tablename__ = "engine_in_use"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(50))


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


class ClipJob(Base):
    """A clip that was promised, and kept: by whom it was asked for, where the answer goes, what of which video.

    `wish` is a hash of what is wanted; the same is never at work twice. `attempt` counts how often the work began. `token`: of
    the asker's interaction, by which its answer can be edited until `token_until` (seconds since 1970); gone when the work
    has ended. `source_message_id`, `question_message_id`: see `Question`. `place_id`: the channel that choices are made for;
    `restricted`: it is for adults. `spoiler`: the video was posted as one. `video`: the folder it is kept in. `start`,
    `length`: the part that was asked for, in seconds. `most_bytes`: what Discord takes there. `cast`: a row for each face of
    the question (`bot.domain.clips.OnScreen`). `seconds`: the clip's length. `drawn_changes`: how often the faces' names had
    been changed when it was drawn. `unheard`: the codec of the video's sound where that can't be read. `deleted`: the message
    with its link was, before the people in it were written down.
    """

    __tablename__ = "clip_job"
    __table_args__ = (
        Index(
            "ix_clip_job_at_work",
            "wish",
            unique=True,
            sqlite_where=text("state IN ('WORKING', 'SENDING')"),
            postgresql_where=text("state IN ('WORKING', 'SENDING')"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wish: Mapped[str] = mapped_column(String(64))
    state: Mapped[ClipState] = mapped_column(default=ClipState.WAITING, index=True)
    attempt: Mapped[int] = mapped_column(default=0)
    asker_id: Mapped[int] = mapped_column(BigInteger, index=True)
    server_id: Mapped[int | None] = mapped_column(BigInteger)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    place_id: Mapped[int | None] = mapped_column(BigInteger)
    restricted: Mapped[bool] = mapped_column(default=False)
    source_message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    question_message_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    rosters: Mapped[list[Any]]
    group_name: Mapped[str | None] = mapped_column(String(100))
    card_id: Mapped[int | None] = mapped_column(BigInteger)
    answer_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    token: Mapped[str | None]
    token_until: Mapped[float] = mapped_column(default=0.0)
    most_bytes: Mapped[int]
    link: Mapped[str | None]
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    spoiler: Mapped[bool] = mapped_column(default=False)
    video: Mapped[str] = mapped_column(String(64))
    start: Mapped[float]
    length: Mapped[float | None]
    style: Mapped[CaptionStyle]
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="SET NULL"), index=True)
    cast: Mapped[list[Any]] = mapped_column(default=list)
    seconds: Mapped[float] = mapped_column(default=0.0)
    drawn_changes: Mapped[int] = mapped_column(default=0)
    unheard: Mapped[str | None] = mapped_column(String(40))
    deleted: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
