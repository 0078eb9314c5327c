"""`nugu annotate`: a music video with the names in it, from a file or a link."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import jobs
from bot.app import App
from bot.commands import terminal
from bot.domain.clips import common_screen_time
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import OperatorError, PersonError
from bot.infra.clip_files import VIDEO, CachedVideo
from bot.infra.private_files import apply_user_umask, make_user_folder, with_user_mode
from bot.infra.temporary import TemporaryFolder
from bot.links.fetching import normalised_link
from bot.text.clips import missing_sentences, no_sound_sentence
from bot.text.faces import guess_text, name_basis, name_confidence, unknown_people
from bot.text.formatting import circled, time_code
from bot.usecases.clips.attempt import cached_link
from bot.usecases.clips.drawing import draw_frames
from bot.usecases.clips.options import ClipOptions, RequestedSection
from bot.usecases.clips.pipeline import annotate
from bot.usecases.questions.identify import IdentifyRequest, naming_choices

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.progress import Progress

    from bot.domain.clips import ClipStage
    from bot.domain.enums import CaptionStyle
    from bot.learning.recognisers import FittedRecogniser
    from bot.settings import Settings
    from bot.usecases.clips.pipeline import AnnotatedClip

LARGEST = 2**31
"""The largest clip on the operator's own disk, in bytes."""


class StageProgressBar:
    """A progress bar of the stages, and the seconds that each of them took."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar = progress.add_task("starting", total=None)
        self._began = self._last = time.perf_counter()
        self._stage: ClipStage | None = None
        self._seconds: dict[str, float] = {}

    def on_progress(self, stage: ClipStage, share: float | None = None, seen: tuple[str, ...] = ()) -> None:
        """See `bot.usecases.clips.options.ClipProgressCallback`."""
        if stage is not self._stage:
            self._end_stage()
            self._stage = stage
        description = terminal.printable(f"{stage}: {', '.join(seen)}" if seen else stage)
        self._progress.update(
            self._bar, description=description, total=1.0 if share is not None else None, completed=share or 0
        )

    def done(self) -> None:
        """Fill the bar: everything is written."""
        self._progress.update(self._bar, description="done", total=1.0, completed=1.0)

    def seconds(self) -> dict[str, float]:
        """Seconds by stage, and all together."""
        self._end_stage()
        return {**self._seconds, "all": self._last - self._began}

    def _end_stage(self) -> None:
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
    style: CaptionStyle,
    height: int | None,
    frames: Path | None,
    faces: Path | None,
    as_json: bool,
) -> None:
    """Write the annotated clip of a file or link to `out`, and frames and faces where these are given. Raises PersonError."""
    # An operator's own video may have any length.
    wanted = RequestedSection(*part, max_seconds=math.inf)
    async with App.open(settings) as app:
        fitted = await app.recognisers.for_rosters([SHARED_ROSTER])
        chosen, threshold, _ = await naming_choices(app, IdentifyRequest(asker_id=0, group=group))
        with terminal.progress() as progress, TemporaryFolder() as place:
            stages = StageProgressBar(progress)
            options = ClipOptions(wanted, style, chosen, threshold, LARGEST, height)
            with _about(source):
                video = await _video(app, source, wanted, place, stages)
                done = await annotate(app, video, options, fitted, stages.on_progress)
            with terminal.naming_file(out), with_user_mode(out):
                await asyncio.to_thread(shutil.copyfile, done.clip, out)
            if frames is not None:
                make_user_folder(frames)
                before = set(frames.iterdir())
                await draw_frames(app, video, done.section, done.named.script, frames.absolute())
                apply_user_umask(set(frames.iterdir()) - before)
            if faces is not None:
                by_frame = await app.compute.run_in_background(
                    jobs.faces_by_frame, done.face_tracks, fitted.recogniser, options.naming
                )
                terminal.write_file(faces, json.dumps(by_frame, ensure_ascii=False).encode())
            stages.done()
            if done.unheard is not None:
                terminal.print_errors(no_sound_sentence(done.unheard))
            for sentence in missing_sentences(done.missing):
                terminal.print_errors(sentence)
            record = as_record(source, out, done, fitted, stages.seconds())
    if as_json:
        terminal.print_json(record)
    else:
        terminal.print_lines(*_lines(record, done))


@contextmanager
def _about(source: str) -> Generator[None]:
    """Name the video in its errors."""
    try:
        yield
    except PersonError as error:
        raise OperatorError("{source}: {error}", source=source, error=error.message) from error


def as_record(
    source: str, out: Path, done: AnnotatedClip, fitted: FittedRecogniser, seconds: dict[str, float]
) -> dict[str, Any]:
    """The JSON object of an annotated clip. All times are in seconds, `on_screen` from the video's beginning."""
    return {
        "video": source,
        "out": str(out),
        "size": list(done.named.size),
        "start": done.section.start,
        "length": round(done.section.seconds, 3),
        "group": done.named.group_name,
        "cast": [
            {
                "number": person.number,
                "name": person.guess.name,
                "confidence": name_confidence(person.guess),
                "basis": name_basis(person.guess),
                "band": person.guess.band.value,
                "seconds": round(person.seconds, 2),
                "on_screen": [[round(done.section.start + at, 2) for at in span] for span in person.spans],
            }
            for person in done.named.people
        ],
        "engine": fitted.engine,
        "seconds": {stage: round(taken, 3) for stage, taken in seconds.items()},
    }


def _lines(record: dict[str, Any], done: AnnotatedClip) -> list[str]:
    group = record["group"]
    lines = [f"{record['out']}{f' ({group})' if group else ''}"]
    unknown = [person for person in done.named.people if person.guess.name is None]
    for person in done.named.people:
        if len(unknown) > 1 and person.guess.name is None:
            continue
        first = time_code(done.section.start + person.spans[0][0])
        lines.append(f"  {circled(person.number)} {guess_text(person.guess)}: {person.seconds:.1f} s, from {first}")
    if len(unknown) > 1:
        spans, seconds = common_screen_time(person.spans for person in unknown)
        first = time_code(done.section.start + spans[0][0])
        lines.append(f"  {unknown_people(len(unknown))}: {seconds:.1f} s, from {first}")
    return lines if done.named.people else [*lines, "  no face"]


async def _video(app: App, source: str, part: RequestedSection, place: Path, stages: StageProgressBar) -> CachedVideo:
    """A link to the file in the folder `place`, or the downloaded video."""
    path = Path(source)
    if path.is_file():
        (place / VIDEO).symlink_to(path.absolute())
        return CachedVideo(place, path.name)
    return await cached_link(app, normalised_link(app.settings, source), None, part, stages.on_progress)
