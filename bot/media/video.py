"""Untrusted video files → upright SDR frames with exact times. Called in worker processes only.

A *video's clock* counts from its container's start, which a player shows as 0:00. The first picture may come later than
that: where the sound begins 0.84 s before the picture, the first frame's time is 0.84.
"""

from __future__ import annotations

import math
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np
from av.codec.context import Flags
from av.error import EOFError as StreamEndError
from av.error import FFmpegError
from av.video.format import VideoFormat

from bot.media.colours import as_rgb, colours_of
from bot.media.containers import BROKEN, format_of, opened, sentences
from bot.media.cutting import pieces_of
from bot.media.footage import ACCEPTED, MOST_PIXELS, TOLERANCE, Footage, Section, VideoError, VideoLimits
from bot.media.geometry import TURNS, cropped, geometry_of
from bot.media.headers import impostor, sniff
from bot.media.joining import join
from bot.media.survey import survey
from bot.media.timestamp_repair import put_right
from bot.text.formatting import mebibytes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray
    from typing_extensions import Buffer

    from bot.media.survey import Survey
    from models.faces import Picture

LUMA: Final = (64, 36)
"""Width and height of a frame's small grey picture."""

# Other spans are decoded beside; two threads for one cost a quarter more in all. B-frames that no other frame is made of are
# shown a moment: a seventh of the work would go into their blocks' edges.
_THRIFTY: Final = {"threads": "1", "skip_loop_filter": "noref"}
_MOST_SECONDS: Final = 24 * 3600.0
_MOST_ERRORS: Final = 200
# Seconds that are sought before a section: where a container leads beyond its start, further back, and then to the beginning.
_BACK: Final = (0.0, 0.25, 12.0, math.inf)


class _NothingError(VideoError):
    """Nothing could be decoded."""

    def __init__(self) -> None:
        super().__init__(BROKEN)


@dataclass(frozen=True, eq=False)
class Frame:
    """A decoded frame of some footage, shown at `time` on the video's clock."""

    time: float
    decoded: VideoFrame
    footage: Footage

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) upright, of square pixels."""
        return self.footage.size

    @cached_property
    def luma(self) -> NDArray[np.uint8]:
        """A small grey picture, (36, 64) uint8, of what is shown but not upright: enough to tell shots apart."""
        frame, kind = self.decoded, self.decoded.format
        component = kind.components[0]
        if not kind.is_planar or kind.is_rgb or component.bits > 16 or component.bits < 8 or kind.is_big_endian:
            frame, component = frame.reformat(format="gray"), VideoFormat("gray").components[0]
        plane = frame.planes[0]
        wide = component.bits > 8
        kept = np.frombuffer(memoryview(cast("Buffer", plane)), np.uint16 if wide else np.uint8)
        lines = kept.reshape(-1, plane.line_size // kept.itemsize)[: frame.height, : frame.width]
        lines = cropped(lines, self.footage.geometry)
        # A quarter of the lines is plenty for averages, and every line read costs.
        lines = lines[:: max(1, len(lines) // (4 * LUMA[1]))]
        small = np.asarray(cv2.resize(lines, LUMA, interpolation=cv2.INTER_AREA), kept.dtype)
        return np.right_shift(small, component.bits - 8).astype(np.uint8)

    def picture(self) -> Picture:
        """The frame upright in RGB and SDR: (h, w, 3) uint8 of `size`."""
        geometry = self.footage.geometry
        return np.ascontiguousarray(TURNS[geometry.turn](as_rgb(self.decoded, geometry, self.footage.colours)))


def probe(path: Path, limits: VideoLimits) -> Footage:
    """What a file holds: its picture track is demuxed to the end, and its first frame decoded.

    Raises:
        VideoError: it is no video, has no picture track, is too large, broken, or of a kind that isn't read.
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
    pieces = pieces_of(path, kind)
    if len(pieces) == 1:
        return _probed(path, kind)
    joined, first = join(path, kind, pieces, _probed, limits.max_bytes)
    # A transport stream doesn't say how its pictures are cropped and turned.
    return replace(
        _probed(joined, "mpegts"),
        geometry=first.geometry,
        colours=first.colours,
        interlaced=first.interlaced,
        unheard=first.unheard,
        missing=first.missing,
    )


def _probed(path: Path, kind: str) -> Footage:
    """What a file holds that is one file alone."""
    with opened(path, kind) as container:
        found = survey(container)
    footage = _seen(path, kind, found)
    if found.shifts is None:
        return _timed(footage, found)
    righted = put_right(footage, found.shifts)
    with opened(righted.path, righted.format) as container:
        return _timed(replace(righted, beginning=_beginning(container)), survey(container))


