"""`nugu annotate`: a music video with the names in it, from a file or a link."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot import jobs
from bot.app import App
from bot.clips.flow import Part, Terms, annotate, draw_frames
from bot.clips.kept import VIDEO, KeptVideo
from bot.clips.making import have_linked
from bot.clips.standing import together
from bot.database.tables import HOUSE
from bot.errors import PersonError
from bot.links.fetching import tidied
from bot.usecases.identify import Asked, naming_of
from bot.wording import circled, in_words, silent, time_code, unknown_people

if TYPE_CHECKING:
    from bot.clips.flow import Annotated
    from bot.clips.standing import Stage
    from bot.media.captions import Style
    from bot.recognisers import Fitted
    from bot.settings import Settings

LARGEST = 2**31
"""Bytes that a clip on the operator's own disk may have."""

COLUMNS = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())


class Stages:
    """How far the work is, as a bar; and how many seconds each stage took."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar = progress.add_task("starting", total=None)
        self._began = self._last = time.perf_counter()
        self._stage: Stage | None = None
        self._seconds: dict[str, float] = {}

    def heard(self, stage: Stage, share: float | None = None, seen: tuple[str, ...] = ()) -> None:
        """See `bot.clips.flow.Heard`."""
        if stage is not self._stage:
            self._ends()
            self._stage = stage
        told = f"{stage}: {', '.join(seen)}" if seen else stage
        self._progress.update(
            self._bar, description=told, total=1.0 if share is not None else None, completed=share or 0
        )

    def seconds(self) -> dict[str, float]:
        """Seconds by stage, and all together."""
        self._ends()
        return {**self._seconds, "all": self._last - self._began}

    def _ends(self) -> None:
        now = time.perf_counter()
        name = str(self._stage) if self._stage is not None else "start"
        self._seconds[name] = self._seconds.get(name, 0.0) + now - self._last
        self._last = now


async def annotate_video(
    settings: Settings,
    source: str,
    out: Path,
    *,
    part: tuple[float, float | None],
    group: str | None,
    style: Style,
    height: int | None,
    frames: Path | None,
    faces: Path | None,
    as_json: bool,
) -> None:
    """Write the annotated clip of a file or link to `out`, and what else was asked for. Raises PersonError."""
    console = Console(stderr=True, highlight=False)
    _check_out(source, [path for path in (out, faces) if path is not None])
    # An operator's own video may be as long as it likes.
    wanted = Part(*part, most_seconds=math.inf)
    async with App.open(settings) as app:
        fitted = await app.recognisers.of([HOUSE])
        chosen, threshold, _ = await naming_of(app, Asked(asker_id=0, group=group))
        with Progress(*COLUMNS, console=console) as progress, tempfile.TemporaryDirectory(prefix="nugu-") as place:
            stages = Stages(progress)
            video = await _video(app, source, wanted, Path(place), stages)
            terms = Terms(wanted, style, chosen, threshold, LARGEST, height)
            done = await annotate(app, video, terms, fitted, stages.heard)
            await asyncio.to_thread(shutil.copyfile, done.clip, out)
            if frames is not None:
                frames.mkdir(parents=True, exist_ok=True)
                await draw_frames(app, video, done, frames.absolute())
            if faces is not None:
                told = await app.compute.run(jobs.faces_by_frame, done.look, fitted.recogniser, terms.billing)
                faces.write_text(json.dumps(told, ensure_ascii=False))
            if done.unheard is not None:
                console.print(silent(done.unheard), markup=False)
            record = as_record(source, out, done, fitted, stages.seconds())
    print(json.dumps(record, ensure_ascii=False) if as_json else _told(record, done))


def _check_out(source: str, files: list[Path]) -> None:
    """Raises PersonError where a file can't be written, or is the video itself, before any work is done."""
    for path in files:
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise PersonError(f"{path} is the video itself. Choose another name for what is written.")
        if not path.absolute().parent.is_dir():
            raise PersonError(f"There is no folder {path.absolute().parent}.")


def as_record(source: str, out: Path, done: Annotated, fitted: Fitted, seconds: dict[str, float]) -> dict[str, Any]:
    """The JSON object of an annotated clip."""
    return {
        "video": source,
        "out": str(out),
        "size": list(done.billed.size),
        "start": done.section.start,
        "length": round(done.section.seconds, 3),
        "group": done.billed.group_name,
        "cast": [
            {
                "number": person.number,
                "name": person.guess.name,
                "confidence": round(person.guess.confidence, 4),
                "band": person.guess.band.value,
                "seconds": round(person.seconds, 2),
                "on_screen": [[time_code(done.section.start + at) for at in span] for span in person.spans],
            }
            for person in done.billed.people
        ],
        "engine": fitted.engine,
        "seconds": {stage: round(taken, 3) for stage, taken in seconds.items()},
    }


def _told(record: dict[str, Any], done: Annotated) -> str:
    group = record["group"]
    lines = [f"{record['out']}{f' ({group})' if group else ''}"]
    unknown = [person for person in done.billed.people if person.guess.name is None]
    for person in done.billed.people:
        if len(unknown) > 1 and person.guess.name is None:
            continue
        first = time_code(done.section.start + person.spans[0][0])
        lines.append(f"  {circled(person.number)} {in_words(person.guess)}: {person.seconds:.1f} s, from {first}")
    if len(unknown) > 1:
        spans, seconds = together(person.spans for person in unknown)
        first = time_code(done.section.start + spans[0][0])
        lines.append(f"  {unknown_people(len(unknown))}: {seconds:.1f} s, from {first}")
    return "\n".join(lines if done.billed.people else [*lines, "  no face"])


async def _video(app: App, source: str, part: Part, place: Path, stages: Stages) -> KeptVideo:
    """The file as it lies, in a folder for what is made of it; or what the link leads to."""
    path = Path(source)
    if path.is_file():
        (place / VIDEO).symlink_to(path.absolute())
        return KeptVideo(place, path.name)
    if "://" not in source:
        raise PersonError(f"There is no file {source}.")
    return await have_linked(app, app.clips.kept, tidied(app.settings, source), part, stages.heard)
