"""Servers with their choices, and the bot's notes for itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.tables.base import Base
from bot.domain.enums import LearningPolicy
from bot.domain.trust import Trust


class KeyValue(Base):
    """A fact that the bot keeps for itself, such as a hash of the commands that Discord has."""

    __tablename__ = "note"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str]


class Server(Base):
    """A server with its choices of /setup.

    `notices_channel_id`: the channel of notifications to moderators, None for no notifications. `refused_upload`: the size in
    bytes of the smallest file that Discord refused there, at `refused_at`. `roster_revision`: grows with each change of the
    photos, names or engine that faces are named by. `told_full`: the quotas that moderators were told are full
    (`bot.database.quotas`).
    """

    __tablename__ = "server"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    threshold: Mapped[float | None]
    learns: Mapped[LearningPolicy] = mapped_column(default=LearningPolicy.CONFIRMED)
    notices_channel_id: Mapped[int | None] = mapped_column(BigInteger)
    refused_upload: Mapped[int | None] = mapped_column(BigInteger)
    refused_at: Mapped[datetime | None]
    roster_revision: Mapped[int] = mapped_column(default=0)
    told_full: Mapped[list[Any]] = mapped_column(default=list)


class ServerRole(Base):
    """A role whose holders have a trust level."""

    __tablename__ = "server_role"

    server_id: Mapped[int] = mapped_column(ForeignKey("server.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    trust: Mapped[int] = mapped_column(default=Trust.TRUSTED.value)


class ChannelSettings(Base):
    """A channel that is watched, or has a default group."""

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    server_id: Mapped[int] = mapped_column(ForeignKey("server.id", ondelete="CASCADE"), index=True)
    watched: Mapped[bool] = mapped_column(default=False)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("idol_group.id", ondelete="SET NULL"))
