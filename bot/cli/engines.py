"""`nugu engine`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.running import run_async, settings

verbs = typer.Typer(help="What finds and encodes faces: list, install, switch.", no_args_is_help=True)


@verbs.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line an engine.")] = False,
) -> None:
    """Show every engine. Tells its version, whether it is installed and in use, and how many photos it has encoded."""
    given = settings()
    from bot.commands.engines import list_engines

    run_async(list_engines(given, as_json=as_json))


@verbs.command()
def install(
    name: Annotated[str, typer.Argument(help="As nugu engine list has it.", metavar="ENGINE")],
    folder: Annotated[
        Path | None,
        typer.Option("--from", help="Take the files from this folder: no network.", exists=True, file_okay=False),
    ] = None,
) -> None:
    """Get an engine from its publishers. It encodes the kept photos, and answers from then on. A running bot follows."""
    given = settings()
    from bot.commands.engines import install_engine

    run_async(install_engine(given, name, folder))


@verbs.command()
def use(name: Annotated[str, typer.Argument(help="An installed engine.", metavar="ENGINE")]) -> None:
    """Let an installed engine answer. It encodes what it lacks first. A running bot follows."""
    given = settings()
    from bot.commands.engines import use_engine

    run_async(use_engine(given, name))
