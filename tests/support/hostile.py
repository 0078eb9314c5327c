"""Values of any annotated type in which each text is hostile, made from the annotations of functions and dataclasses."""

from __future__ import annotations

import ast
import collections.abc
import dataclasses
import enum
import inspect
import random
import sys
import types
import typing
from datetime import UTC, datetime
from functools import cache
from io import BufferedRandom, BytesIO
from pathlib import Path
from typing import Any

MARK = "ʘ"
"""A letter that no sentence of ours has."""

HOSTILE = f"{MARK}*_~`|<@1>[x](https://a.b){{{{0}}}}\\N\x1b[2J\u202e\r\n# {MARK}"
"""A name that breaks out of Discord's markup, of a terminal's line, of a log's line, and of a caption."""


class UnmakeableError(Exception):
    """No value of a type can be made from its annotation alone."""


class Maker:
    """Makes values. Equal seeds make equal ones; another seed takes other members of unions and enumerations."""

    def __init__(self, seed: int, text: str = HOSTILE, most: int = 2) -> None:
        """`text`: each text. `most`: the most values of a list."""
        self._chance = random.Random(seed)
        self._text, self._most = text, most

    def arguments(self, function: Any) -> dict[str, Any]:
        """A value for each parameter of a function, by name."""
        return {name: self.value(kind) for name, kind in hints_of(function).items() if name != "return"}

    def value(self, kind: Any) -> Any:
        """A value of a type. Raises UnmakeableError."""
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin in {typing.Union, types.UnionType}:
            return self.value(self._chance.choice(inner))
        if origin is typing.Literal:
            return self._chance.choice(inner)
        if origin is typing.Annotated:
            return self.value(inner[0])
        if origin is tuple:
            return tuple(self.value(one) for one in inner if one is not Ellipsis)
        if origin in {dict, collections.abc.Mapping}:
            return {self.value(inner[0]): self.value(inner[1])}
        if origin is typing.IO:
            return BytesIO()
        if origin in {set, frozenset, collections.abc.Set}:
            return frozenset({self.value(inner[0])})
        if origin is not None and issubclass(origin, collections.abc.Iterable):
            return [self.value(inner[0]) for _ in range(self._chance.randint(1, self._most))]
        return self._simple(kind)

    def _simple(self, kind: Any) -> Any:
        made = {
            str: self._text,
            bytes: b"",
            type(None): None,
            float: self._chance.uniform(0.05, 0.95),
            int: self._chance.randint(1, 9),
            bool: self._chance.random() < 0.5,
            datetime: datetime.now(UTC),
            Path: Path(self._text),
            Any: None,
        }
        if kind in made:
            return made[kind]
        if not isinstance(kind, type):
            raise UnmakeableError(kind)
        if issubclass(kind, enum.Enum):
            return self._chance.choice(list(kind))
        if kind.__name__ == "Message":
            return kind("{text}", text=self._text)
        if kind.__name__ == "ndarray":
            return __import__("numpy").zeros((1, 4), "float32")
        if kind in {BytesIO, BufferedRandom, typing.IO, typing.BinaryIO}:
            return BytesIO()
        if dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
            hints = hints_of(kind)
            names = (
                [field.name for field in dataclasses.fields(kind) if field.init]
                if dataclasses.is_dataclass(kind)
                else hints
            )
            return kind(**{name: self.value(hints[name]) for name in names})
        raise UnmakeableError(kind)


@cache
def hints_of(thing: Any) -> dict[str, Any]:
    """The annotations of a function or a class as types, with those that only type checkers import."""
    if not isinstance(thing, type):
        return typing.get_type_hints(thing, globalns=_names(thing.__module__))
    hints: dict[str, Any] = {}
    for base in reversed(thing.__mro__[:-1]):
        names = _names(base.__module__)
        for name, annotation in vars(base).get("__annotations__", {}).items():
            written = getattr(annotation, "__forward_arg__", annotation)  # as a NamedTuple keeps it
            hints[name] = eval(written, names) if isinstance(written, str) else written
    return hints


@cache
def _names(module: str) -> dict[str, Any]:
    names = dict(vars(sys.modules[module]))
    source = inspect.getsource(sys.modules[module]) if names.get("__file__") else ""
    for node in ast.parse(source).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), module, "exec"), names)
    return names
