"""The faces in a section of a video: tracked by all workers in segments, or taken from the cache."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from bot import jobs
from bot.domain.clips import ClipStage
from bot.domain.faces import UnreadableFile
from bot.errors import PersonError
from bot.infra.clip_files import hashed_name
from bot.infra.lanes import JobLane
from bot.media.videos.footage import VideoLimits, VideoSection
from bot.media.videos.work import check_work

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.app import App
    from bot.infra.clip_files import CachedVideo
    from bot.learning.recognisers import FittedRecogniser
    from bot.media.videos.footage import Footage
    from bot.usecases.clips.options import ClipOptions, ClipProgressCallback

T = TypeVar("T")

SEGMENT_SECONDS = 8.0
"""Seconds of video in one job. Another background job may wait so long for a worker, and a worker that dies loses so much.

A job begins at a keyframe, since decoding does, and so up to half as much later.
"""

USUAL_PIXELS = 1920 * 1080
"""Pixels of a usual frame. Segments of larger frames are shorter in proportion, since they take longer."""

SEGMENT_LIMIT = 300.0
"""Seconds that a job may take for a segment."""


@dataclass(frozen=True, slots=True)
class TrackedSection:
    """A section of a video with its face tracks, serialised (`jobs.join_segments`)."""

    footage: Footage
    section: VideoSection
    face_tracks: bytes


async def track_section(
    app: App, video: CachedVideo, options: ClipOptions, fitted: FittedRecogniser, on_progress: ClipProgressCallback
) -> TrackedSection:
    """The face tracks of the requested section, from the cache if they are there. Raises PersonError."""
    footage = await probe(app, video)
    section = options.section.within(footage.seconds)
    path = _tracks_path(video, footage, section, fitted)
    with suppress(FileNotFoundError):
        return TrackedSection(footage, section, await asyncio.to_thread(path.read_bytes))
    spans = segment_spans(section, footage)
    check_work(footage, section, spans)
    # As many jobs as workers, so that none spends its time limit in the queue.
    at_once = asyncio.Semaphore(await app.compute.background_slots())
    seen: dict[str, None] = {}
    done = 0
    # Keyframes and pauses may be as many as frames, and the job needs neither.
    slim = replace(footage, keyframes=(), pauses=())

    async def track_segment(span: VideoSection) -> bytes:
        nonlocal done
        async with at_once:
            segment = require_result(
                await app.compute.run_within(
                    SEGMENT_LIMIT, JobLane.BACKGROUND, jobs.track_faces, fitted.config, slim, section, span
                )
            )
        names = await app.compute.run_in_background(jobs.sure_names, segment, fitted.recogniser, options.naming)
        seen.update(dict.fromkeys(names))
        done += 1
        on_progress(ClipStage.TRACK, done / len(spans), tuple(seen))
        return segment

    on_progress(ClipStage.TRACK, 0.0)
    async with _cancelled_together() as started:
        started += [asyncio.create_task(track_segment(span)) for span in spans]
        segments = await asyncio.gather(*started)
    face_tracks = await app.compute.run_in_background(jobs.join_segments, segments)
    await asyncio.to_thread(_write_atomically, path, face_tracks)
    return TrackedSection(footage, section, face_tracks)


async def cached_section(
    app: App, video: CachedVideo, options: ClipOptions, fitted: FittedRecogniser
) -> TrackedSection | None:
    """The face tracks of the requested section from the cache; None where they are gone. Raises PersonError."""
    footage = await probe(app, video)
    section = options.section.within(footage.seconds)
    try:
        face_tracks = await asyncio.to_thread(_tracks_path(video, footage, section, fitted).read_bytes)
    except FileNotFoundError:
        return None
    return TrackedSection(footage, section, face_tracks)


async def probe(app: App, video: CachedVideo) -> Footage:
    """The footage in the file of a video. Raises PersonError where it can't be read."""
    limits = VideoLimits.from_settings(app.settings, video.copy_bytes)
    return require_result(await app.compute.run_in_background(jobs.probe_video, video.path, limits))


def require_result(result: T | UnreadableFile) -> T:
    """The result of a job. Raises PersonError with the job's message where it refused."""
    if isinstance(result, UnreadableFile):
        sentence = str(result.message)
        raise PersonError("{sentence}.", sentence=sentence[:1].upper() + sentence[1:])
    return result


def footage_key(footage: Footage) -> str:
    """The reading of a video, for names in the cache: another version may read it otherwise, and its tracks don't fit then."""
    return repr(replace(footage, path=Path(footage.path.name), keyframes=(), pauses=()))


def segment_spans(section: VideoSection, footage: Footage) -> list[VideoSection]:
    """The segments of a section: about `SEGMENT_SECONDS` each, less for large frames, from keyframe to keyframe if possible."""
    width, height = footage.size
    usual = SEGMENT_SECONDS * min(1.0, USUAL_PIXELS / (width * height))
    edges = [section.start]
    while section.end - edges[-1] > 1.5 * usual:
        wanted = edges[-1] + usual
        key = next((time for time in footage.keyframes if time >= wanted), math.inf)
        edges.append(key if key < min(wanted + usual / 2, section.end) else wanted)
    return [VideoSection(start, end) for start, end in pairwise([*edges, section.end])]


def _tracks_path(video: CachedVideo, footage: Footage, section: VideoSection, fitted: FittedRecogniser) -> Path:
    return video.folder / f"tracks-{hashed_name(footage_key(footage), section.start, section.end, fitted.engine)}.npz"


@asynccontextmanager
async def _cancelled_together() -> AsyncGenerator[list[asyncio.Task[bytes]]]:
    """A list of tasks that are all cancelled at the end: an error of one ends the others."""
    tasks: list[asyncio.Task[bytes]] = []
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()


def _write_atomically(path: Path, data: bytes) -> None:
    scratch = path.with_name(uuid4().hex)
    try:
        scratch.write_bytes(data)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
