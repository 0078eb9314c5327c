"""The cropping, turning, flipping and stretching that make a video's pictures upright. Called in workers.

Face tracking and drawing share the `Geometry` that this module reads. Decoders apply the codec's own cropping. The project
applies the container's by itself, since versions of ffmpeg differ in it.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import av.logging
import numpy as np
from av.sidedata.sidedata import Type as SideData

from bot.media.videos.footage import Geometry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray
    from typing_extensions import Buffer

TURNS: Final[dict[str, Callable[[NDArray[Any]], NDArray[Any]]]] = {
    "": lambda pixels: pixels,
    "hflip": lambda pixels: pixels[:, ::-1],
    "vflip": lambda pixels: pixels[::-1],
    "half": lambda pixels: pixels[::-1, ::-1],
    "clock": lambda pixels: np.rot90(pixels, -1),
    "cclock": lambda pixels: np.rot90(pixels),
    "cclock_flip": lambda pixels: pixels.transpose(1, 0, 2),
    "clock_flip": lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
}
"""The turns of an array (h, w, …), by the names of ffmpeg's transpose filter."""

LYING: Final = {"clock", "cclock", "cclock_flip", "clock_flip"}
"""Turns that exchange width and height."""

_TRACK: Final = re.compile(r"^  Stream #0:(\d+)", re.MULTILINE)
_CROPPING: Final = re.compile(r"^ +Frame cropping: (\d+)/(\d+)/(\d+)/(\d+)$", re.MULTILINE)


class _Described(Protocol):
    """A container with the method that PyAV's annotations lack."""

    def dumps_format(self) -> str: ...


def geometry_of(container: InputContainer, stream: VideoStream, frame: VideoFrame) -> Geometry:
    """The geometry of a track; `frame` is its first."""
    crop = _cropping_of(container, stream)
    left, right, top, bottom = crop
    if left + right >= frame.width or top + bottom >= frame.height:
        crop = left, right, top, bottom = (0, 0, 0, 0)
    turn = _turn_of(frame)
    width, height = frame.width - left - right, frame.height - top - bottom
    return Geometry(crop, turn, _upright_size(width, height, stream.sample_aspect_ratio, turn))


def cropped(pixels: NDArray[Any], geometry: Geometry) -> NDArray[Any]:
    """The visible part of an array (h, w, …), as a view."""
    left, right, top, bottom = geometry.crop
    return pixels[top : pixels.shape[0] - bottom, left : pixels.shape[1] - right]


def _cropping_of(container: InputContainer, stream: VideoStream) -> tuple[int, int, int, int]:
    """The cropping by the container (left, right, top, bottom): a clean aperture in MP4, PixelCrop in Matroska.

    PyAV doesn't expose a track's side data, but libav's description of the file contains it. No line of foreign metadata in
    the description begins like these.
    """
    before = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        parts = _TRACK.split(cast("_Described", container).dumps_format())
    finally:
        av.logging.set_level(before)
    description = dict(zip(parts[1::2], parts[2::2], strict=True)).get(str(stream.index), "")
    found = _CROPPING.search(description)
    left, right, top, bottom = map(int, found.groups()) if found else (0, 0, 0, 0)
    return left, right, top, bottom


def _upright_size(width: int, height: int, aspect: Fraction | None, turn: str) -> tuple[int, int]:
    """(width, height) upright, in square pixels. `aspect`: width over height of one pixel; implausible values count as 1."""
    if not aspect or not Fraction(1, 4) <= aspect <= 4:
        aspect = Fraction(1)
    wide = max(1, round(width * aspect))
    return (height, wide) if turn in LYING else (wide, height)


def _turn_of(frame: VideoFrame) -> str:
    """The turn of a frame by its display matrix, to the nearest quarter; "" without a matrix."""
    side = cast("Mapping[SideData, Buffer]", frame.side_data)
    if SideData.DISPLAYMATRIX not in side:
        return ""
    matrix = np.frombuffer(bytes(side[SideData.DISPLAYMATRIX]), np.int32)[:9].astype(float)
    across, along = math.hypot(matrix[0], matrix[3]), math.hypot(matrix[1], matrix[4])
    if not across or not along:
        return ""
    angle = math.degrees(math.atan2(matrix[1] / along, matrix[0] / across)) % 360
    quarter = round(angle / 90) % 4
    if quarter == 1:
        return "cclock_flip" if matrix[3] > 0 else "clock"
    if quarter == 3:
        return "clock_flip" if matrix[3] < 0 else "cclock"
    if quarter == 2:
        return {(True, True): "half", (True, False): "hflip", (False, True): "vflip", (False, False): ""}[
            matrix[0] < 0, matrix[4] < 0
        ]
    return "vflip" if matrix[4] < 0 else ""
