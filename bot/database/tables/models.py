"""Trained models of groups, and the engine in use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.clock import utc_now
from bot.database.tables.base import NEVER_REUSED, Base


class Model(Base):
    """A model of a group.

    `number`: from 1 in each group. `engine`: the engine's version. `labels`: the number of photos that were new to it. `upto`:
    the newest photo at its making. `figures`: `bot.domain.models.ModelFigures`. `classifier_key`: the storage key of its
    classifier. `verdict`: "promoted" or "kept aside"; rows of older versions have a reason instead of the latter.
    `made_by`: 0 for the bot.
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
    """A photo of a model."""

    __tablename__ = "model_photo"

    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True, index=True)


class EngineInUse(Base):
    """The only row names the engine in use. It changes only to an engine that has seen every crop.

    `told`: the operator knows that there are others.
    """

    __tablename__ = "engine_in_use"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(50))
    told: Mapped[bool] = mapped_column(default=False)
