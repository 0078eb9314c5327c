"""A decoded frame → RGB in BT.709 and SDR: matrices, and light that is brighter than a screen. Called in workers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

_PQ, _HLG = 16, 18
HDR: Final = {_PQ, _HLG}
"""Transfer functions, in libav's numbers, of pictures that are mapped to SDR."""

_BT2020: Final = {9, 10}
_BT709 = 1


def as_rgb(frame: VideoFrame, transfer: int, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 in BT.709 and SDR, not turned."""
    matrix = _matrix_of(frame)
    if transfer not in HDR:
        flat = frame.reformat(
            width, height, "rgb24", src_colorspace=matrix, dst_colorspace=matrix, interpolation="BICUBIC"
        )
        return np.asarray(flat.to_ndarray(), np.uint8)
    deep = frame.reformat(
        width, height, "rgb48le", src_colorspace=matrix, dst_colorspace=matrix, interpolation="BICUBIC"
    )
    return _tone_mapped(np.asarray(deep.to_ndarray(), np.uint16), transfer)


def _matrix_of(frame: VideoFrame) -> int:
    """The YUV matrix in swscale's numbers; where the file says nothing, that of its size, as players take it."""
    if frame.colorspace in _BT2020:
        return 9
    if frame.colorspace in (5, 6):
        return 5
    if frame.colorspace == _BT709 or frame.height >= 720:
        return 1
    return 5


@lru_cache(maxsize=2)
def _light(trc: int) -> NDArray[np.float32]:
    """Linear light of a 16-bit code value, 1.0 being SDR's white of 203 nits (ITU-R BT.2408)."""
    code = np.arange(65536) / 65535
    if trc == _PQ:
        # SMPTE ST 2084.
        power = code ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    else:
        # ITU-R BT.2100, on a display of 1,000 nits; its gamma of 1.2 is applied to each channel.
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        nits = 1_000 * scene**1.2
    return (nits / 203).astype(np.float32)


_TO_709: Final = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
"""Linear BT.2020 to BT.709 (ITU-R BT.2087)."""

_PEAK: Final = 1_000 / 203


def _tone_mapped(deep: NDArray[np.uint16], trc: int) -> NDArray[np.uint8]:
    """(h, w, 3) uint16 in PQ or HLG → uint8 in BT.709: Reinhard's curve with a white of 1,000 nits."""
    light = cv2.transform(_light(trc)[deep], _TO_709)
    np.clip(light, 0, _PEAK, out=light)
    strongest = np.maximum(light.max(2, keepdims=True), 1e-6)
    light *= (1 + strongest / _PEAK**2) / (1 + strongest)
    return np.asarray(np.clip(light, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
