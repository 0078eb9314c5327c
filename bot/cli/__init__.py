"""The `nugu` command and its verbs. A verb imports its work after its arguments are parsed."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from bot.cli import backups, engines, groups, models, photos, rosters, service, videos
from bot.commands import terminal
from bot.infra.private_files import set_private_umask

verbs = typer.Typer(
    name="nugu",
    help="Names the members of K-pop groups in pictures and videos. NUGU_DATA names the data folder.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help fits any terminal, and needs no import of rich.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for top_level in (service.verbs, backups.verbs, photos.verbs, videos.verbs, groups.verbs):
    verbs.add_typer(top_level)
verbs.add_typer(rosters.verbs, name="roster")
verbs.add_typer(models.verbs, name="model")
verbs.add_typer(engines.verbs, name="engine")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        terminal.print_lines(f"nugu {version('nugu')}")
        raise typer.Exit


@verbs.callback()
def nugu(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """See `verbs`."""


def main() -> None:
    """Entry of the `nugu` script and of `python -m bot`. A closed pipe, as in `nugu … | head`, ends it quietly."""
    set_private_umask()
    # What a verb imports stays until its end. To look through it for garbage takes a tenth of the bot's start.
    gc.disable()
    terminal.escape_unencodable()
    try:
        try:
            verbs(prog_name="nugu")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        terminal.discard_output()
        raise SystemExit(terminal.CLOSED) from None
    except SystemExit as ended:
        # Typer raises this when the pipe closes while it prints its help.
        if isinstance(ended.__context__, BrokenPipeError):
            terminal.discard_output()
            raise SystemExit(terminal.CLOSED) from None
        raise
