"""The rules of docs/architecture.md, "Where a face may be shown", for values and in SQL.

`only_in`: the age-restricted channel that a crop was posted in, None for a crop from another channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, or_

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute


def is_public(only_in: int | None, *, spoiler: bool) -> bool:
    """Whether a crop may be in public pictures: those of groups, of look-alikes, of a quiz."""
    return only_in is None and not spoiler


def may_show(only_in: int | None, channel_id: int | None) -> bool:
    """Whether a card in this channel may show the crop."""
    return only_in is None or only_in == channel_id


def is_public_in_sql(
    only_in: InstrumentedAttribute[int | None], spoiler: InstrumentedAttribute[bool]
) -> ColumnElement[bool]:
    """`is_public` as a condition on a crop's columns."""
    return and_(only_in.is_(None), spoiler.is_(False))


def may_show_in_sql(only_in: InstrumentedAttribute[int | None], channel_id: int | None) -> ColumnElement[bool]:
    """`may_show` as a condition on a crop's column."""
    return or_(only_in.is_(None), only_in == channel_id)
