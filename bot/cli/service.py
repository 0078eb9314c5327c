"""`nugu run`, `nugu demo` and `nugu doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.running import exit_on_error, fail, run_async, settings

verbs = typer.Typer()

NO_TOKEN = (
    "no DISCORD_TOKEN: make a bot at discord.com/developers/applications, copy its token (Bot > Reset Token) "
    "into .env as DISCORD_TOKEN=… or name a file with it by DISCORD_TOKEN_FILE, or try everything without one: nugu demo"
)


@verbs.command()
def run() -> None:
    """Run the bot on Discord."""
    given = settings()
    with exit_on_error():
        token = given.discord_token()
    if token is None:
        fail(NO_TOKEN)
    from bot.commands.run import run_bot

    run_async(run_bot(given, token))


@verbs.command()
def demo(
    faces: Annotated[
        Path | None, typer.Option(help="Enrol FOLDER/GROUP/MEMBER/* first.", exists=True, file_okay=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Port of the page; left out, the next free one.", min=0, max=65535, metavar="<int>"),
    ] = None,
) -> None:
    """Try the bot in a browser: no token, no account."""
    given = settings()
    from bot.demo.run import run_demo

    run_async(run_demo(given, faces, port))


@verbs.command()
def doctor(
    link: Annotated[
        str | None,
        typer.Argument(help="Try this link to a video instead, and say what the site answers.", metavar="LINK"),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Take the data folder and .env away from other users of this machine.")
    ] = False,
) -> None:
    """Check everything that the bot needs, and say what is missing."""
    given = settings()
    from bot.commands.doctor import examine, examine_link

    if not run_async(examine(given, fix=fix) if link is None else examine_link(given, link)):
        raise typer.Exit(1)
