"""The pictures of a clip: the video with its captions, its frames, its screen-time chart."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from bot import jobs
from bot.domain.clips import ClipStage
from bot.infra.clip_files import hashed_name
from bot.media.clips.drawing import ClipLimits, ProgressFiles
from bot.usecases.clips.tracking import footage_key, probe, require_result

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from bot.app import App
    from bot.domain.answers import Answer
    from bot.domain.clips import PersonScreenTime
    from bot.infra.clip_files import CachedVideo
    from bot.media.videos.footage import VideoSection
    from bot.usecases.clips.options import ClipOptions, ClipProgressCallback
    from bot.usecases.clips.tracking import TrackedSection

DRAW_LIMIT = 120.0
DRAW_SLOWNESS = 20.0
"""A clip may take DRAW_LIMIT seconds to be drawn, and DRAW_SLOWNESS more for each of its own."""

FRAMES_SLOWNESS = 60.0
"""The same for a clip whose frames are all written."""

POLL_SECONDS = 0.5
"""Seconds between two readings of the progress of a drawing."""


class ShareCallback(Protocol):
    """Called with the share of the work that is done, in [0, 1]."""

    def __call__(self, share: float, /) -> None: ...


async def draw_clip(
    app: App,
    video: CachedVideo,
    tracked: TrackedSection,
    script: str,
    options: ClipOptions,
    on_progress: ClipProgressCallback,
) -> Path:
    """The clip with the captions of `script` (ASS), from the cache if it is there. Raises PersonError."""
    limits, section = ClipLimits(options.max_bytes, options.height or app.settings.clip_height), tracked.section
    captions = hashlib.sha256(script.encode()).hexdigest()
    key = hashed_name(
        footage_key(tracked.footage), section.start, section.end, captions, limits.max_bytes, limits.max_height
    )
    clip = video.folder / f"clip-{key}.mp4"
    if await asyncio.to_thread(clip.exists):
        return clip
    on_progress(ClipStage.DRAW, 0.0)
    async with progress_files(video.folder, lambda share: on_progress(ClipStage.DRAW, share)) as files:
        scratch = files.progress.with_name("clip.mp4")
        seconds = DRAW_LIMIT + DRAW_SLOWNESS * section.seconds
        require_result(
            await app.compute.run_releasing_worker(
                seconds, jobs.draw_clip, tracked.footage, section, script, limits, scratch, files
            )
        )
        await asyncio.to_thread(scratch.replace, clip)
    return clip


async def draw_frames(app: App, video: CachedVideo, section: VideoSection, script: str, folder: Path) -> None:
    """Write every frame of a section with the captions of `script` to `folder`, numbered. Raises PersonError."""
    footage = await probe(app, video)
    async with progress_files(video.folder, lambda _: None) as files:
        seconds = DRAW_LIMIT + FRAMES_SLOWNESS * section.seconds
        require_result(
            await app.compute.run_releasing_worker(seconds, jobs.draw_frames, footage, section, script, folder, files)
        )


async def draw_chart(app: App, title: str, seconds: float, answer: Answer, cast: Sequence[PersonScreenTime]) -> bytes:
    """The screen-time chart of a clip, as a PNG. `seconds`: the length of the clip."""
    return await app.compute.run(jobs.screen_time_chart, title, seconds, answer, cast)


@asynccontextmanager
async def progress_files(folder: Path, on_share: ShareCallback) -> AsyncGenerator[ProgressFiles]:
    """Files for the progress of a job in another process, and to stop it when this context ends with an error."""
    place = folder / f".watch-{uuid4().hex}"
    files = ProgressFiles(progress=place / "progress", stop=place / "stop")
    await asyncio.to_thread(place.mkdir)

    async def poll() -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            with suppress(OSError, ValueError):
                on_share(float(await asyncio.to_thread(files.progress.read_text)))

    polling = asyncio.create_task(poll())
    try:
        yield files
    except BaseException:
        # The job looks for this file a few times a second. Without the folder, the video is gone, and so is the job's work.
        with suppress(OSError):
            files.stop.touch()
        raise
    else:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
    finally:
        polling.cancel()
