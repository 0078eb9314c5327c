"""The `nugu` command. What it starts is imported inside each command: workers import this module too."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from bot.errors import NoRosterError, PersonError, UnknownGroupError
from bot.media.captions import Style
from bot.wording import unmarked
from models.faces import Projection

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator
    from typing import Any

    from bot.settings import Settings

T = TypeVar("T")

cli = typer.Typer(
    name="nugu",
    help="Names the members of K-pop groups in pictures and videos. NUGU_DATA names the data folder.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

roster_cli = typer.Typer(help="The roster of every server as one archive: export, import.", no_args_is_help=True)
cli.add_typer(roster_cli, name="roster")

engine_cli = typer.Typer(help="What finds and encodes faces: list, install, switch.", no_args_is_help=True)
cli.add_typer(engine_cli, name="engine")

model_cli = typer.Typer(
    help="What was learned of each group: which model answers, how it stands.", no_args_is_help=True
)
cli.add_typer(model_cli, name="model")

Server = Annotated[int, typer.Option(help="Id of the server whose group it is; 0 is what every server may ask about.")]
OfGroup = Annotated[str, typer.Argument(help="The group.")]

NO_TOKEN = (
    "nugu: no DISCORD_TOKEN: make a bot at discord.com/developers/applications, copy its token (Bot > Reset Token) "
    "into .env as DISCORD_TOKEN=…, or try everything without one: nugu demo"
)


def main() -> None:
    """Entry of the `nugu` script."""
    cli()


@cli.command()
def run() -> None:
    """Run the bot on Discord."""
    settings = _settings()
    if settings.token is None:
        _fail(NO_TOKEN)
    from bot.commands.run import run_bot

    _finish(run_bot(settings, settings.token.get_secret_value()))


@cli.command()
def demo(
    faces: Annotated[
        Path | None, typer.Option(help="Enrol FOLDER/GROUP/MEMBER/* first.", exists=True, file_okay=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the page; left out, the next free one.", min=0, max=65535)
    ] = None,
) -> None:
    """Try the bot in a browser: no token, no account."""
    from bot.commands.demo import run_demo

    _finish(run_demo(_settings(), faces, port))


@cli.command()
def enrol(
    folder: Annotated[Path, typer.Argument(help="Holds GROUP/MEMBER/* photos.", exists=True, file_okay=False)],
    group: Annotated[str | None, typer.Option(help="FOLDER holds MEMBER/* photos of this one group.")] = None,
) -> None:
    """Add groups, members and photos from a folder, for every server to ask about."""
    from bot.commands.folders import enrol_folder

    taken = _finish(enrol_folder(_settings(), folder, group))
    if not taken:
        raise typer.Exit(1)


@cli.command()
def identify(
    photos: Annotated[list[Path], typer.Argument(help="Pictures to look at.")],
    group: Annotated[str | None, typer.Option(help="The group they belong to; left out, it is found.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a photo.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the tagged pictures to this folder.", file_okay=False)] = None,
) -> None:
    """Name the faces in pictures."""
    from bot.commands.folders import identify_files

    if not _finish(identify_files(_settings(), photos, group, as_json=as_json, out=out)):
        raise typer.Exit(1)


@cli.command()
def annotate(
    video: Annotated[str, typer.Argument(help="A video file, or a link to one.")],
    out: Annotated[Path, typer.Option(help="Where the clip is written.", dir_okay=False)],
    start: Annotated[
        str | None, typer.Option(help="Where to begin, such as 1:23; left out, where a link says, or at 0:00.")
    ] = None,
    length: Annotated[str | None, typer.Option(help="How much of it, such as 0:30; left out, to the end.")] = None,
    group: Annotated[str | None, typer.Option(help="The group that is in it; left out, it is found.")] = None,
    style: Annotated[Style, typer.Option(help="What is drawn.")] = Style.NAMES,
    height: Annotated[int | None, typer.Option(help="The clip's greatest height in pixels.", min=144, max=2160)] = None,
    frames: Annotated[
        Path | None, typer.Option(help="Write the annotated frames as JPGs to this folder.", file_okay=False)
    ] = None,
    faces: Annotated[
        Path | None, typer.Option(help="Write each frame's names and boxes to this JSON file.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell who is on screen when as JSON.")] = False,
) -> None:
    """Name the faces in a music video."""
    from bot.clips.wishes import read_seconds, start_in
    from bot.commands.annotate import annotate_video

    settings = _settings()
    with _told():
        begin = start_in(video) if start is None else read_seconds(start)
        part = begin, None if length is None else read_seconds(length)
    _finish(
        annotate_video(
            settings,
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


@cli.command()
def evaluate(
    gallery: Annotated[
        Path, typer.Argument(help="Holds GROUP/MEMBER/* or MEMBER/* photos to enrol.", exists=True, file_okay=False)
    ],
    probes: Annotated[
        Path, typer.Argument(help="Photos to ask about, laid out alike; may be GALLERY.", exists=True, file_okay=False)
    ],
    strangers: Annotated[
        list[Path] | None,
        typer.Option(help="Photos of people who are not enrolled; may be given again.", exists=True, file_okay=False),
    ] = None,
    photos: Annotated[int | None, typer.Option(help="Photos a member to enrol, drawn anew a trial.", min=1)] = None,
    trials: Annotated[int, typer.Option(help="Times to draw and ask.", min=1)] = 10,
    engine: Annotated[str, typer.Option(help="The engine that encodes.")] = "dlib",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a group.")] = False,
    out: Annotated[Path | None, typer.Option(help="Draw the figures into this folder.", file_okay=False)] = None,
) -> None:
    """Measure how well a gallery is recognised, and how rarely a stranger gets a name."""
    from bot.commands.evaluation import evaluate_folders

    settings = _settings()
    with _told():
        all_well = evaluate_folders(
            settings,
            gallery,
            probes,
            strangers or [],
            engine=engine,
            photos=photos,
            trials=trials,
            as_json=as_json,
            out=out,
        )
    if not all_well:
        raise typer.Exit(1)


@cli.command("map")
def map_group(
    group: OfGroup,
    out: Annotated[Path, typer.Option(help="The PNG file to write.", dir_okay=False)],
    method: Annotated[Projection, typer.Option(help="How faces are laid out.")] = Projection.TSNE,
    server: Server = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Tell who lies where as JSON.")] = False,
) -> None:
    """Draw all faces of a group in two dimensions: what lies near is alike."""
    from bot.commands.maps import draw_map

    _finish(draw_map(_settings(), group, server, method, out, as_json=as_json))


@cli.command()
def train() -> None:
    """Make a model of every group now, and say how it did. The bot does so by itself after changes."""
    from bot.commands.training import train_groups

    if not _finish(train_groups(_settings())):
        raise typer.Exit(1)


@cli.command()
def gather(
    group: Annotated[str, typer.Argument(help="A group that is there already.")],
    member: Annotated[
        str | None, typer.Argument(help="One of its members; left out, everybody who lacks photos.")
    ] = None,
    wanted: Annotated[int, typer.Option(help="So many photos each member should come to.", min=1, max=50)] = 10,
    server: Annotated[int, typer.Option(help="The Discord server whose roster it is; 0 is your own.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Write the photos to this folder, and nothing into review.", file_okay=False)
    ] = None,
) -> None:
    """Look for photos of members in image searches, and put them into a server's review."""
    from bot.commands.gathering import gather_photos

    if not _finish(gather_photos(_settings(), group, member, wanted=wanted, server=server, out=out)):
        raise typer.Exit(1)


