"""`nugu enrol`, `nugu identify`, `nugu evaluate` and `nugu gather`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.running import LinePerGroup, at_work, run_async, settings
from models.engines import DEFAULT

verbs = typer.Typer()


@verbs.command()
def enrol(
    folder: Annotated[
        Path, typer.Argument(help="Holds GROUP/MEMBER/* photos.", metavar="FOLDER", exists=True, file_okay=False)
    ],
    group: Annotated[str | None, typer.Option(help="FOLDER holds MEMBER/* photos of this one group.")] = None,
) -> None:
    """Add groups, members and photos from a folder. Every server may ask about them."""
    given = settings()
    from bot.commands.folders import enrol_folder

    if not run_async(enrol_folder(given, folder, group)):
        raise typer.Exit(1)


@verbs.command()
def identify(
    photos: Annotated[list[Path], typer.Argument(help="Pictures to look at.", metavar="PHOTO")],
    group: Annotated[str | None, typer.Option(help="The group they belong to; left out, it is found.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a photo.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the tagged pictures to this folder.", file_okay=False)] = None,
) -> None:
    """Name the faces in pictures."""
    given = settings()
    from bot.commands.identifying import identify_files

    if not run_async(identify_files(given, photos, group, as_json=as_json, out=out)):
        raise typer.Exit(1)


@verbs.command()
def evaluate(
    gallery: Annotated[
        Path,
        typer.Argument(
            help="Holds GROUP/MEMBER/* or MEMBER/* photos to enrol.", metavar="GALLERY", exists=True, file_okay=False
        ),
    ],
    probes: Annotated[
        Path,
        typer.Argument(
            help="Photos to ask about, laid out alike; may be GALLERY.", metavar="PROBES", exists=True, file_okay=False
        ),
    ],
    strangers: Annotated[
        list[Path] | None,
        typer.Option(
            help="Photos of people who are not enrolled; may be given again.",
            exists=True,
            file_okay=False,
            metavar="<dir>",
        ),
    ] = None,
    photos: Annotated[
        int | None, typer.Option(help="Photos a member to enrol, drawn anew a trial.", min=1, metavar="<int>")
    ] = None,
    trials: Annotated[int, typer.Option(help="Times to draw and ask.", min=1, metavar="<int>")] = 10,
    engine: Annotated[str, typer.Option(help="The engine that encodes.")] = DEFAULT,
    as_json: LinePerGroup = False,
    out: Annotated[Path | None, typer.Option(help="Draw the figures into this folder.", file_okay=False)] = None,
) -> None:
    """Count right names, wrong names, and strangers with a name."""
    given = settings()
    from bot.commands.evaluation import evaluate_folders

    with at_work():
        all_evaluated = evaluate_folders(
            given,
            gallery,
            probes,
            strangers or [],
            engine=engine,
            photos=photos,
            trials=trials,
            as_json=as_json,
            out=out,
        )
    if not all_evaluated:
        raise typer.Exit(1)


@verbs.command()
def gather(
    group: Annotated[str, typer.Argument(help="A group that is there already.", metavar="GROUP")],
    member: Annotated[
        str | None,
        typer.Argument(help="One of its members; left out, everybody who lacks photos.", metavar="MEMBER"),
    ] = None,
    wanted: Annotated[
        int, typer.Option(help="So many photos each member should come to.", min=1, max=50, metavar="<int>")
    ] = 10,
    server: Annotated[int, typer.Option(help="The Discord server whose roster it is; 0 is your own.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Write the photos to this folder, and nothing into review.", file_okay=False)
    ] = None,
) -> None:
    """Look for photos of members in image searches. They go into a server's review."""
    given = settings()
    from bot.commands.gathering import gather_photos

    if not run_async(gather_photos(given, group, member, wanted=wanted, server=server, out=out)):
        raise typer.Exit(1)
