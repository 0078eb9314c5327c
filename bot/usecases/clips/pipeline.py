"""From a cached video to its annotated clip: faces are tracked, named and drawn. Finished steps come from the cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.domain.clips import ClipStage
from bot.errors import PersonError
from bot.infra.lanes import JobLane
from bot.usecases.clips.drawing import draw_clip
from bot.usecases.clips.tracking import cached_section, track_section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.app import App
    from bot.domain.clips import MissingFootage, NamedClip, TrackName
    from bot.infra.clip_files import CachedVideo
    from bot.learning.recognisers import FittedRecogniser
    from bot.media.videos.footage import VideoSection
    from bot.usecases.clips.options import ClipOptions, ClipProgressCallback
    from bot.usecases.clips.tracking import TrackedSection

NAME_LIMIT = 60.0
"""Seconds that naming a clip may take, and one more for each of its own."""


@dataclass(frozen=True, slots=True)
class AnnotatedClip:
    """A clip with the people in it. `face_tracks`: serialised. `unheard`: by `Footage`. `missing`: of the section."""

    clip: Path
    face_tracks: bytes
    unheard: str | None
    missing: MissingFootage
    section: VideoSection
    named: NamedClip


async def annotate(
    app: App, video: CachedVideo, options: ClipOptions, fitted: FittedRecogniser, on_progress: ClipProgressCallback
) -> AnnotatedClip:
    """Annotate the requested section of a video.

    Raises PersonError for a video that can't be read, and a section that is empty or too long.
    """
    tracked = await track_section(app, video, options, fitted, on_progress)
    on_progress(ClipStage.NAME)
    named = await app.compute.run_within(
        _naming_limit(tracked),
        JobLane.BACKGROUND,
        jobs.name_tracks,
        tracked.face_tracks,
        fitted.recogniser,
        options.naming,
    )
    if not named.seconds:
        raise PersonError("There is no picture in that part of the video. Ask for another part, or a longer one.")
    clip = await draw_clip(app, video, tracked, named.script, options, on_progress)
    missing = await app.compute.run_in_background(
        jobs.missing_footage, tracked.face_tracks, tracked.footage, tracked.section
    )
    return AnnotatedClip(clip, tracked.face_tracks, tracked.footage.unheard, missing, tracked.section, named)


async def draw_again(
    app: App,
    video: CachedVideo,
    options: ClipOptions,
    fitted: FittedRecogniser,
    track_names: Sequence[TrackName],
    on_progress: ClipProgressCallback,
) -> Path | None:
    """The clip with these names on the cached face tracks; None where the tracks are gone. Raises PersonError."""
    tracked = await cached_section(app, video, options, fitted)
    if tracked is None:
        return None
    script = await app.compute.run_within(
        _naming_limit(tracked), JobLane.BACKGROUND, jobs.write_captions, tracked.face_tracks, track_names, options.style
    )
    return await draw_clip(app, video, tracked, script, options, on_progress)


def _naming_limit(tracked: TrackedSection) -> float:
    return NAME_LIMIT + tracked.section.seconds
