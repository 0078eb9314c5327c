"""Prints the output of the command line. Any name can be printed on any terminal."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from bot.infra.private_files import with_user_mode
from bot.infra.redaction import redact
from bot.text.control_characters import escaped, is_harmless

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from rich.console import Console
    from rich.progress import Progress

CLOSED: Final = 141
"""The exit code of a program whose output is no longer read: 128 + SIGPIPE."""


def escape_unencodable() -> None:
    """Let stdout and stderr write characters that their encoding lacks as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def printable(text: object) -> str:
    """`text` on one line, with control characters as escapes. It holds no secret."""
    return escaped(redact(str(text)))


def print_lines(*lines: str) -> None:
    """Print lines and flush them, so that a closed pipe ends the work."""
    for line in lines:
        print(printable(line), flush=True)


def print_errors(*lines: str) -> None:
    """Print lines to stderr."""
    for line in lines:
        print(printable(line), file=sys.stderr, flush=True)


def print_json(record: dict[str, Any]) -> None:
    """Print a JSON object on a line, with characters that the terminal can't show or would obey as JSON escapes."""
    text = json.dumps(record, ensure_ascii=False)
    encoding = sys.stdout.encoding or "utf-8"
    print(
        "".join(char if is_harmless(char) and _fits(char, encoding) else json.dumps(char)[1:-1] for char in text),
        flush=True,
    )


def write_file(path: Path, data: bytes) -> None:
    """Write a file that a person asked for by name; see `naming_file` and `with_user_mode`."""
    with naming_file(path), with_user_mode(path):
        path.write_bytes(data)


@contextmanager
def naming_file(path: Path) -> Generator[None]:
    """Put a file's name into each OSError of its writing: the system names none where the disk is full."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def discard_output() -> None:
    """Discard the remaining output, which nobody reads."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def progress(*, counts: bool = False) -> Progress:
    """A progress bar on stderr, on a terminal only: in percent, or as `3/12`."""
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
    description = TextColumn("{task.description}", markup=False)
    return Progress(
        description, BarColumn(), done, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    )


@contextmanager
def spinner(work: str) -> Generator[None]:
    """Show the name of long work and its seconds, on a terminal only."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = _console()
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as spinning:
        spinning.add_task(printable(work), total=None)
        yield


def _console() -> Console:
    from rich.console import Console

    class RaisingConsole(Console):
        """Raises BrokenPipeError, where rich would end the process itself."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return RaisingConsole(stderr=True, highlight=False)


def _fits(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
