"""`nugu backup`, `nugu restore` and `nugu check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.running import at_work, fail, run_async, settings

verbs = typer.Typer()

PassphraseFile = Annotated[
    Path | None,
    typer.Option(help="The file with the passphrase.", exists=True, dir_okay=False, metavar="FILE"),
]


@verbs.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.", metavar="FILE", dir_okay=False)],
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Ask for a passphrase, and encrypt with it.")] = False,
    passphrase_file: PassphraseFile = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Back up the bot while it runs: database, crops, classifiers. With a passphrase, the file is encrypted."""
    if file.exists() and not force:
        fail(f"{file} is there already. Choose another name, or write over it with --force.")
    if not file.absolute().parent.is_dir():
        fail(f"There is no folder {file.parent}.")
    given = settings()
    from bot.commands import backups

    with at_work():
        passphrase = None if passphrase_file is None else backups.read_passphrase(passphrase_file)
        if encrypt and passphrase is None:
            passphrase = _asked(again=True)
        if not backups.back_up(given, file, passphrase):
            raise typer.Exit(1)


@verbs.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.", metavar="FILE", exists=True, dir_okay=False)],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Restore a backup into an empty data folder. A backup that is damaged in any way changes nothing."""
    given = settings()
    from bot.commands import backups

    with at_work():
        passphrase = None if passphrase_file is None else backups.read_passphrase(passphrase_file)
        if passphrase is None and backups.needs_passphrase(file):
            passphrase = _asked(again=False)
        backups.restore(given, file, passphrase)


@verbs.command()
def check(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended without loss.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a fault.")] = False,
) -> None:
    """Check the database, and that files and rows fit together."""
    given = settings()
    from bot.commands.backups import check as checked

    if not run_async(checked(given, mends=fix, as_json=as_json)):
        raise typer.Exit(1)


def _asked(*, again: bool) -> str:
    """A passphrase from the terminal. `again`: typed twice."""
    if not sys.stdin.isatty():
        fail("give the passphrase with --passphrase-file; there is no terminal to ask at")
    return typer.prompt("Passphrase", hide_input=True, confirmation_prompt=again, err=True)
