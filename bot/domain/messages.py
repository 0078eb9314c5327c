"""Sentences for people as values: a template, and its parameters by name. Each edge renders them in its own markup."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_Part: TypeAlias = "Strong | Code | SlashCommand | Mention | Moment | AllOf | AnyOf | Lines | Message"
Parameter: TypeAlias = "str | int | float | _Part | Sequence[Parameter]"
"""A value in a message; a bare sequence is listed with commas."""


class Hint(Enum):
    """The person's next step. Each edge has a sentence of its own for it, which may contain the message's parameters."""

    ADD_ANOTHER_PHOTO = auto()
    ADD_FIRST_GROUP = auto()
    ADD_GROUP = auto()
    ADD_MEMBERS = auto()
    ADD_MORE_PHOTOS = auto()
    ADD_OR_GATHER_PHOTOS = auto()
    ADD_PHOTO = auto()
    ADD_ROSTER = auto()
    ADD_TWINS = auto()
    ASK_IN_SERVER = auto()
    CHANGE_SETUP = auto()
    CHECK_PROXY = auto()
    CHOOSE_PART = auto()
    CHOOSE_SHORTER_PART = auto()
    CHOOSE_SOURCE = auto()
    GIVE_CONTACT = auto()
    INSTALL_ENGINE = auto()
    MAKE_ROOM = auto()
    NAME_GROUP = auto()
    OPERATOR_MENDS = auto()
    OPERATOR_MENDS_STORAGE = auto()
    OPERATOR_MUST_MEND = auto()
    REINSTALL_ENGINE = auto()
    SHOW_GROUP = auto()
    SHOW_MODELS = auto()
    SIGN_IN = auto()
    TRAIN_MODEL = auto()
    USE_ENGINE = auto()


@dataclass(frozen=True, slots=True)
class Strong:
    """A name, in bold letters if the edge has them."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Text that people type exactly so: a setting, a file, a command line."""

    text: str


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A slash command on Discord by its name, such as `member add`."""

    name: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A person by their id on Discord."""

    user_id: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A time not far from now, in seconds since 1970. An edge shows how far."""

    at: float


@dataclass(frozen=True, slots=True)
class AllOf:
    """A list with "and" before the last value. A bare sequence has only commas."""

    values: Sequence[Parameter]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A list with "or" between its values."""

    values: Sequence[Parameter]


@dataclass(frozen=True, slots=True)
class Lines:
    """A list with a line for each value."""

    values: Sequence[Parameter]


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """A sentence, or several.

    `template`: English without markup, with fields as in `str.format`. Numbers take a format (`{seconds:.0f}`). Text is shown
    as it is: markup in it is escaped. `hint` follows as a sentence of its own, or as the end of a template without a full stop.
    """

    template: str
    parameters: Mapping[str, Parameter]
    hint: Hint | None

    def __init__(self, template: str, /, *, hint: Hint | None = None, **parameters: Parameter) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "hint", hint)

    def __str__(self) -> str:
        """The sentence without markup and hint, for logs."""
        return render(self, PLAIN)


class Markup(Protocol):
    """An edge's markup of the parts of a message."""

    def text(self, text: str, /) -> str:
        """Text shown as it is."""
        ...

    def strong(self, text: str, /) -> str:
        """A name that stands out."""
        ...

    def code(self, text: str, /) -> str:
        """Text that people type exactly so."""
        ...

    def command(self, name: str, /) -> str:
        """A slash command."""
        ...

    def mention(self, user_id: int, /) -> str:
        """A person."""
        ...

    def moment(self, at: float, /) -> str:
        """A time, such as `in 2 minutes`."""
        ...

    def hint(self, hint: Hint, /) -> str:
        """The template of a hint in the edge's own markup, empty if the edge has none. The message's parameters are its fields.

        One that begins with a comma, full stop, colon or semicolon ends the sentence before it.
        """
        ...


def render(message: Message, markup: Markup) -> str:
    """The message in an edge's markup. Raises KeyError for a missing parameter."""
    formatter = _Formatter(markup)
    sentence = formatter.vformat(message.template, (), message.parameters)
    hint = formatter.vformat(markup.hint(message.hint), (), message.parameters) if message.hint is not None else ""
    return f"{sentence}{hint}" if hint[:1] in {"", *",.:;"} else f"{sentence} {hint}"


class _Formatter(string.Formatter):
    """`str.format` with an edge's markup. Only numbers take a format."""

    def __init__(self, markup: Markup) -> None:
        self._markup = markup

    def format_field(self, value: Any, format_spec: str) -> str:
        return format(value, format_spec) if isinstance(value, int | float) else _rendered(value, self._markup)


def _rendered(value: Parameter, markup: Markup) -> str:
    match value:
        case str():
            return markup.text(value)
        case int() | float():
            return str(value)
        case Strong(text):
            return markup.strong(text)
        case Code(text):
            return markup.code(text)
        case SlashCommand(name):
            return markup.command(name)
        case Mention(user_id):
            return markup.mention(user_id)
        case Moment(at):
            return markup.moment(at)
        case Message():
            return render(value, markup)
        case AllOf(values):
            *others, last = [_rendered(part, markup) for part in values]
            return f"{', '.join(others)} and {last}" if others else last
        case AnyOf(values):
            return " or ".join(_rendered(part, markup) for part in values)
        case Lines(values):
            return "\n".join(_rendered(part, markup) for part in values)
        case _:
            return ", ".join(_rendered(part, markup) for part in value)


class _Plain:
    """No markup at all."""

    def text(self, text: str, /) -> str:
        return text

    strong = code = text

    def command(self, name: str, /) -> str:
        return f"/{name}"

    def mention(self, user_id: int, /) -> str:
        return str(user_id)

    def moment(self, at: float, /) -> str:
        return f"at {datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"

    def hint(self, hint: Hint, /) -> str:
        return ""


PLAIN: Markup = _Plain()
