"""Runs a verb with the settings of this process. An error becomes a line on stderr."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from bot.commands import terminal

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator
    from typing import Any

    from bot.settings import Settings

T = TypeVar("T")

NEW_OBJECTS = 50_000
"""New objects, some 5 MB, after which Python looks for garbage among them. Rows of a large roster are as many."""

Server = Annotated[int, typer.Option(help="Id of the server whose group it is; 0 is what every server may ask about.")]
LinePerGroup = Annotated[bool, typer.Option("--json", help="One JSON line a group.")]
DrawnInto = Annotated[Path | None, typer.Option(help="Draw it into this PNG file.", dir_okay=False)]
OfGroup = Annotated[str, typer.Argument(help="The group.", metavar="GROUP")]


def settings() -> Settings:
    """The settings of this process, whose environment holds no secret afterwards.

    A wrong setting ends the process with code 2; an unknown one gets a line on stderr.
    """
    from pydantic import ValidationError

    from bot.infra import environment, redaction
    from bot.settings import Settings, unknown_variables

    try:
        for name, meant in unknown_variables():
            terminal.print_errors(f"nugu: {name} is no setting of nugu's; do you mean {meant}?")
        given = Settings.read()
    except ValidationError as error:
        wrong = "; ".join(f"{Settings.variable(str(each['loc'][0]))}: {each['msg']}" for each in error.errors())
        fail(f"wrong settings: {wrong}", code=2)
    except UnicodeDecodeError:
        fail("wrong settings: .env is no text in UTF-8", code=2)
    secrets = given.secrets()
    redaction.register_secrets(secrets.values())
    redaction.redact_tracebacks()
    redaction.redact_logs()
    environment.remove_variables(set(secrets))
    return given


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in an event loop; errors end the process as in `exit_on_error`."""
    import asyncio

    with at_work():
        return asyncio.run(work)


@contextmanager
def at_work() -> Generator[None]:
    """Do the work of a verb, whose imports are done: garbage is looked for from now on, among objects that come later.

    Errors end the process as in `exit_on_error`.
    """
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    gc.enable()
    with exit_on_error():
        yield


@contextmanager
def exit_on_error() -> Generator[None]:
    """Print an error as one line on stderr, and end: code 2 for an unknown group, 130 for Ctrl-C, else 1."""
    from bot.commands.messages import render_for_terminal
    from bot.errors import PersonError, UnknownGroupError

    try:
        yield
    except BrokenPipeError:
        raise
    except PersonError as error:
        fail(render_for_terminal(error), code=2 if isinstance(error, UnknownGroupError) else 1)
    except OSError as error:
        reason = error.strerror or str(error)
        fail(f"{error.filename}: {reason}" if error.filename is not None else reason)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def fail(sentence: str, code: int = 1) -> NoReturn:
    """Print `sentence` on stderr, and end with `code`."""
    first, *more = sentence.splitlines() or [""]
    terminal.print_errors(f"nugu: {first}", *more)
    raise typer.Exit(code)
