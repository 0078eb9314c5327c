"""Commands that documentation shows, and the parsers that judge them without running anything."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import shlex
import sys
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, get_args
from unittest.mock import patch

import typer

from bot.cli import verbs
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
SHELLS = {"sh", "console"}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PROGRAMS = ("nugu", "uv", "uvx", "python", "pip", "pytest", ".ci/run", ".ci/pin")
PLACEHOLDER = re.compile(r"[A-Z][A-Z_.]*")
"""A word in capitals stands for a value of the reader's own."""


def page_name(page: Path) -> str:
    """The id of a page in parametrised tests."""
    return page.name


class WrongCommandError(Exception):
    """A command that can't be typed so: an unknown verb, option or file, or an argument too many or too few."""


@dataclass(frozen=True)
class ShownCommand:
    """A command on a page. `whole`: stands in a block, with all arguments that it needs; else a sentence names it."""

    page: Path
    text: str
    whole: bool

    def __str__(self) -> str:
        return f"{self.page.name}: {self.text}"


def shown_commands(page: Path) -> Iterator[ShownCommand]:
    """Every command of the page: the lines of its shell blocks, and spans that begin with one of PROGRAMS."""
    text = page.read_text()
    for language, block in FENCE.findall(text):
        if language in SHELLS:
            for line in block.splitlines():
                parts = shlex.split(line.removeprefix("$ "), comments=True)
                yield from (ShownCommand(page, one, True) for one in _joined(parts))
    for span in SPAN.findall(FENCE.sub("", text)):
        if span.split()[0] in PROGRAMS and span != span.split()[0]:
            yield from (ShownCommand(page, one, False) for one in _joined(shlex.split(span)))


def check(shown: ShownCommand) -> None:
    """Raises WrongCommandError."""
    words = shlex.split(shown.text)
    if ">" in words:
        words = words[: words.index(">")]
    _check(words, shown.whole)


def verbs_of_nugu() -> set[str]:
    """Every verb: `run`, `roster list` and so on."""
    tree: Any = typer.main.get_command(verbs)
    alone: set[str] = {name for name, command in tree.commands.items() if not hasattr(command, "commands")}
    inner = {f"{name} {verb}" for name in tree.commands.keys() - alone for verb in tree.commands[name].commands}
    return alone | inner


def _joined(words: list[str]) -> list[str]:
    """The commands of a line, which `&&` joins."""
    lines: list[list[str]] = [[]]
    for word in words:
        if word == "&&":
            lines.append([])
        else:
            lines[-1].append(word)
    return [shlex.join(line).replace("'>'", ">") for line in lines if line]


def _check(words: list[str], whole: bool) -> None:
    program, *rest = words
    if program == "python":
        _check_python(rest, whole)
    elif program not in CHECKS:
        raise WrongCommandError(f"unknown program {program}")
    else:
        CHECKS[program](rest, whole)


def _check_nugu(words: list[str], whole: bool) -> None:
    command: Any = typer.main.get_command(verbs)
    words = [word for word in words if word != "…"]
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            raise WrongCommandError(f"unknown verb {words[0]}")
        command, words = command.commands[words[0]], words[1:]
    context = command.context_class(command, info_name="nugu")
    try:
        values, rest, _ = command.make_parser(context).parse_args(list(words))
    except Exception as error:  # typer's own usage errors have no public class
        raise WrongCommandError(str(error)) from error
    if rest:
        raise WrongCommandError(f"arguments too many: {rest}")
    for parameter in command.params:
        given = _words_of(values.get(parameter.name))
        if whole and parameter.required and not given:
            raise WrongCommandError(f"{parameter.name} is missing")
        for word in given:
            _check_value(parameter, word)


def _words_of(value: Any) -> list[str]:
    """The words that were given for a parameter; none of a switch."""
    if isinstance(value, str):
        return [value]
    return list(cast("list[str]", value)) if isinstance(value, tuple | list) else []


