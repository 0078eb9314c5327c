"""Every text from outside goes through one function on its way into captions, and one on its way into a file's path.

`tests/cogs/common/test_hostile_names.py` holds texts for Discord, `tests/bot/text/test_control_characters.py` those for a
terminal and the log.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.sources import LAYERS, modules, name_of, tree_of

ASS_COMMAND = "{\\"

SAFE_IN_ASS = {
    "_plain": "escapes",
    "_column": "escapes each text",
    "rounded": "draws",
    "path": "is drawn by outline",
    "start": "sets a size",
    "colour": "is made by _hex",
}
"""Functions and variables whose values may stand in a caption, and why."""

SAFE_IN_PATHS = {
    "folder_of": "escapes",
    "_own_name": "of a photo's file",
    "hashed_name": "is hexadecimal",
    "hexdigest": "is hexadecimal",
    "hex": "is hexadecimal",
    "name": "of a file that exists, or that the project ships",
    "path": "of a pinned file of weights",
    "next": "counts",
    "number": "counts",
    "file": "of the project's samples",
    "file_extension": "of a format that the project knows",
    "version": "of an engine",
    "group": "of a folder that exists",
    "key": "is made by the cache of clips",
    "ending": "of a format that the project knows",
    "video": "is the key of a clip's folder",
}
"""Functions, attributes and variables whose values may be a part of a path, and why."""


NUMBERS = frozenset({"float", "len", "length", "log", "max", "maximum", "norm", "sqrt", "std", "sum", "where"})
"""Functions whose results divide numbers."""


def last_word(value: ast.expr) -> str:
    """The name of a variable, an attribute, or a called function."""
    match value:
        case ast.Call(func=ast.Name(id="str"), args=[inner]):
            return last_word(inner)
        case ast.Call(func=called):
            return last_word(called)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Subscript(value=inner):
            return last_word(inner)
        case _:
            return ast.unparse(value)


def filled(text: ast.JoinedStr) -> Iterator[str]:
    """The words of what an f-string is filled with, without numbers in a format of their own."""
    for part in text.values:
        if isinstance(part, ast.FormattedValue) and part.format_spec is None:
            yield last_word(part.value)


def in_captions(tree: ast.AST) -> Iterator[str]:
    """What a module writes beside a command of ASS."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            constants = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            if ASS_COMMAND in constants:
                yield from filled(node)


def in_paths(tree: ast.AST) -> Iterator[str]:
    """What a module makes the last part of a path of, constants left out."""
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(op=ast.Div(), right=ast.JoinedStr() as text):
                yield from filled(text)
            case ast.BinOp(op=ast.Div(), right=ast.Call() as called):
                yield from {last_word(called)} - NUMBERS
            case ast.Call(
                func=ast.Attribute(attr="with_name" | "with_stem" | "joinpath"), args=[ast.JoinedStr() as text]
            ):
                yield from filled(text)
            case _:
                pass


def test_captions_hold_no_text_from_outside_as_it_is() -> None:
    written = {word: name_of(module) for module in modules("bot/media/clips") for word in in_captions(tree_of(module))}
    assert "_plain" in written
    assert {word: where for word, where in written.items() if word not in SAFE_IN_ASS} == {}


def test_paths_hold_no_text_from_outside_as_it_is() -> None:
    made = {
        word: name_of(module) for layer in LAYERS for module in modules(layer) for word in in_paths(tree_of(module))
    }
    assert "folder_of" in made
    assert {word: where for word, where in made.items() if word not in SAFE_IN_PATHS} == {}


def test_a_text_as_it_is_would_be_seen() -> None:
    caption = 'text = f"{{\\\\an4\\\\fs{size:.1f}}}{guess.title}"'
    assert list(in_captions(ast.parse(caption))) == ["title"]
    assert list(in_paths(ast.parse('out / f"{video.title}.mp4"; out.with_name(f"{site}.txt")'))) == ["title", "site"]
