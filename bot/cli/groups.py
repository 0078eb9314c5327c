"""`nugu twins`, `nugu map` and `nugu train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.running import DrawnInto, OfGroup, Server, run_async, settings
from models.faces import ProjectionMethod

verbs = typer.Typer()


@verbs.command()
def train() -> None:
    """Make a model of every group now, and say how it did. The bot does so by itself after changes."""
    given = settings()
    from bot.commands.training import train_groups

    if not run_async(train_groups(given)):
        raise typer.Exit(1)


@verbs.command()
def twins(
    group: Annotated[
        str | None, typer.Argument(help="The group; left out, the one with the most alike two.", metavar="GROUP")
    ] = None,
    member: Annotated[str | None, typer.Option(help="Show who looks most like this member, in any group.")] = None,
    server: Server = 0,
    out: DrawnInto = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON, with all distances.")] = False,
) -> None:
    """Show who looks most alike in a group, or like a member."""
    given = settings()
    from bot.commands.twins import show_look_alikes, show_twins

    if member is None:
        run_async(show_twins(given, group, server, out, as_json=as_json))
    else:
        run_async(show_look_alikes(given, group, member, server, out, as_json=as_json))


@verbs.command("map")
def map_group(
    group: OfGroup,
    out: Annotated[Path, typer.Option(help="The PNG file to write.", dir_okay=False)],
    method: Annotated[ProjectionMethod, typer.Option(help="How faces are laid out.")] = ProjectionMethod.TSNE,
    server: Server = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Tell who lies where as JSON.")] = False,
) -> None:
    """Draw a group's faces in two dimensions: near is alike."""
    given = settings()
    from bot.commands.maps import draw_map

    run_async(draw_map(given, group, server, method, out, as_json=as_json))