def _check_value(parameter: Any, word: str) -> None:
    if PLACEHOLDER.fullmatch(word):
        return
    kind = parameter.type_descriptor.annotation
    try:
        value = next(iter(get_args(kind)), kind)(word)
    except ValueError as error:
        raise WrongCommandError(f"{parameter.name} can't be {word}") from error
    if (parameter.min is not None and value < parameter.min) or (parameter.max is not None and value > parameter.max):
        raise WrongCommandError(f"{parameter.name} can't be {word}")


def _check_python(words: list[str], whole: bool) -> None:
    if len(words) < 2 or words[0] != "-m":
        raise WrongCommandError("only modules are shown")
    name, *arguments = words[1:]
    if (spec := importlib.util.find_spec(name)) is None:
        raise WrongCommandError(f"no module {name}")
    module = importlib.import_module(f"{name}.__main__" if spec.submodule_search_locations else name)
    if not hasattr(module, "argparse"):
        if arguments:
            raise WrongCommandError(f"{name} takes no arguments")
        return
    if whole or arguments:
        _parse(module.main, name, arguments)


class _ParsedError(Exception):
    """Stops a program once its arguments are parsed."""


def _parse(main: Callable[[], None], name: str, arguments: list[str]) -> None:
    def parse(parser: argparse.ArgumentParser, *_: object) -> argparse.Namespace:
        try:
            unknown = parser.parse_known_args(arguments)[1]
        except SystemExit as refused:
            raise WrongCommandError(f"{name} refuses {arguments}") from refused
        if unknown:
            raise WrongCommandError(f"{name} doesn't know {unknown}")
        raise _ParsedError

    with patch.object(argparse.ArgumentParser, "parse_args", parse), patch.object(sys, "argv", [name, *arguments]):
        try:
            main()
        except _ParsedError:
            return
    raise WrongCommandError(f"{name} parses no arguments")


def _check_pytest(words: list[str], whole: bool) -> None:
    markers = {line.partition(":")[0] for line in _project()["tool"]["pytest"]["ini_options"]["markers"]}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "-m" and (marker := rest.pop(0)) not in markers:
            raise WrongCommandError(f"unknown marker {marker}")
        if word in {"-n", "-k"}:
            rest.pop(0)
        elif word.startswith("-") and word not in {"-m", "-q"}:
            raise WrongCommandError(f"unknown option {word} of pytest")
        elif not word.startswith("-") and not (ROOT / word).exists():
            raise WrongCommandError(f"no file {word}")


def _check_uv(words: list[str], whole: bool) -> None:
    verb, *rest = words
    if verb not in {"run", "sync"}:
        raise WrongCommandError(f"unknown verb {verb} of uv")
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--group":
            if rest.pop(0) not in _project()["dependency-groups"]:
                raise WrongCommandError("unknown group")
        elif option not in {"--all-groups", "--quiet"}:
            raise WrongCommandError(f"unknown option {option} of uv")
    if verb == "run":
        if rest and rest[0] == "…":
            return
        _check(rest, whole)
    elif rest:
        raise WrongCommandError(f"arguments too many: {rest}")


def _one_of(*allowed: str) -> Callable[[list[str], bool], None]:
    def check(words: list[str], whole: bool) -> None:
        if (given := " ".join(words)) not in allowed:
            raise WrongCommandError(f"unknown arguments {given}")

    return check


def _check_copy(words: list[str], whole: bool) -> None:
    if not (ROOT / words[0]).exists():
        raise WrongCommandError(f"no file {words[0]}")


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


CHECKS: dict[str, Callable[[list[str], bool], None]] = {
    "nugu": _check_nugu,
    "uv": _check_uv,
    "pytest": _check_pytest,
    "pip": _one_of("install uv"),
    "uvx": _one_of("pre-commit install", "pre-commit run --all-files"),
    "ruff": _one_of("check", "format", "format --check"),
    "basedpyright": _one_of(""),
    "cp": _check_copy,
    ".ci/run": _one_of(""),
    ".ci/pin": _one_of("", "--upgrade"),
}
