"""`nugu annotate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.running import exit_on_error, fail, run_async, settings
from bot.domain.enums import CaptionStyle

verbs = typer.Typer()


@verbs.command()
def annotate(
    video: Annotated[str, typer.Argument(help="A video file, or a link to one.", metavar="VIDEO")],
    out: Annotated[Path, typer.Option(help="Where the clip is written.", dir_okay=False)],
    start: Annotated[
        str | None, typer.Option(help="Where to begin, such as 1:23; left out, where a link says, or at 0:00.")
    ] = None,
    length: Annotated[str | None, typer.Option(help="How much of it, such as 0:30; left out, to the end.")] = None,
    group: Annotated[str | None, typer.Option(help="The group that is in it; left out, it is found.")] = None,
    style: Annotated[CaptionStyle, typer.Option(help="What is drawn.")] = CaptionStyle.NAMES,
    height: Annotated[
        int | None, typer.Option(help="The clip's greatest height in pixels.", min=144, max=2160, metavar="<int>")
    ] = None,
    frames: Annotated[
        Path | None, typer.Option(help="Write the annotated frames as JPGs to this folder.", file_okay=False)
    ] = None,
    faces: Annotated[
        Path | None, typer.Option(help="Write each frame's names and boxes to this JSON file.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell who is on screen when as JSON.")] = False,
) -> None:
    """Name the faces in a music video."""
    from bot.text.links import read_seconds, start_of_link

    with exit_on_error():
        begin = start_of_link(video) if start is None else read_seconds(start)
        part = begin, None if length is None else read_seconds(length)
    _check(video, [path for path in (out, faces) if path is not None])
    given = settings()
    from bot.commands.annotate import annotate_video

    run_async(
        annotate_video(
            given,
            video,
            out,
            part=part,
            group=group,
            style=style,
            height=height,
            frames=frames,
            faces=faces,
            as_json=as_json,
        )
    )


def _check(video: str, written: list[Path]) -> None:
    """End at once where the video is missing, or an output file can't be written or is the video itself."""
    if "://" not in video and not Path(video).is_file():
        fail(f"There is no file {video}.")
    for path in written:
        if path.exists() and Path(video).exists() and path.samefile(video):
            fail(f"{path} is the video itself. Choose another name for what is written.")
        if not path.absolute().parent.is_dir():
            fail(f"There is no folder {path.absolute().parent}.")
