"""What the command line prints. It never fails, whatever a name holds and whatever the terminal can show."""

from __future__ import annotations

import io
import json
import os
import sys
import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from rich.console import Console
    from rich.progress import Progress

CLOSED: Final = 141
"""The exit code of a program whose reader went away: 128 and SIGPIPE."""

_HIDDEN: Final = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of control characters, lone surrogates (bytes of file names that are no text) and line separators."""

_TURNING: Final = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Bidirectional classes of characters that change the order in which the others are shown."""


def prepare() -> None:
    """Make stdout and stderr write characters that their encoding lacks as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def shown(text: object) -> str:
    """`text` on one line, with what a terminal would obey or hide as escapes: `\\x1b`, `\\n`, `\\udcff`."""
    return "".join(
        character if _is_plain(character) else character.encode("unicode_escape").decode() for character in str(text)
    )


def say(*lines: str) -> None:
    """Print lines at once, so that a reader that wants no more ends the work."""
    for line in lines:
        print(shown(line), flush=True)


def complain(*lines: str) -> None:
    """Print lines to stderr."""
    for line in lines:
        print(shown(line), file=sys.stderr, flush=True)


def say_json(record: dict[str, Any]) -> None:
    """Print a JSON object on a line; what the terminal can't show, or would obey, as JSON's own escapes."""
    text = json.dumps(record, ensure_ascii=False)
    encoding = sys.stdout.encoding or "utf-8"
    print(
        "".join(one if _is_plain(one) and _fits(one, encoding) else json.dumps(one)[1:-1] for one in text), flush=True
    )


def write(path: Path, data: bytes) -> None:
    """Write a file; see `naming`."""
    with naming(path):
        path.write_bytes(data)


@contextmanager
def naming(path: Path) -> Generator[None]:
    """Name a file in every OSError that comes of writing it: the system names none where the disk is full."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def hush() -> None:
    """Let what is still to be printed go nowhere: whoever read it is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def progress(*, counts: bool = False) -> Progress:
    """A bar on stderr, on a terminal alone: in percent, or as `3/12`."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = _console()
    done = MofNCompleteColumn() if counts else TaskProgressColumn()
    words = TextColumn("{task.description}", markup=False)
    return Progress(words, BarColumn(), done, TimeRemainingColumn(), console=console, disable=not console.is_terminal)


@contextmanager
def at_work(what: str) -> Generator[None]:
    """Say on a terminal what takes long and how long it has taken, as long as it does."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = _console()
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as spinning:
        spinning.add_task(shown(what), total=None)
        yield


def _console() -> Console:
    from rich.console import Console

    class Errors(Console):
        """Rich would end the process itself where its reader is gone."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Errors(stderr=True, highlight=False)


def _is_plain(character: str) -> bool:
    return (character.isascii() and character.isprintable()) or not (
        unicodedata.category(character) in _HIDDEN or unicodedata.bidirectional(character) in _TURNING
    )


def _fits(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