@cli.command()
def twins(
    group: Annotated[str | None, typer.Argument(help="The group; left out, the one with the most alike two.")] = None,
    member: Annotated[str | None, typer.Option(help="Show who looks most like this member, in any group.")] = None,
    server: Server = 0,
    out: Annotated[Path | None, typer.Option(help="Draw it into this PNG file.", dir_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON, with all distances.")] = False,
) -> None:
    """Show which members of a group look most alike, or who looks like a member."""
    from bot.commands.twins import show_look_alikes, show_twins

    settings = _settings()
    if member is None:
        _finish(show_twins(settings, group, server, out, as_json=as_json))
    else:
        _finish(show_look_alikes(settings, group, member, server, out, as_json=as_json))


@cli.command()
def doctor(
    link: Annotated[
        str | None, typer.Argument(help="Try this link to a video instead, and say what the site answers.")
    ] = None,
) -> None:
    """Check everything that the bot needs, and say what is missing."""
    from bot.commands.doctor import examine, examine_link

    settings = _settings()
    if not _finish(examine(settings) if link is None else examine_link(settings, link)):
        raise typer.Exit(1)


@roster_cli.command("export")
def roster_export(
    file: Annotated[Path, typer.Argument(help="The zip archive to write.", dir_okay=False)],
    group: Annotated[str | None, typer.Option(help="One group; left out, all.")] = None,
) -> None:
    """Write groups, members, other names and crops to a zip archive."""
    from bot.commands.folders import export_archive

    _finish(export_archive(_settings(), file, group))


@roster_cli.command("import")
def roster_import(
    file: Annotated[Path, typer.Argument(help="A zip archive of GROUP/MEMBER/*.", exists=True, dir_okay=False)],
) -> None:
    """Add groups, members and photos from a zip archive, for every server to ask about."""
    from bot.commands.folders import import_archive

    if not _finish(import_archive(_settings(), file)):
        raise typer.Exit(1)


@engine_cli.command("list")
def engine_list(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line an engine.")] = False,
) -> None:
    """Show every engine: its version, whether it is installed and in use, how many photos it has encoded."""
    from bot.commands.engines import list_engines

    _finish(list_engines(_settings(), as_json=as_json))


@engine_cli.command("install")
def engine_install(
    name: Annotated[str, typer.Argument(help="As `nugu engine list` has it.")],
    folder: Annotated[
        Path | None,
        typer.Option("--from", help="Take the files from this folder: no network.", exists=True, file_okay=False),
    ] = None,
) -> None:
    """Get an engine from its publishers, re-encode the kept photos with it, and let it answer. A running bot follows."""
    from bot.commands.engines import install_engine

    _finish(install_engine(_settings(), name, folder))


@engine_cli.command("use")
def engine_use(name: Annotated[str, typer.Argument(help="An installed engine.")]) -> None:
    """Let an installed engine answer, once it has encoded what it lacks. A running bot follows."""
    from bot.commands.engines import use_engine

    _finish(use_engine(_settings(), name))


@model_cli.command("status")
def model_status() -> None:
    """Show which model answers for each group, and how many labels wait."""
    from bot.commands.models import show_status

    _finish(show_status(_settings()))


@model_cli.command("history")
def model_history(group: OfGroup, server: Server = 0) -> None:
    """Show every model of a group: its figures, and what became of it."""
    from bot.commands.models import show_history

    _finish(show_history(_settings(), group, server))


@model_cli.command("rollback")
def model_rollback(
    group: OfGroup,
    number: Annotated[int | None, typer.Argument(help="The model to go back to; left out, the one before.")] = None,
    server: Server = 0,
) -> None:
    """Let an earlier model of a group answer. A running bot follows."""
    from bot.commands.models import go_back

    _finish(go_back(_settings(), group, number, server))


@model_cli.command("report")
def model_report(
    group: OfGroup,
    server: Server = 0,
    out: Annotated[Path | None, typer.Option(help="Draw it into this PNG file.", dir_okay=False)] = None,
) -> None:
    """Show who of a group is recognised, who is mixed up, and which labels look wrong."""
    from bot.commands.models import show_report

    _finish(show_report(_settings(), group, server, out))


def _settings() -> Settings:
    from pydantic import ValidationError

    from bot.settings import Settings

    try:
        return Settings.read()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        _fail(f"nugu: wrong settings: {wrong}", code=2)


def _finish(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end."""
    with _told():
        return asyncio.run(work)


@contextmanager
def _told() -> Generator[None]:
    """A person's error is one line on stderr."""
    try:
        yield
    except UnknownGroupError as error:
        _fail(f"nugu: {error}", code=2)
    except NoRosterError:
        _fail("nugu: nobody is enrolled yet; start with: nugu enrol FOLDER (FOLDER/GROUP/MEMBER/*.jpg)")
    except (PersonError, OSError) as error:
        _fail(f"nugu: {error}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _fail(line: str, code: int = 1) -> NoReturn:
    print(unmarked(line), file=sys.stderr)
    raise typer.Exit(code)
