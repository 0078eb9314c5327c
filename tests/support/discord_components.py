"""What Discord asks of buttons, selects, rows, galleries and forms, beyond what its OpenAPI description says.

Source: https://docs.discord.com/developers/components/reference
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from tests.support.jsonish import JsonObject, amount, as_int, as_object, as_text, length, numbered, objects, repeated


class Kind(IntEnum):
    """The component types of Discord's API."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19


V2_KINDS = frozenset(
    {
        Kind.SECTION,
        Kind.TEXT_DISPLAY,
        Kind.THUMBNAIL,
        Kind.MEDIA_GALLERY,
        Kind.FILE,
        Kind.SEPARATOR,
        Kind.CONTAINER,
    }
)
_SELECTS = frozenset(
    {Kind.STRING_SELECT, Kind.USER_SELECT, Kind.ROLE_SELECT, Kind.MENTIONABLE_SELECT, Kind.CHANNEL_SELECT}
)
_INTERACTIVE = _SELECTS | {Kind.TEXT_INPUT, Kind.FILE_UPLOAD}
_LINK_STYLE, _PREMIUM_STYLE = 5, 6


@dataclass(frozen=True)
class PlacedComponent:
    """A component, and where in the body it stands."""

    where: str
    body: JsonObject

    @property
    def kind(self) -> int:
        """Its type number; 0 where it has none."""
        return as_int(self.body.get("type"), 0)


def walk(parent: JsonObject, where: str = "") -> Iterator[PlacedComponent]:
    """Every component below ``parent``, at any depth, in the order of the body."""
    for place, body in numbered(parent, "components", where):
        yield from _branch(PlacedComponent(place, body))
    for key in ("accessory", "component"):
        if key in parent:
            yield from _branch(PlacedComponent(f"{where}.{key}", as_object(parent[key])))


def component_problems(placed: list[PlacedComponent]) -> Iterator[str]:
    """The rules of each component, and those that hold among all of a message or a form."""
    custom_ids = [(item, item.body["custom_id"]) for item in placed if item.body.get("custom_id") is not None]
    for item, custom_id in custom_ids:
        yield from length(f"{item.where}.custom_id", custom_id, 1, 100)
    yield from repeated("components", [as_text(custom_id) for _, custom_id in custom_ids], "custom_id")
    # discord.py and Discord both read a component id of 0 as "give it one".
    yield from repeated("components", [str(item.body["id"]) for item in placed if item.body.get("id")], "id")
    for item in placed:
        if item.kind in _INTERACTIVE and item.body.get("custom_id") is None:
            yield f"{item.where}: has no custom_id"
        if item.kind in _RULES:
            yield from _RULES[item.kind](item)


def modal_problems(data: JsonObject) -> Iterator[str]:
    """The rules of a form that answers an interaction (callback type 9)."""
    yield from length("data.title", data.get("title"), 1, 45)
    yield from length("data.custom_id", data.get("custom_id"), 1, 100)
    yield from amount("data.components", len(objects(data.get("components"))), 1, 5, "components")
    yield from component_problems(list(walk(data, "data")))


def _branch(item: PlacedComponent) -> Iterator[PlacedComponent]:
    yield item
    yield from walk(item.body, item.where)


def _row(item: PlacedComponent) -> Iterator[str]:
    kinds = [as_int(child.get("type"), 0) for child in objects(item.body.get("components"))]
    buttons = kinds.count(Kind.BUTTON)
    if buttons == len(kinds):
        yield from amount(item.where, buttons, 1, 5, "buttons")
    elif len(kinds) != 1:
        yield f"{item.where}: holds component types {kinds}, allowed are 1 to 5 buttons, or one other component"


def _button(item: PlacedComponent) -> Iterator[str]:
    body, where, style = item.body, item.where, as_int(item.body.get("style"), 0)
    yield from length(f"{where}.label", body.get("label"), 0, 80)
    if style != _PREMIUM_STYLE and not body.get("label") and not body.get("emoji"):
        yield f"{where}: has neither a label nor an emoji"
    wanted = {_LINK_STYLE: "url", _PREMIUM_STYLE: "sku_id"}.get(style, "custom_id")
    present = [key for key in ("custom_id", "url", "sku_id") if body.get(key) is not None]
    if present != [wanted]:
        yield f"{where}: a button of style {style} has {wanted} alone, this one has {' and '.join(present) or 'none'}"
    yield from length(f"{where}.url", body.get("url"), 0, 512)


