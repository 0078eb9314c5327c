"""`nugu model`."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.running import DrawnInto, LinePerGroup, OfGroup, Server, run_async, settings

verbs = typer.Typer(help="What was learned of each group, and which model answers.", no_args_is_help=True)


@verbs.command()
def status(
    as_json: LinePerGroup = False,
) -> None:
    """Show which model answers for each group, and what waits."""
    given = settings()
    from bot.commands.models import show_status

    run_async(show_status(given, as_json=as_json))


@verbs.command()
def history(group: OfGroup, server: Server = 0) -> None:
    """Show every model of a group, and what became of it."""
    given = settings()
    from bot.commands.models import show_history

    run_async(show_history(given, group, server))


@verbs.command()
def rollback(
    group: OfGroup,
    number: Annotated[
        int | None, typer.Argument(help="The model to go back to; left out, the one before.", metavar="NUMBER")
    ] = None,
    server: Server = 0,
) -> None:
    """Let an earlier model of a group answer. A running bot follows."""
    given = settings()
    from bot.commands.models import roll_back

    run_async(roll_back(given, group, number, server))


@verbs.command()
def report(
    group: OfGroup,
    server: Server = 0,
    out: DrawnInto = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON.")] = False,
) -> None:
    """Show who is recognised and mixed up, and suspected labels."""
    given = settings()
    from bot.commands.models import show_report

    run_async(show_report(given, group, server, out, as_json=as_json))
