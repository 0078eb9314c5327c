"""Probe a video, and draw its clip by ffmpeg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.faces import UnreadableFile
from bot.media.videos.footage import VideoError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.media.clips.drawing import ClipLimits, EncodedClip, ProgressFiles
    from bot.media.videos.footage import Footage, VideoLimits, VideoSection


def probe_video(path: Path, limits: VideoLimits) -> Footage | UnreadableFile:
    """The tracks, times, geometry and colours of a video, or the reason why it can't be read."""
    from bot.media import probing

    try:
        return probing.probe(path, limits)
    except VideoError as error:
        return UnreadableFile(error.message)


def undecoded_seconds(face_tracks: bytes, footage: Footage, section: VideoSection) -> float:
    """The length of the pictures of a section that can't be decoded, so that nobody looked at them."""
    from bot.media.videos import pauses
    from models.video.tracks import FaceTracks

    times = FaceTracks.from_bytes(face_tracks).times + section.start
    return pauses.undecoded_seconds(times.tolist(), footage, section)


def draw_clip(
    footage: Footage, section: VideoSection, script: str, target: ClipLimits, out: Path, watch: ProgressFiles
) -> EncodedClip | UnreadableFile:
    """Write a section of the video with its captions to `out`, or return the reason why not.

    `script`: the captions as ASS, timed from the section's start. The worker takes other jobs meanwhile: ffmpeg runs in a
    process of its own, which dies with the worker.
    """
    from bot.infra.worker_side import release_worker
    from bot.media.clips import drawing

    try:
        release_worker()
        return drawing.draw(footage, section, script, target, out, watch)
    except VideoError as error:
        return UnreadableFile(error.message)


def draw_frames(
    footage: Footage, section: VideoSection, script: str, folder: Path, watch: ProgressFiles
) -> int | UnreadableFile:
    """Write the annotated frames of a section to `folder`, as 000001.jpg and so on; returns their number, or a reason."""
    from bot.infra.worker_side import release_worker
    from bot.media.clips import drawing

    try:
        release_worker()
        return drawing.draw_frames(footage, section, script, folder, watch)
    except VideoError as error:
        return UnreadableFile(error.message)
