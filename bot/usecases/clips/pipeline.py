"""From a kept video to its annotated clip: looked at in parts by all workers, named, drawn. What was done already is taken."""

from __future__ import annotations

import asyncio
import hashlib
import math
import shutil
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import uuid4

from bot import jobs
from bot.domain.clips import ClipStage, NamingOptions
from bot.domain.faces import Refused
from bot.domain.messages import Hint
from bot.errors import PersonError
from bot.infra.clip_files import hashed
from bot.infra.compute import FIRST, LATER
from bot.media.clips import ClipLimits, ProgressFiles
from bot.media.footage import Section, VideoLimits
from bot.text.formatting import time_code

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bot.app import App
    from bot.domain.answers import Answer
    from bot.domain.clips import MissingFootage, NamedClip, OnScreen, TrackName
    from bot.domain.enums import CaptionStyle
    from bot.infra.clip_files import CachedVideo
    from bot.learning.recognisers import FittedRecogniser
    from bot.media.footage import Footage

T = TypeVar("T")

SPAN = 8.0
"""Seconds of video in one job: so long a picture may wait for a worker, and so much is done again when one dies.

A job begins at a keyframe, up to half as much later, since decoding does.
"""

USUAL_PIXELS = 1920 * 1080
"""Of a frame; where frames have more, parts are as much shorter, since looking takes longer."""

MOST_AT_ONCE = 32
"""Parts of one video that a scheduler of others is given together."""

SPAN_LIMIT = 300.0
DRAW_LIMIT = 120.0
DRAW_SLOWNESS = 20.0
"""A clip may take DRAW_LIMIT seconds to be drawn, and DRAW_SLOWNESS more for each of its own."""

NAME_LIMIT = 60.0
"""Seconds that naming a clip may take, and one more for each of its own."""

FRAMES_SLOWNESS = 60.0
"""So many seconds more for each of its own where every frame is written."""

OFTEN = 0.5
"""Seconds between two looks at how far the drawing is."""


@dataclass(frozen=True, slots=True)
class RequestedSection:
    """Which part of a video is wanted, and how long it may be, in seconds. `length` None: to the end."""

    start: float
    length: float | None
    most_seconds: float

    def of(self, seconds: float) -> Section:
        """The part of a video of this length; raises PersonError where it is none, or too long."""
        if self.start >= seconds:
            raise PersonError("That video ends at {seconds}, before the start you chose.", seconds=time_code(seconds))
        end = seconds if self.length is None else min(seconds, self.start + self.length)
        if end - self.start > self.most_seconds:
            raise PersonError(
                "I annotate {most} at most, and that is {length} long",
                most=time_code(self.most_seconds),
                length=time_code(end - self.start),
                hint=Hint.CHOOSE_PART,
            )
        return Section(self.start, end)


class ClipProgressCallback(Protocol):
    """Is told how far the work is: the stage, the share of it that is done, and the members seen so far."""

    def __call__(self, stage: ClipStage, share: float | None = None, seen: tuple[str, ...] = ()) -> None: ...


@dataclass(frozen=True, slots=True)
class ClipOptions:
    """What is wanted of a video. `group`: its id, None to find it. `height`: pixels at most, None as the settings have it."""

    part: RequestedSection
    style: CaptionStyle
    group: int | None
    threshold: float
    most_bytes: int
    height: int | None = None

    @property
    def naming(self) -> NamingOptions:
        """How its people are named."""
        return NamingOptions(self.group, self.threshold, self.style)


@dataclass(frozen=True, slots=True)
class AnnotatedClip:
    """A clip with the people in it. `face_tracks`: serialised. `unheard`, `missing`: of the footage, by `Footage`.

    The `missing.seconds` of the clip are those of the section too.
    """

    clip: Path
    face_tracks: bytes
    unheard: str | None
    missing: MissingFootage
    section: Section
    named: NamedClip


@dataclass(frozen=True, slots=True)
class _Seen:
    footage: Footage
    section: Section
    face_tracks: bytes

    @property
    def patience(self) -> float:
        """Seconds that work may take which grows with the section, and with the faces in it."""
        return NAME_LIMIT + self.section.seconds


