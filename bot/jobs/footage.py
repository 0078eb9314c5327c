"""Probe a video, and draw its clip with ffmpeg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.faces import Refused
from bot.media.footage import VideoError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.media.clips import ClipLimits, EncodedClip, ProgressFiles
    from bot.media.footage import Footage, Section, VideoLimits


def probe(path: Path, limits: VideoLimits) -> Footage | Refused:
    """What a file holds, or why it can't be read."""
    from bot.media import video

    try:
        return video.probe(path, limits)
    except VideoError as error:
        return Refused(str(error))


def draw(
    footage: Footage, section: Section, script: str, target: ClipLimits, out: Path, watch: ProgressFiles
) -> EncodedClip | Refused:
    """Write the section with its captions (an ASS file, its times from the section's start) to `out`, or say why not.

    The worker takes others meanwhile: ffmpeg works in a process of its own that dies with this one.
    """
    from bot.infra.compute import release_worker
    from bot.media import clips

    try:
        release_worker()
        return clips.draw(footage, section, script, target, out, watch)
    except VideoError as error:
        return Refused(str(error))


def draw_frames(footage: Footage, section: Section, script: str, folder: Path, watch: ProgressFiles) -> int | Refused:
    """Write the annotated frames of the section to `folder` as 000001.jpg and on; how many, or why not."""
    from bot.infra.compute import release_worker
    from bot.media import clips

    try:
        release_worker()
        return clips.draw_frames(footage, section, script, folder, watch)
    except VideoError as error:
        return Refused(str(error))
