"""`nugu engine`: list, install and switch engines, on a terminal or as JSON."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bot.app import App
from bot.commands import terminal
from bot.domain.engines import DownloadStep
from bot.usecases import engines
from models.engines import weights_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from bot.domain.engines import EngineStep
    from bot.settings import Settings
    from bot.usecases.engines import EngineProgressCallback, EngineSwitch, ListedEngine


async def list_engines(settings: Settings, *, as_json: bool) -> None:
    """Print a line an engine."""
    async with App.open(settings, own_processes=False) as app:
        listed = await engines.list_engines(app)
    for engine in listed:
        if as_json:
            terminal.print_json(as_record(engine))
        else:
            terminal.print_lines(engine_line(engine))


async def install_engine(settings: Settings, name: str, folder: Path | None) -> None:
    """Install an engine and let it answer."""
    async with App.open(settings) as app:
        with _progress() as progress:
            switched = await engines.install(app, name, folder, progress)
    for wanted in weights_of(name):
        terminal.print_lines(f"{wanted.path}: {wanted.licence}, {wanted.url}")
    _report(switched)


async def use_engine(settings: Settings, name: str) -> None:
    """Let an installed engine answer."""
    async with App.open(settings) as app:
        with _progress() as progress:
            switched = await engines.use(app, name, progress)
    _report(switched)


def as_record(engine: ListedEngine) -> dict[str, Any]:
    """The JSON object of one engine."""
    return {
        "engine": engine.name,
        "version": engine.version,
        "installed": engine.installed,
        "in_use": engine.in_use,
        "photos": engine.encoded.crops if engine.encoded else None,
        "encoded": engine.encoded.encoded if engine.encoded else None,
        "without_face": engine.encoded.faceless if engine.encoded else None,
        "trouble": None if engine.trouble is None else str(engine.trouble),
    }


def engine_line(engine: ListedEngine) -> str:
    """`* dlib    dlib-1    installed    24 of 24 photos encoded`; the star marks the one in use."""
    state = "installed" if engine.installed else f"not installed: nugu engine install {engine.name}"
    photos = f"{engine.encoded.encoded} of {engine.encoded.crops} photos encoded" if engine.encoded else ""
    columns = (engine.name.ljust(8), (engine.version or "–").ljust(10), state, photos, str(engine.trouble or ""))
    return f"{'*' if engine.in_use else ' '} {'  '.join(filter(None, columns))}"


def _report(switched: EngineSwitch) -> None:
    for photo in switched.faceless:
        terminal.print_errors(f"no face: {photo.group}, {photo.member}: {photo.crop_key}")
    encoded = switched.encoded
    terminal.print_lines(
        f"{switched.version} answers from now on; {encoded.encoded} of {encoded.crops} photos are encoded by it"
    )
    if encoded.faceless:
        terminal.print_errors(f"it finds no face in {encoded.faceless}, which count no more while it answers")


@contextmanager
def _progress() -> Generator[EngineProgressCallback]:
    """A bar for each step, on a terminal only."""
    with terminal.progress() as progress:
        bars: dict[EngineStep, Any] = {}

        def show(step: EngineStep, done: int, total: int) -> None:
            if step not in bars:
                bars[step] = progress.add_task(_described(step), total=total)
            progress.update(bars[step], completed=done, total=total)

        yield show


def _described(step: EngineStep) -> str:
    return step.file if isinstance(step, DownloadStep) else f"photos seen by {step.version}"