def _select(item: PlacedComponent) -> Iterator[str]:
    body, where = item.body, item.where
    yield from length(f"{where}.placeholder", body.get("placeholder"), 0, 150)
    least, most = as_int(body.get("min_values"), 1), as_int(body.get("max_values"), 1)
    yield from _values(where, least, most, 25)
    if item.kind != Kind.STRING_SELECT:
        yield from amount(f"{where}.default_values", len(objects(body.get("default_values"))), 0, most, "defaults")
        return
    options = numbered(body, "options", where)
    yield from amount(f"{where}.options", len(options), 1, 25, "options")
    if options and most > len(options):
        yield f"{where}.max_values: {most}, but there are {len(options)} options"
    chosen = sum(option.get("default") is True for _, option in options)
    if chosen > most:
        yield f"{where}.options: {chosen} chosen beforehand, max_values is {most}"
    yield from repeated(f"{where}.options", [as_text(option.get("value")) for _, option in options], "value")
    for place, option in options:
        yield from length(f"{place}.label", option.get("label"), 1, 100)
        yield from length(f"{place}.value", option.get("value"), 1, 100)
        yield from length(f"{place}.description", option.get("description"), 0, 100)


def _values(where: str, least: int, most: int, limit: int) -> Iterator[str]:
    if not 0 <= least <= limit:
        yield f"{where}.min_values: {least}, allowed are 0 to {limit}"
    if not 1 <= most <= limit:
        yield f"{where}.max_values: {most}, allowed are 1 to {limit}"
    elif least > most:
        yield f"{where}: min_values {least} is above max_values {most}"


def _text_input(item: PlacedComponent) -> Iterator[str]:
    body, where = item.body, item.where
    least, most = as_int(body.get("min_length"), 0), as_int(body.get("max_length"), 4000)
    if not 0 <= least <= most <= 4000 or most == 0:
        yield f"{where}: min_length {least} and max_length {most} don't lie in order within 0 to 4000"
    yield from length(f"{where}.placeholder", body.get("placeholder"), 0, 100)
    yield from length(f"{where}.value", body.get("value"), 0, most)


def _upload(item: PlacedComponent) -> Iterator[str]:
    least, most = as_int(item.body.get("min_values"), 1), as_int(item.body.get("max_values"), 1)
    yield from _values(item.where, least, most, 10)


def _label(item: PlacedComponent) -> Iterator[str]:
    yield from length(f"{item.where}.label", item.body.get("label"), 1, 45)
    yield from length(f"{item.where}.description", item.body.get("description"), 0, 100)
    if not as_object(item.body.get("component")):
        yield f"{item.where}: labels no component"


def _section(item: PlacedComponent) -> Iterator[str]:
    yield from amount(item.where, len(objects(item.body.get("components"))), 1, 3, "texts")
    if not as_object(item.body.get("accessory")):
        yield f"{item.where}: a section needs an accessory"


def _gallery(item: PlacedComponent) -> Iterator[str]:
    items = numbered(item.body, "items", item.where)
    yield from amount(f"{item.where}.items", len(items), 1, 10, "items")
    for place, entry in items:
        yield from length(f"{place}.description", entry.get("description"), 0, 1024)


def _thumbnail(item: PlacedComponent) -> Iterator[str]:
    yield from length(f"{item.where}.description", item.body.get("description"), 0, 1024)


def _text_display(item: PlacedComponent) -> Iterator[str]:
    if not as_text(item.body.get("content")).strip():
        yield f"{item.where}.content: is empty"


_RULES: dict[int, Callable[[PlacedComponent], Iterator[str]]] = {
    Kind.ACTION_ROW: _row,
    Kind.BUTTON: _button,
    Kind.TEXT_INPUT: _text_input,
    Kind.FILE_UPLOAD: _upload,
    Kind.LABEL: _label,
    Kind.SECTION: _section,
    Kind.MEDIA_GALLERY: _gallery,
    Kind.THUMBNAIL: _thumbnail,
    Kind.TEXT_DISPLAY: _text_display,
    **dict.fromkeys(_SELECTS, _select),
}