async def annotate(
    app: App, video: CachedVideo, options: ClipOptions, fitted: FittedRecogniser, on_progress: ClipProgressCallback
) -> AnnotatedClip:
    """Look at the wanted part of a video, name who is in it, and draw that.

    Raises PersonError for a video that can't be read, or a part that is too long or not there.
    """
    seen = await _seen(app, video, options, fitted, on_progress)
    on_progress(ClipStage.NAME)
    named = await app.compute.run_within(
        seen.patience, FIRST, jobs.name_tracks, seen.face_tracks, fitted.recogniser, options.naming
    )
    if not named.seconds:
        raise PersonError("There is no picture in that part of the video. Ask for another part, or a longer one.")
    clip = await _drawn(app, video, seen, named.script, options, on_progress)
    missing = await _missing(app, seen)
    return AnnotatedClip(clip, seen.face_tracks, seen.footage.unheard, missing, seen.section, named)


async def draw_again(
    app: App,
    video: CachedVideo,
    options: ClipOptions,
    fitted: FittedRecogniser,
    track_names: Sequence[TrackName],
    on_progress: ClipProgressCallback,
) -> Path | None:
    """The clip with these names, from what was seen before; None where that is no longer kept. Raises PersonError."""
    footage = await _footage(app, video)
    section = options.part.of(footage.seconds)
    try:
        face_tracks = await asyncio.to_thread(_look_file(video, footage, section, fitted).read_bytes)
    except FileNotFoundError:
        return None
    seen = _Seen(footage, section, face_tracks)
    script = await app.compute.run_within(
        seen.patience, FIRST, jobs.write_captions, face_tracks, track_names, options.style
    )
    return await _drawn(app, video, seen, script, options, on_progress)


async def draw_chart(app: App, title: str, seconds: float, answer: Answer, cast: Sequence[OnScreen]) -> bytes:
    """The screen-time chart of a clip so long, as a PNG."""
    return await app.compute.run(jobs.screen_time_chart, title, seconds, answer, cast)


async def draw_frames(app: App, video: CachedVideo, done: AnnotatedClip, folder: Path) -> None:
    """Write every annotated frame to `folder`, numbered. Raises PersonError."""
    footage = await _footage(app, video)
    async with watched(video.folder, lambda _: None) as watch:
        limit = DRAW_LIMIT + FRAMES_SLOWNESS * done.section.seconds
        answered(
            await app.compute.run_releasing_worker(
                limit, jobs.draw_frames, footage, done.section, done.named.script, folder, watch
            )
        )


def answered(result: T | Refused) -> T:
    """What a job answered; raises PersonError with its sentence where it refused."""
    if isinstance(result, Refused):
        sentence = str(result.message)
        raise PersonError("{sentence}.", sentence=sentence[:1].upper() + sentence[1:])
    return result


def _look_file(video: CachedVideo, footage: Footage, section: Section, fitted: FittedRecogniser) -> Path:
    return video.folder / f"look-{hashed(_as_read(footage), section.start, section.end, fitted.engine)}.npz"


def _as_read(footage: Footage) -> str:
    """What was read of a video: where we come to read it otherwise, what was seen in it no longer fits what is drawn."""
    return repr(replace(footage, path=Path(footage.path.name), keyframes=(), pauses=()))


async def _footage(app: App, video: CachedVideo) -> Footage:
    return answered(await app.compute.run(jobs.probe_video, video.path, VideoLimits.of(app.settings)))


async def _missing(app: App, seen: _Seen) -> MissingFootage:
    """The footage that the clip does without: recordings that can't be read, and frames that can't be decoded."""
    missing = seen.footage.missing
    seconds = await app.compute.run(jobs.undecoded_seconds, seen.face_tracks, seen.footage, seen.section)
    return replace(missing, seconds=missing.seconds + seconds)


