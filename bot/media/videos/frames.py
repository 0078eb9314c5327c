"""Untrusted video files → upright SDR frames with exact times. Called in worker processes only.

A *video's clock* counts from its container's start, which players show as 0:00. The first frame may come later: if the sound
begins 0.84 s before the pictures, the first frame's time is 0.84.
"""

from __future__ import annotations

import math
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np
from av.codec.context import Flags
from av.error import EOFError as StreamEndError
from av.error import FFmpegError
from av.video.format import VideoFormat

from bot.media.videos.colours import as_rgb
from bot.media.videos.containers import BROKEN, open_container, video_errors
from bot.media.videos.footage import MAX_PIXELS, TOLERANCE, Footage, VideoError, VideoSection
from bot.media.videos.geometry import TURNS, cropped

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray
    from typing_extensions import Buffer

    from models.faces import Picture

LUMA: Final = (64, 36)
"""(width, height) of a frame's small grey picture."""

# Other spans are decoded at the same time, and two threads for one cost a quarter more in all. A seventh of the work would
# go into the block edges of B-frames that no other frame refers to.
_THRIFTY: Final = {"threads": "1", "skip_loop_filter": "noref"}
_MAX_ERRORS: Final = 200
# Seconds before a section to which decoding seeks: further back if a container leads beyond its start.
_BACK: Final = (0.0, 0.25, 12.0, math.inf)


class _NothingError(VideoError):
    """Nothing could be decoded."""

    def __init__(self) -> None:
        super().__init__(BROKEN)


@dataclass(frozen=True, eq=False)
class DecodedFrame:
    """A decoded frame of footage, shown at `time` seconds on the video's clock."""

    time: float
    decoded: VideoFrame
    footage: Footage

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright picture in square pixels."""
        return self.footage.size

    @cached_property
    def luma(self) -> NDArray[np.uint8]:
        """A small grey picture of the visible part, (36, 64) uint8, not upright: enough to detect shots."""
        frame, kind = self.decoded, self.decoded.format
        component = kind.components[0]
        if not kind.is_planar or kind.is_rgb or component.bits > 16 or component.bits < 8 or kind.is_big_endian:
            frame, component = frame.reformat(format="gray"), VideoFormat("gray").components[0]
        plane = frame.planes[0]
        wide = component.bits > 8
        luma = np.frombuffer(memoryview(cast("Buffer", plane)), np.uint16 if wide else np.uint8)
        lines = luma.reshape(-1, plane.line_size // luma.itemsize)[: frame.height, : frame.width]
        lines = cropped(lines, self.footage.geometry)
        # A quarter of the lines is enough for averages.
        lines = lines[:: max(1, len(lines) // (4 * LUMA[1]))]
        small = np.asarray(cv2.resize(lines, LUMA, interpolation=cv2.INTER_AREA), luma.dtype)
        return np.right_shift(small, component.bits - 8).astype(np.uint8)

    def picture(self) -> Picture:
        """The upright frame in RGB and SDR: (h, w, 3) uint8 of `size`."""
        geometry = self.footage.geometry
        return np.ascontiguousarray(TURNS[geometry.turn](as_rgb(self.decoded, geometry, self.footage.colours)))


def frames(footage: Footage, section: VideoSection) -> Iterator[DecodedFrame]:
    """The frames of a section of a probed video, with strictly rising times; a frame at the time of the one before is skipped.

    Decoding begins at the keyframe before the section. Frames end where the file is cut short, and go on after damage. Close
    the iterator, or let it end.

    Raises:
        VideoError: the file can't be read, or no frame of it can be decoded.
    """
    for back in _BACK:
        target = section.start - back
        begun = False
        with closing(_decoded(footage, target)) as found, _none_before(target):
            for frame in found:
                if not begun:
                    # Seeking went too far; the next attempt begins further back.
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
    """Ignore that nothing can be decoded from `target` on, unless that is the whole video."""
    try:
        yield
    except _NothingError:
        if target <= 0:
            raise


def _decoded(footage: Footage, target: float) -> Generator[DecodedFrame]:
    """Frames from the keyframe before `target` on."""
    left, right, top, bottom = footage.geometry.crop
    with open_container(footage.path, footage.format) as container:
        stream = container.streams.video[footage.number]
        stream.codec_context.options = _THRIFTY
        if target > 0:
            with video_errors():
                container.seek(int((target + footage.beginning) * 1_000_000), backward=True)
        base, last, step = stream.time_base or Fraction(1, 90_000), -math.inf, 0.0
        for decoded in decoded_frames(container, stream):
            check_pixels(decoded.width, decoded.height)
            if decoded.width <= left + right or decoded.height <= top + bottom:
                raise VideoError(BROKEN)
            stamp = decoded.pts if decoded.pts is not None else decoded.dts
            time = last + step if stamp is None else float(stamp * base) - footage.beginning
            if time <= last or not math.isfinite(time):
                continue
            step = float(decoded.duration * base) or (time - last if math.isfinite(last) else 0.04)
            last = time
            yield DecodedFrame(time, decoded, footage)


def decoded_frames(container: InputContainer, stream: VideoStream) -> Generator[VideoFrame]:
    """The frames of a track that can be decoded. Raises VideoError if there is none."""
    # Otherwise libav keeps hidden pixels at the edge whose cropping would break the alignment of rows in memory.
    stream.codec_context.flags |= Flags.unaligned
    errors, any_frame = 0, False
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (FFmpegError, ValueError):
            # The file is cut short here; the decoder still returns the frames that it holds.
            packet = None
        try:
            for decoded in stream.decode(packet):
                any_frame = True
                yield decoded
        except StreamEndError:
            break
        except (FFmpegError, ValueError) as error:
            errors += 1
            if errors > _MAX_ERRORS and not any_frame:
                raise _NothingError from error
        if packet is None or packet.size == 0:
            break
    if not any_frame:
        raise _NothingError


def check_pixels(width: int, height: int) -> None:
    """Raise VideoError for a frame of more than `MAX_PIXELS`, or without a size."""
    if min(width, height) < 1:
        # libav's own check takes the size away from a frame that is too large.
        raise VideoError(
            "this video is broken, or has more than the {most:.0f} megapixels a frame that I read",
            most=MAX_PIXELS / 1e6,
        )
    if width * height > MAX_PIXELS:
        raise VideoError(
            "this video has too many pixels ({width} × {height}); I read up to {most:.0f} megapixels a frame",
            width=width,
            height=height,
            most=MAX_PIXELS / 1e6,
        )
