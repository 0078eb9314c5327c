"""What all tables share: names of constraints, moments in UTC, ids that are never used again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Enum, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from bot.domain.enums import CaptionStyle, ClipState, Learns, Meaning, Origin

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
        **{
            words: Enum(words, native_enum=False, length=20)
            for words in (Learns, Meaning, Origin, ClipState, CaptionStyle)
        },
    }