def _seen(path: Path, kind: str, found: Survey) -> Footage:
    """The footage as far as its first frame tells it."""
    with opened(path, kind) as container:
        stream = container.streams.video[found.pictures]
        # Before the decoder sees a byte.
        _check_pixels(stream.width, stream.height)
        first = _first_frame(container, stream)
        _check_pixels(first.width, first.height)
        geometry = geometry_of(container, stream, first)
        _check_pixels(*geometry.size)
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


def _timed(footage: Footage, found: Survey) -> Footage:
    """The footage with its times on the video's clock."""
    start, end = found.first - footage.beginning, found.end - footage.beginning
    if not 0 <= end - start <= _MOST_SECONDS or end > _MOST_SECONDS:
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


def frames(footage: Footage, section: Section) -> Iterator[Frame]:
    """The frames of a section of a probed video, their times rising strictly: one at its forerunner's time is left out.

    Decoding begins at the keyframe before. Where the file breaks off, so do the frames; where it is damaged, they go on behind.
    Close the iterator, or let it end.

    Raises:
        VideoError: the file can't be read, or nothing of it could be decoded.
    """
    for back in _BACK:
        target = section.start - back
        begun = False
        with closing(_decoded(footage, target)) as found, _none_before(target):
            for frame in found:
                if not begun:
                    # Behind the start, though nothing says that the video begins there: further back, then.
                    if frame.time > section.start + TOLERANCE and target > 0:
                        break
                    begun = True
                if frame.time >= section.end - TOLERANCE:
                    return
                if section.holds(frame.time):
                    yield frame
            if begun or target <= 0:
                return


@contextmanager
def _none_before(target: float) -> Generator[None]:
    """Behind a target nothing may be decodable though there is before it: that is no error yet."""
    try:
        yield
    except _NothingError:
        if target <= 0:
            raise


def _decoded(footage: Footage, target: float) -> Generator[Frame]:
    """Frames from the keyframe before `target` on."""
    left, right, top, bottom = footage.geometry.crop
    with opened(footage.path, footage.format) as container:
        stream = container.streams.video[footage.number]
        stream.codec_context.options = _THRIFTY
        if target > 0:
            with sentences():
                container.seek(int((target + footage.beginning) * 1_000_000), backward=True)
        base, last, step = stream.time_base or Fraction(1, 90_000), -math.inf, 0.0
        for decoded in _survivors(container, stream):
            if decoded.width * decoded.height > MOST_PIXELS:
                raise VideoError(_too_many_pixels(decoded.width, decoded.height))
            if decoded.width <= left + right or decoded.height <= top + bottom:
                raise VideoError(BROKEN)
            stamp = decoded.pts if decoded.pts is not None else decoded.dts
            time = last + step if stamp is None else float(stamp * base) - footage.beginning
            if time <= last or not math.isfinite(time):
                continue
            step = float(decoded.duration * base) or (time - last if math.isfinite(last) else 0.04)
            last = time
            yield Frame(time, decoded, footage)


def _survivors(container: InputContainer, stream: VideoStream) -> Generator[VideoFrame]:
    """The frames of a track that can be decoded. Raises VideoError when there is none."""
    # Else a cropped edge would stay where rows of pixels would lose their alignment in memory.
    stream.codec_context.flags |= Flags.unaligned
    errors, any_frame = 0, False
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (FFmpegError, ValueError):
            # The file breaks off here: what the decoder still holds is asked for.
            packet = None
        try:
            for decoded in stream.decode(packet):
                any_frame = True
                yield decoded
        except StreamEndError:
            break
        except (FFmpegError, ValueError) as error:
            errors += 1
            if errors > _MOST_ERRORS and not any_frame:
                raise _NothingError from error
        if packet is None or packet.size == 0:
            break
    if not any_frame:
        raise _NothingError


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    with closing(_survivors(container, stream)) as found:
        return next(found)


def _beginning(container: InputContainer) -> float:
    """The container's start in seconds of its streams."""
    return (container.start_time or 0) / 1_000_000


def _no_video(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return "this file is empty"
    kind = sniff(head)
    named = f"a {kind.value} picture" if kind else impostor(head)
    return f"this is no video{f' but {named}' if named and named != 'a video' else ''}; I read {ACCEPTED}"


def _check_pixels(width: int, height: int) -> None:
    if min(width, height) < 1:
        # What libav's own check threw out has no size any more.
        raise VideoError(
            "this video is broken, or has more than the {most:.0f} megapixels a frame that I read",
            most=MOST_PIXELS / 1e6,
        )
    if width * height > MOST_PIXELS:
        raise VideoError(_too_many_pixels(width, height))


def _too_many_pixels(width: int, height: int) -> str:
    return (
        f"this video has too many pixels ({width} × {height}); I read up to {MOST_PIXELS / 1e6:.0f} megapixels a frame"
    )
