"""An untrusted video file → its `Footage`: joined recordings and time stamps put right, every packet measured."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from bot.domain.messages import Message
from bot.media.pictures.headers import A_VIDEO, other_file_kind, sniff
from bot.media.recordings.joining import join
from bot.media.recordings.splitting import recordings_of
from bot.media.videos.colours import colours_of
from bot.media.videos.containers import format_of, open_container
from bot.media.videos.footage import ACCEPTED, Footage, VideoError, VideoLimits
from bot.media.videos.frames import check_pixels, decoded_frames
from bot.media.videos.geometry import geometry_of
from bot.media.videos.survey import survey
from bot.media.videos.timestamp_repair import repair_timestamps
from bot.text.formatting import mebibytes

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from bot.media.videos.survey import PacketSurvey

_MAX_SECONDS: Final = 24 * 3600.0


def probe(path: Path, limits: VideoLimits) -> Footage:
    """The footage of a file: all packets are read, and the first frame is decoded.

    Raises:
        VideoError: the file is no accepted video, has no picture track, is too large, or is broken.
    """
    bytes_of_it = path.stat().st_size
    if bytes_of_it > limits.max_bytes:
        raise VideoError(
            "this video is too large ({size}); I read up to {most}",
            size=mebibytes(bytes_of_it),
            most=mebibytes(limits.max_bytes),
        )
    kind = format_of(path)
    if kind is None:
        raise VideoError(_no_video(path))
    recordings = recordings_of(path, kind)
    if len(recordings) == 1:
        return _probed(path, kind, limits)
    max_bytes = limits.joined_bytes(bytes_of_it)
    joined, first = join(path, kind, recordings, partial(_probed, limits=limits), max_bytes)
    # A transport stream has no container cropping and turning.
    return replace(
        _probed(joined, "mpegts", limits),
        geometry=first.geometry,
        colours=first.colours,
        interlaced=first.interlaced,
        unheard=first.unheard,
        missing=first.missing,
    )


def _probed(path: Path, kind: str, limits: VideoLimits) -> Footage:
    """The footage of a file that isn't joined."""
    with open_container(path, kind) as container:
        found = survey(container)
    footage = _seen(path, kind, found)
    if found.shifts is None:
        return _timed(footage, found)
    righted = repair_timestamps(footage, found.shifts, limits.copy_bytes)
    with open_container(righted.path, righted.format) as container:
        return _timed(replace(righted, beginning=_beginning(container)), survey(container))


def _seen(path: Path, kind: str, found: PacketSurvey) -> Footage:
    """The footage as far as its first frame shows it."""
    with open_container(path, kind) as container:
        stream = container.streams.video[found.pictures]
        # Checked before the decoder reads a byte.
        check_pixels(stream.width, stream.height)
        first = _first_frame(container, stream)
        check_pixels(first.width, first.height)
        geometry = geometry_of(container, stream, first)
        check_pixels(*geometry.size)
        return Footage(
            path=path,
            geometry=geometry,
            colours=colours_of(stream, first),
            seconds=0.0,
            beginning=_beginning(container),
            first=0.0,
            rate=0.0,
            sound=found.sound,
            unheard=found.unheard,
            interlaced=first.interlaced_frame,
            format=kind,
            number=found.pictures,
        )


def _timed(footage: Footage, found: PacketSurvey) -> Footage:
    """The footage with its times on the video's clock."""
    start, end = found.first - footage.beginning, found.end - footage.beginning
    if not 0 <= end - start <= _MAX_SECONDS or end > _MAX_SECONDS:
        raise VideoError("this video says that it lasts longer than a day; it may be broken")
    beginning = footage.beginning
    return replace(
        footage,
        seconds=end,
        first=start,
        rate=found.count / (end - start),
        keyframes=tuple(key - beginning for key in found.keyframes),
        pauses=tuple((before - beginning, after - beginning) for before, after in found.pauses),
    )


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    with closing(decoded_frames(container, stream)) as found:
        return next(found)


def _beginning(container: InputContainer) -> float:
    """The container's first time stamp in seconds."""
    return (container.start_time or 0) / 1_000_000


def _no_video(path: Path) -> Message:
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return Message("this file is empty")
    kind = sniff(head)
    named = f"a {kind.value} picture" if kind else other_file_kind(head)
    if not named or named == A_VIDEO:
        return Message("this is no video; I read {accepted}", accepted=ACCEPTED)
    return Message("this is no video but {named}; I read {accepted}", named=named, accepted=ACCEPTED)