async def _seen(
    app: App, video: CachedVideo, options: ClipOptions, fitted: FittedRecogniser, on_progress: ClipProgressCallback
) -> _Seen:
    """What is seen in the wanted part, looked at now unless it was before."""
    footage = await _footage(app, video)
    section = options.part.of(footage.seconds)
    path = _look_file(video, footage, section, fitted)
    with suppress(FileNotFoundError):
        return _Seen(footage, section, await asyncio.to_thread(path.read_bytes))
    spans = parts(section, footage)
    # As many as there are workers, so that a part's own limit isn't spent waiting; how many others' scheduler has, it knows.
    at_once = asyncio.Semaphore(app.settings.workers if not app.settings.scheduler else MOST_AT_ONCE)
    seen: dict[str, None] = {}
    done = 0
    # There may be as many of them as frames, and looking needs none.
    looked_at = replace(footage, keyframes=(), pauses=())

    async def look_at(span: Section) -> bytes:
        nonlocal done
        async with at_once:
            segment = answered(
                await app.compute.run_within(
                    SPAN_LIMIT, LATER, jobs.track_faces, fitted.config, looked_at, section, span
                )
            )
        names = await app.compute.run(jobs.sure_names, segment, fitted.recogniser, options.naming)
        seen.update(dict.fromkeys(names))
        done += 1
        on_progress(ClipStage.LOOK, done / len(spans), tuple(seen))
        return segment

    on_progress(ClipStage.LOOK, 0.0)
    async with _all_or_none() as started:
        started += [asyncio.create_task(look_at(span)) for span in spans]
        segments = await asyncio.gather(*started)
    face_tracks = await app.compute.run(jobs.join_segments, segments)
    await asyncio.to_thread(_write_whole, path, face_tracks)
    return _Seen(footage, section, face_tracks)


def parts(section: Section, footage: Footage) -> list[Section]:
    """A section in spans of about SPAN seconds, shorter ones of larger pictures; cut at keyframes where there are any near."""
    width, height = footage.size
    span = SPAN * min(1.0, USUAL_PIXELS / (width * height))
    edges = [section.start]
    while section.end - edges[-1] > 1.5 * span:
        wanted = edges[-1] + span
        key = next((time for time in footage.keyframes if time >= wanted), math.inf)
        edges.append(key if key < min(wanted + span / 2, section.end) else wanted)
    return [Section(start, end) for start, end in pairwise([*edges, section.end])]


async def _drawn(
    app: App, video: CachedVideo, seen: _Seen, script: str, options: ClipOptions, on_progress: ClipProgressCallback
) -> Path:
    """The clip with these captions, drawn now unless it was before."""
    target, section = ClipLimits(options.most_bytes, options.height or app.settings.clip_height), seen.section
    told = hashlib.sha256(script.encode()).hexdigest()
    wanted = hashed(_as_read(seen.footage), section.start, section.end, told, target.max_bytes, target.max_height)
    clip = video.folder / f"clip-{wanted}.mp4"
    if await asyncio.to_thread(clip.exists):
        return clip
    on_progress(ClipStage.DRAW, 0.0)
    async with watched(video.folder, lambda share: on_progress(ClipStage.DRAW, share)) as watch:
        scratch = watch.progress.with_name("clip.mp4")
        limit = DRAW_LIMIT + DRAW_SLOWNESS * section.seconds
        answered(
            await app.compute.run_releasing_worker(
                limit, jobs.draw_clip, seen.footage, section, script, target, scratch, watch
            )
        )
        await asyncio.to_thread(scratch.replace, clip)
    return clip


@asynccontextmanager
async def watched(folder: Path, told: Share) -> AsyncGenerator[ProgressFiles]:
    """What a job in another process says how far it is by, and is told to stop by: it does when this is left."""
    place = folder / f".watch-{uuid4().hex}"
    watch = ProgressFiles(progress=place / "progress", stop=place / "stop")
    await asyncio.to_thread(place.mkdir)

    async def follow() -> None:
        while True:
            await asyncio.sleep(OFTEN)
            with suppress(OSError, ValueError):
                told(float(await asyncio.to_thread(watch.progress.read_text)))

    following = asyncio.create_task(follow())
    try:
        yield watch
    except BaseException:
        # Who stops by this file looks for it a few times a second; where the folder is gone, so is the work.
        with suppress(OSError):
            watch.stop.touch()
        raise
    else:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
    finally:
        following.cancel()


class Share(Protocol):
    """Is told the share of the work that is done, in [0, 1]."""

    def __call__(self, share: float, /) -> None: ...


@asynccontextmanager
async def _all_or_none() -> AsyncGenerator[list[asyncio.Task[bytes]]]:
    """Tasks that are all cancelled when this is left: one's error is everybody's."""
    tasks: list[asyncio.Task[bytes]] = []
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()


def _write_whole(path: Path, data: bytes) -> None:
    scratch = path.with_name(uuid4().hex)
    scratch.write_bytes(data)
    scratch.replace(path)
