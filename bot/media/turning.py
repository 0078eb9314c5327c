"""How the pictures of a video are turned, flipped and stretched until they stand upright. Called in workers."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from av.sidedata.sidedata import Type as SideData

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from av.video.frame import VideoFrame
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
"""By ffmpeg's names for its transpose filter."""

LYING: Final = {"clock", "cclock", "cclock_flip", "clock_flip"}
"""Turns after which width and height have changed places."""


def upright_size(width: int, height: int, aspect: Fraction | None, turn: str) -> tuple[int, int]:
    """(width, height) upright, of square pixels. `aspect`: width over height of one pixel, nonsense left out."""
    if not aspect or not Fraction(1, 4) <= aspect <= 4:
        aspect = Fraction(1)
    wide = max(1, round(width * aspect))
    return (height, wide) if turn in LYING else (wide, height)


def turn_of(frame: VideoFrame) -> str:
    """How the display matrix turns a frame, as ffmpeg reads it; "" for a matrix that does anything but turn and flip."""
    side = cast("Mapping[SideData, Buffer]", frame.side_data)
    if SideData.DISPLAYMATRIX not in side:
        return ""
    matrix = np.frombuffer(bytes(side[SideData.DISPLAYMATRIX]), np.int32)[:9].astype(float)
    across, along = math.hypot(matrix[0], matrix[3]), math.hypot(matrix[1], matrix[4])
    if not across or not along:
        return ""
    angle = math.degrees(math.atan2(matrix[1] / along, matrix[0] / across)) % 360
    quarter = round(angle / 90) % 4
    if abs((angle - quarter * 90 + 180) % 360 - 180) > 1:
        return ""
    if quarter == 1:
        return "cclock_flip" if matrix[3] > 0 else "clock"
    if quarter == 3:
        return "clock_flip" if matrix[3] < 0 else "cclock"
    if quarter == 2:
        return {(True, True): "half", (True, False): "hflip", (False, True): "vflip", (False, False): ""}[
            matrix[0] < 0, matrix[4] < 0
        ]
    return "vflip" if matrix[4] < 0 else ""
