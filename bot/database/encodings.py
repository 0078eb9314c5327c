"""The encodings that can be compared: those of one engine, of one length. Damaged ones are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from bot.database.tables.rosters import CropEncoding

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, ScalarSelect


def is_comparable(engine: str) -> ColumnElement[bool]:
    """The condition that a crop has an encoding by `engine`, of the length that most of them have.

    Its numbers may still be damaged: then it is read as `b""`.
    """
    return and_(CropEncoding.engine == engine, func.length(CropEncoding.vector) == usual_length(engine))


def usual_length(engine: str) -> ScalarSelect[int]:
    """The number of bytes of most encodings by `engine`."""
    # An alias, so that a query of encodings isn't taken for the outer one.
    crops = CropEncoding.__table__.alias("measured")
    length = func.length(crops.c.vector)
    return (
        select(length)
        .where(crops.c.engine == engine, crops.c.vector.is_not(None))
        .group_by(length)
        .order_by(func.count().desc(), length.desc())
        .limit(1)
        .scalar_subquery()
    )
