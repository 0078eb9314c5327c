"""`nugu roster`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.running import LinePerGroup, OfGroup, Server, fail, run_async, settings

verbs = typer.Typer(help="Groups and members: list, remove, export, import.", no_args_is_help=True)


@verbs.command("list")
def list_roster(
    group: Annotated[str | None, typer.Argument(help="One group; left out, all.", metavar="GROUP")] = None,
    server: Server = 0,
    as_json: LinePerGroup = False,
) -> None:
    """Show the groups, their members, and how many photos each has."""
    given = settings()
    from bot.commands.rosters import list_groups

    run_async(list_groups(given, group, server, as_json=as_json))


@verbs.command()
def remove(
    group: OfGroup,
    member: Annotated[
        str | None, typer.Argument(help="One of its members; left out, the whole group.", metavar="MEMBER")
    ] = None,
    server: Server = 0,
    sure: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Remove a group or a member. Photos, encodings and words go too."""
    given = settings()
    from bot.commands.rosters import remove_named

    def confirmed(question: str) -> bool:
        return sure or typer.confirm(question, err=True)

    if not run_async(remove_named(given, group, member, server, confirmed)):
        raise typer.Exit(1)


@verbs.command("export")
def export_roster(
    file: Annotated[Path, typer.Argument(help="The zip archive to write.", metavar="FILE", dir_okay=False)],
    group: Annotated[str | None, typer.Option(help="One group; left out, all.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write groups, members, other names and crops to a zip archive."""
    if file.exists() and not force:
        fail(f"{file} is there already. Choose another name, or write over it with --force.")
    given = settings()
    from bot.commands.rosters import export_archive

    run_async(export_archive(given, file, group))


@verbs.command("import")
def import_roster(
    file: Annotated[
        Path, typer.Argument(help="A zip archive of GROUP/MEMBER/*.", metavar="FILE", exists=True, dir_okay=False)
    ],
) -> None:
    """Add groups, members and photos from a zip archive. Every server may ask about them."""
    given = settings()
    from bot.commands.folders import import_archive

    if not run_async(import_archive(given, file)):
        raise typer.Exit(1)
