"""Groups, members, their photos. A `key` of a name is its form in searches (`bot.text.names.search_key`)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.clock import utc_now
from bot.database.tables import visibility
from bot.database.tables.base import NEVER_REUSED, Base
from bot.database.tables.columns import EncodingType
from bot.domain.enums import FaceOrigin


class Group(Base):
    """A group of a server's roster.

    `model_id`: the model in use, None before the first one. `model_since`: submitted photos with greater ids are in use
    beside those of the model.
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
    """Another name of a group, or of a member of it: in another script, in full, or a former one."""

    __tablename__ = "alias"
    __table_args__ = (UniqueConstraint("group_id", "member_id", "key"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("idol_group.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(100), index=True)


class Crop(Base):
    """A face cut out of a picture. It is deleted when no photo and no face refers to it any more.

    `key`: its storage key. `sha256`: the hash of the file that a moderator submitted, or of the crop itself. `phash`: the
    perceptual hash, 16 hexadecimal digits. `bytes`: the size of the JPEG, an estimate for crops from before it was counted.
    `face_width`: in pixels of the picture. `phash` and `sharpness` are None for crops from before they were measured.
    `only_in`: the age-restricted channel that it was posted in, the only one that may show it; None: any channel. `spoiler`:
    it was posted as a spoiler.
    """

    __tablename__ = "crop"
    __table_args__ = (UniqueConstraint("server_id", "sha256"), Index(None, "server_id", "bytes"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200))
    phash: Mapped[str | None] = mapped_column(String(16))
    bytes: Mapped[int]
    face_width: Mapped[int]
    sharpness: Mapped[float | None]
    only_in: Mapped[int | None] = mapped_column(BigInteger)
    spoiler: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)

    @hybrid_property
    def is_public(self) -> bool:
        """Whether it may be in public pictures: those of groups, of look-alikes, of a quiz."""
        return visibility.is_public(self.only_in, spoiler=self.spoiler)

    @is_public.inplace.expression
    @classmethod
    def _is_public(cls) -> ColumnElement[bool]:
        return visibility.is_public_in_sql(cls.only_in, cls.spoiler)


class CropEncoding(Base):
    """A crop's encoding by one engine. Encodings of two engines are never compared.

    `engine`: the engine's version. `vector`: None if the engine found no face in the crop.
    """

    __tablename__ = "crop_encoding"

    crop_id: Mapped[int] = mapped_column(ForeignKey("crop.id", ondelete="CASCADE"), primary_key=True)
    engine: Mapped[str] = mapped_column(String(50), primary_key=True)
    vector: Mapped[bytes | None] = mapped_column(EncodingType)


class Photo(Base):
    """A photo of a member.

    `face_id`: the face of a question whose annotation made the photo. `vouched_by`: the person who confirmed its label though
    that looked wrong. `was_member_id`: the member that it belonged to until `added_by` moved it; that member may be gone.
    """

    __tablename__ = "photo"
    __table_args__ = (UniqueConstraint("member_id", "crop_id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    crop_id: Mapped[int] = mapped_column(ForeignKey("crop.id"), index=True)
    face_id: Mapped[int | None] = mapped_column(ForeignKey("question_face.id", ondelete="SET NULL"), index=True)
    origin: Mapped[FaceOrigin] = mapped_column(default=FaceOrigin.SUBMITTED)
    added_by: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    vouched_by: Mapped[int | None] = mapped_column(BigInteger)
    was_member_id: Mapped[int | None]

    member: Mapped[Member] = relationship(back_populates="photos")
    crop: Mapped[Crop] = relationship()
