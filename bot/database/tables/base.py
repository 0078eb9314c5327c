"""The base of all tables: names of constraints, types of columns, ids that are never reused."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from bot.database.tables.columns import ChoiceType, JsonType, UtcTime
from bot.domain.enums import AnnotationMeaning, CaptionStyle, ClipState, FaceOrigin, LearningPolicy

NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}
"""Table arguments: SQLite never gives the id of a deleted row to a new row. Buttons and files carry such ids."""


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
        dict[str, Any]: JsonType(dict),
        list[Any]: JsonType(list),
        # An unknown word lets nothing be learned, asked or done.
        LearningPolicy: ChoiceType(LearningPolicy.OFF),
        FaceOrigin: ChoiceType(FaceOrigin.ASKED),
        ClipState: ChoiceType(ClipState.FAILED),
        CaptionStyle: ChoiceType(CaptionStyle.NAMES),
        # Queries leave out such annotations (`bot.database.engine`).
        AnnotationMeaning: ChoiceType(AnnotationMeaning.NOT_MEMBER),
    }
