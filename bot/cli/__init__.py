"""The `nugu` command: what may be typed. What a verb starts is imported once its arguments are known to be right."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot.cli import engines, groups, models, photos, rosters, service, videos
from bot.commands import terminal

verbs = typer.Typer(
    name="nugu",
    help="Names the members of K-pop groups in pictures and videos. NUGU_DATA names the data folder.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help fits any terminal, and is there without importing rich.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for plain in (service.verbs, photos.verbs, videos.verbs, groups.verbs):
    verbs.add_typer(plain)
verbs.add_typer(rosters.verbs, name="roster")
verbs.add_typer(models.verbs, name="model")
verbs.add_typer(engines.verbs, name="engine")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        terminal.say(f"nugu {version('nugu')}")
        raise typer.Exit


@verbs.callback()
def nugu(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """See `verbs`."""


def main() -> None:
    """Entry of the `nugu` script. Ends quietly where whoever read its answer is gone, as in `nugu … | head`."""
    terminal.prepare()
    try:
        try:
            verbs(prog_name="nugu")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        terminal.hush()
        raise SystemExit(terminal.CLOSED) from None
    except SystemExit as ended:
        # Typer makes this of it where its own help is not read to the end.
        if isinstance(ended.__context__, BrokenPipeError):
            terminal.hush()
            raise SystemExit(terminal.CLOSED) from None
        raise
