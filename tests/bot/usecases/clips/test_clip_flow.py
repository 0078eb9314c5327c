"""From a kept video to its clip: what was seen and drawn before is taken, as long as it fits the video as it is read now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import jobs
from bot.app import App
from bot.domain.clips import MissingFootage, NamedClip
from bot.domain.enums import CaptionStyle
from bot.infra.clip_files import CachedVideo
from bot.infra.compute import Compute
from bot.infra.lanes import JobLane
from bot.learning.recognisers import FittedRecogniser
from bot.media.videos.footage import Colours, Footage, Geometry
from bot.settings import Settings
from bot.usecases.clips import pipeline
from bot.usecases.clips.options import ClipOptions, RequestedSection
from tests.support.clips import no_progress

OPTIONS = ClipOptions(RequestedSection(0, None, 60), CaptionStyle.NAMES, None, 0.5, 10**7)


class Workers(Compute):
    """Workers that read any video as `footage`; which other jobs they did is written down."""

    def __init__(self, footage: Footage) -> None:
        super().__init__(Settings(workers=1))
        self.footage = footage
        self.ran: list[str] = []

    async def run_in_background(self, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if job is jobs.probe_video:
            return self.footage
        self.ran.append(job.__name__)
        return {
            jobs.sure_names: (),
            jobs.join_segments: b"face tracks",
            jobs.missing_footage: replace(self.footage.missing, seconds=2.0),
        }[job]

    async def run_within(self, limit: float, lane: JobLane, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.ran.append(job.__name__)
        named = NamedClip(None, (), "script", self.footage.size, 1.0)
        return {jobs.track_faces: b"segment", jobs.name_tracks: named, jobs.write_captions: "script"}[job]

    async def run_releasing_worker(self, limit: float, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.ran.append(job.__name__)
        args[4].write_bytes(b"clip")


@pytest.fixture
def workers(tmp_path: Path) -> Workers:
    return Workers(
        Footage(
            path=tmp_path / "video",
            geometry=Geometry((0, 0, 0, 0), "", (640, 360)),
            colours=Colours("bt709", "bt709", "bt709", full=False),
            seconds=4.0,
            beginning=0.0,
            first=0.0,
            rate=25.0,
            sound=None,
            unheard=None,
            interlaced=False,
            format="mov",
            number=0,
        )
    )


async def test_a_video_that_is_read_otherwise_by_now_is_looked_at_and_drawn_anew(
    app: App, workers: Workers, tmp_path: Path
) -> None:
    app, video, fitted = (
        replace(app, compute=workers),
        CachedVideo(tmp_path, "film"),
        FittedRecogniser(app.engine_config, "dlib-1", b""),
    )

    async def annotated() -> list[str]:
        workers.ran.clear()
        await pipeline.annotate(app, video, OPTIONS, fitted, no_progress)
        return workers.ran

    assert await annotated() == [
        "track_faces",
        "sure_names",
        "join_segments",
        "name_tracks",
        "draw_clip",
        "missing_footage",
    ]
    assert await annotated() == ["name_tracks", "missing_footage"]
    # Where the folder lies, and how often it could be cut, changes nothing of what is seen.
    workers.footage = replace(workers.footage, path=Path("/elsewhere/video"), keyframes=(0.0, 2.0))
    assert await annotated() == ["name_tracks", "missing_footage"]
    assert await pipeline.draw_again(app, video, OPTIONS, fitted, [], no_progress) is not None
    workers.footage = replace(workers.footage, geometry=Geometry((20, 60, 12, 32), "", (560, 316)))
    assert await pipeline.draw_again(app, video, OPTIONS, fitted, [], no_progress) is None
    assert await annotated() == [
        "track_faces",
        "sure_names",
        "join_segments",
        "name_tracks",
        "draw_clip",
        "missing_footage",
    ]


async def test_missing_footage_is_reported_of_a_cached_clip_too(app: App, workers: Workers, tmp_path: Path) -> None:
    app, video = replace(app, compute=workers), CachedVideo(tmp_path, "film")
    fitted = FittedRecogniser(app.engine_config, "dlib-1", b"")
    workers.footage = replace(workers.footage, missing=MissingFootage(3, unread=(2,), seconds=0.5))
    first = await pipeline.annotate(app, video, OPTIONS, fitted, no_progress)
    again = await pipeline.annotate(app, video, OPTIONS, fitted, no_progress)
    assert first.missing == again.missing == MissingFootage(3, unread=(2,), seconds=2.0)
    assert workers.ran.count("track_faces") == workers.ran.count("draw_clip") == 1
