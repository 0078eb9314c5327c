"""The base of all tables: names of constraints, times in UTC, ids that are never reused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Enum, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from bot.domain.enums import AnnotationMeaning, CaptionStyle, ClipState, FaceOrigin, LearningPolicy

NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}
"""Table arguments: SQLite never gives the id of a deleted row to a new row. Buttons and files carry such ids."""


def utc_now() -> datetime:
    """The current time in UTC, aware of its time zone."""
    return datetime.now(UTC)


class UtcTime(TypeDecorator[datetime]):
    """A time, stored and read in UTC. SQLite stores no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base class of tables. Constraints have names by rule, so that migrations can refer to them."""

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
            enum: Enum(enum, native_enum=False, length=20)
            for enum in (LearningPolicy, AnnotationMeaning, FaceOrigin, ClipState, CaptionStyle)
        },
    }
