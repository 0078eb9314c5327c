"""Trained models of groups, and the engine in use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.base import NEVER_REUSED, Base, utc_now


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
