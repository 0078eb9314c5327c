"""A decoded frame → RGB in BT.709 and SDR. Called in workers.

Face tracking and drawing share the `Colours` that this module reads.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from bot.media.videos.footage import Colours
from bot.media.videos.geometry import LYING, cropped

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from bot.media.videos.footage import Geometry

_MATRICES: Final = {
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020nc",
    10: "bt2020nc",
}
_PRIMARIES: Final = {
    **dict.fromkeys((1, 4, 5, 6, 7, 8, 10, 22), "bt709"),
    9: "bt2020",
    11: "smpte432",
    12: "smpte432",
}
_TRANSFERS: Final = {16: "smpte2084", 18: "arib-std-b67"}
"""The meaning of the numbers of ITU-T H.273. Values that look like BT.709 are BT.709, as are all SDR curves."""

_SWSCALE: Final = {"bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 5, "smpte240m": 7, "bt2020nc": 9}
_LIMITED, _FULL = 1, 2
_HD: Final = 720
"""The minimum height at which untagged pictures are BT.709, as in players."""


def colours_of(stream: VideoStream, frame: VideoFrame) -> Colours:
    """The colours of a track; `frame` is its first.

    Missing or reserved tags, and tags that swscale doesn't support, are guessed from the others and from the size.
    """
    transfer = _TRANSFERS.get(stream.color_trc, "bt709")
    wide = transfer != "bt709" or frame.colorspace in {9, 10}
    primaries = _PRIMARIES.get(stream.color_primaries, "bt2020" if wide else "bt709")
    if frame.format.is_rgb:
        return Colours("gbr", primaries, transfer, full=True)
    guessed = "bt709" if frame.height >= _HD else "smpte170m"
    if transfer != "bt709" or primaries == "bt2020":
        guessed = "bt2020nc"
    full = frame.color_range == _FULL or frame.format.name.startswith("yuvj")
    return Colours(_MATRICES.get(frame.colorspace, guessed), primaries, transfer, full)


def as_rgb(frame: VideoFrame, geometry: Geometry, colours: Colours) -> NDArray[np.uint8]:
    """The visible part of a frame in BT.709 and SDR, with square pixels but not turned: (h, w, 3) uint8."""
    across, down = geometry.size[::-1] if geometry.turn in LYING else geometry.size
    deep = colours.hdr or colours.wide
    source = _SWSCALE.get(colours.matrix, 5)
    whole = not any(geometry.crop)
    flat = frame.reformat(
        *((across, down) if whole else (None, None)),
        "rgb48le" if deep else "rgb24",
        src_colorspace=source,
        # RGB has no matrix, but PyAV sets the source's only if the destination's differs.
        dst_colorspace=5 if source == 1 else 1,
        src_color_range=_FULL if colours.full else _LIMITED,
        dst_color_range=_FULL,
        interpolation="BICUBIC",
    )
    pixels = cropped(np.asarray(flat.to_ndarray()), geometry)
    if pixels.shape[:2] != (down, across):
        pixels = cv2.resize(pixels, (across, down), interpolation=cv2.INTER_CUBIC)
    return _to_sdr(np.asarray(pixels, np.uint16), colours) if deep else np.asarray(pixels, np.uint8)


@lru_cache(maxsize=3)
def _light(transfer: str) -> NDArray[np.float32]:
    """The linear light of each 16-bit code value; 1.0 is SDR's white of 203 nits (ITU-R BT.2408)."""
    code = np.arange(65536) / 65535
    if transfer == "bt709":
        return (code**_GAMMA).astype(np.float32)
    if transfer == "smpte2084":
        # SMPTE ST 2084.
        power = code ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    else:
        # ITU-R BT.2100, on a display of 1,000 nits; its gamma of 1.2 is applied to each channel.
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        nits = 1_000 * scene**1.2
    return (nits / 203).astype(np.float32)


_TO_709: Final = {
    # ITU-R BT.2087.
    "bt2020": np.array(
        [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
    ),
    # SMPTE EG 432-1 (Display P3), by way of CIE XYZ.
    "smpte432": np.array([[1.2249, -0.2249, 0.0], [-0.0421, 1.0421, 0.0], [-0.0196, -0.0786, 1.0983]], np.float32),
    "bt709": np.eye(3, dtype=np.float32),
}
"""Matrices of linear light to BT.709's primaries."""

_PEAK: Final = 1_000 / 203
_GAMMA: Final = 2.2


def _to_sdr(deep: NDArray[np.uint16], colours: Colours) -> NDArray[np.uint8]:
    """(h, w, 3) uint16 → uint8 in BT.709; HDR by Reinhard's curve with a white of 1,000 nits, as in ffmpeg."""
    light = cv2.transform(_light(colours.transfer)[deep], _TO_709[colours.primaries])
    if colours.hdr:
        strongest = np.maximum(light.max(2, keepdims=True), 1e-6)
        light *= (1 + 1 / _PEAK) / (1 + strongest)
    return np.asarray(np.clip(light, 0, 1) ** (1 / _GAMMA) * 255 + 0.5).astype(np.uint8)
