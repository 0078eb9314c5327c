"""Probe a video, and draw its clip by ffmpeg."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.faces import UnreadableFile
from bot.media.videos.footage import VideoError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.clips import MissingFootage
    from bot.media.clips.drawing import ClipLimits, EncodedClip, ProgressFiles
    from bot.media.videos.footage import Footage, VideoLimits, VideoSection


def probe_video(path: Path, limits: VideoLimits) -> Footage | UnreadableFile:
    """The tracks, times, geometry and colours of a video, or the reason why it can't be read."""
    from bot.media import probing

    try:
        return probing.probe(path, limits)
    except VideoError as error:
        return UnreadableFile(error.message)


def missing_footage(face_tracks: bytes, footage: Footage, section: VideoSection) -> MissingFootage:
    """The footage that a clip of this section lacks, and the faces in it that nobody looked for or followed."""
    from bot.media.videos import pauses
    from models.video.tracks import FaceTracks

    tracks = FaceTracks.from_bytes(face_tracks)
    undecoded = pauses.undecoded_seconds((tracks.times + section.start).tolist(), footage, section)
    missing = footage.missing
    return replace(missing, seconds=missing.seconds + undecoded, shots=tracks.passed_over, faces=tracks.left_out)


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
