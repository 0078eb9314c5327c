"""Types of columns. A damaged value is read as a harmless one, so that it breaks no other row of a query.

`nugu check` finds damaged values (`bot.database.damage`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from sqlalchemy import JSON, DateTime, Dialect, Enum, LargeBinary, String, TypeDecorator

from bot.text.control_characters import removed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.sql.type_api import _ResultProcessorType  # pyright: ignore[reportPrivateUsage]  # no public name

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

_DAMAGED: Final = (LookupError, TypeError, ValueError, AttributeError)
"""What the readers of SQLAlchemy raise for a value that nobody wrote by them."""

LONG_AGO: Final = datetime.fromtimestamp(0, UTC)
"""The time that stands for an unreadable one: a limit that ends then is over."""

_FLOAT_BYTES: Final = 4
_NO_SMALL_NUMBER: Final = (1 << 30).to_bytes(_FLOAT_BYTES, "little")
"""The bit that each float32 from 2 upward has, an infinity and a NaN too, and no smaller one (IEEE 754, binary32)."""


class ReadableType(TypeDecorator[T]):
    """A type whose damaged values are read as `instead`."""

    impl = LargeBinary
    cache_ok = True

    def instead(self) -> T:
        """The value that stands for a damaged one."""
        raise NotImplementedError

    def reader(self, dialect: Dialect) -> Callable[[Any], T | None]:
        """The function that reads a stored value; it raises one of several errors for a damaged one."""
        return super().result_processor(dialect, None) or (lambda value: value)

    def is_damaged(self, stored: Any, dialect: Dialect) -> bool:
        """Whether `stored`, as the database's driver gives it, is damaged."""
        try:
            cast("ReadableType[T]", self.dialect_impl(dialect)).reader(dialect)(stored)
        except _DAMAGED:
            return True
        return False

    def result_processor(self, dialect: Dialect, coltype: object) -> _ResultProcessorType[T]:
        read = self.reader(dialect)

        def process(value: Any) -> T | None:
            try:
                return read(value)
            except _DAMAGED:
                return self.instead()

        return process


class UtcTime(ReadableType[datetime]):
    """A time, stored and read in UTC. SQLite stores no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def instead(self) -> datetime:
        return LONG_AGO

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ChoiceType(ReadableType[StrEnum]):
    """A member of an enumeration, stored by its name. An unknown name is read as `otherwise`."""

    impl = Enum
    cache_ok = True

    def __init__(self, otherwise: StrEnum) -> None:
        super().__init__(type(otherwise), native_enum=False, length=20)
        self.otherwise = otherwise

    def instead(self) -> StrEnum:
        return self.otherwise


class JsonType(ReadableType[Any]):
    """A list or a dictionary as JSON. Damaged text, and JSON of another type, is read as an empty one."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type[list[Any]] | type[dict[str, Any]]) -> None:
        super().__init__()
        self.kind = kind

    def instead(self) -> Any:
        return self.kind()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        if value is not None and not isinstance(value, self.kind):
            raise TypeError(f"JSON is no {self.kind.__name__}")
        return cast("object", value)


class EncodingType(ReadableType[bytes]):
    """An encoding: (d,) float32 of unit length, as little-endian bytes. A damaged one is read as none, `b""`.

    Whether an encoding has as many numbers as others only shows beside them (`bot.database.encodings`).
    """

    impl = LargeBinary
    cache_ok = True

    def instead(self) -> bytes:
        return b""

    def process_result_value(self, value: Any | None, dialect: Dialect) -> bytes | None:
        if value and not is_encoding(value):
            raise ValueError("this is no encoding")
        return value


class OutsideText(TypeDecorator[str]):
    """Text that a person, a site or a file brings along: on one line, and cut to the length of the column.

    SQLite takes no lone surrogates, PostgreSQL no zeros and no longer texts.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else removed(value)[: self.length]


def is_encoding(data: bytes) -> bool:
    """Whether bytes are float32 that a vector of unit length can have: finite, below 2, and not all 0."""
    numbers = int.from_bytes(data, "little")
    return len(data) % _FLOAT_BYTES == 0 and numbers != 0 and not numbers & _large_numbers(len(data) // _FLOAT_BYTES)


@cache
def _large_numbers(dimensions: int) -> int:
    return int.from_bytes(_NO_SMALL_NUMBER * dimensions, "little")


def known(stored: str | int, otherwise: Choice) -> Choice:
    """The member of the enumeration of `otherwise` that a column of text holds; `otherwise` for an unknown one."""
    try:
        return type(otherwise)(stored)
    except ValueError:
        return otherwise
