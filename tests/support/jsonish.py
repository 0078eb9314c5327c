"""Reads JSON that may have any shape: a wrong one reads as empty, so that a rule never trips over another rule's subject."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

JsonObject: TypeAlias = Mapping[str, object]


def as_object(value: object) -> JsonObject:
    """The object itself, or an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """The array itself, or an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def as_text(value: object) -> str:
    """The string itself, or an empty one."""
    return value if isinstance(value, str) else ""


def as_int(value: object, default: int) -> int:
    """The whole number itself, or ``default``."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def objects(value: object) -> list[JsonObject]:
    """The objects in an array; anything else in it is left out."""
    return [cast("JsonObject", item) for item in as_list(value) if isinstance(item, dict)]


def numbered(body: JsonObject, key: str, where: str) -> list[tuple[str, JsonObject]]:
    """The objects of ``body[key]``, each with its place, such as ``components[0].options[3]``."""
    base = f"{where}.{key}" if where else key
    return [(f"{base}[{index}]", item) for index, item in enumerate(objects(body.get(key)))]


def length(where: str, value: object, least: int, most: int) -> Iterator[str]:
    """Says when a string is shorter than ``least`` or longer than ``most`` characters; None counts as empty."""
    size = len(as_text(value))
    if not least <= size <= most:
        yield f"{where}: {size} characters, allowed are {least} to {most}"


def amount(where: str, count: int, least: int, most: int, of: str) -> Iterator[str]:
    """Says when there are fewer than ``least`` or more than ``most`` of something."""
    if not least <= count <= most:
        yield f"{where}: {count} {of}, allowed are {least} to {most}"


def repeated(where: str, values: list[str], of: str) -> Iterator[str]:
    """Names each value that stands in the list more than once."""
    for value in dict.fromkeys(values):
        if values.count(value) > 1:
            yield f"{where}: {of} {value!r} stands there {values.count(value)} times"
