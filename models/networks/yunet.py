"""The detector YuNet: boxes with five landmarks.

Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023.
"""

from __future__ import annotations

import math
from threading import Lock
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from models.faces import Box, Face, reading_order
from models.networks.close_ups import CloseUps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.faces import Picture

CERTAIN = 0.7
"""The detection threshold."""

SCANNED_PIXELS = 300_000
"""Pixels of a scan, for smaller and larger pictures: 13 ms at best.

On 19 labelled group photos of ../shared/faces such scans find 132 of 133 faces and one without a label; scans of half the
pixels find 131.
"""

SCALE = 0.5
"""The scale of the scan for pictures of more than four times SCANNED_PIXELS: it finds faces from 28 px, and a third of those
at 20 px."""

LARGE_SCAN = 1_200_000
"""Pixels of a scan in which the detector misses a face of the whole scan and detects its parts. For such scans another one at
SCANNED_PIXELS comes first.
"""

SURELY_FOUND = 14
"""The minimum width of a face that a scan finds, in pixels of the scan."""

_SAME_FACE = 0.3


class YuNet:
    """A detector for faces from 28 px to the whole picture, in small pictures from 10 px. It is thread-safe."""

    def __init__(self, model: Path | bytes) -> None:
        """`model`: an ONNX file, or its content."""
        # `detect` reads what `setInputSize` wrote.
        self._scanning = Lock()
        # OpenCV 5 warns that it ignores a target, whichever one is named.
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        if isinstance(model, bytes):
            content = np.frombuffer(model, np.uint8)
            self._detector = cv2.FaceDetectorYN.create(
                "onnx", content, np.empty(0, np.uint8), (1, 1), CERTAIN, _SAME_FACE
            )
        else:
            self._detector = cv2.FaceDetectorYN.create(str(model), "", (1, 1), CERTAIN, _SAME_FACE)
        cv2.utils.logging.setLogLevel(level)
        self._close_ups = CloseUps(model)

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """All faces in reading order. Faces narrower than `smallest` pixels may be missing.

        Landmarks: eye, eye, nose, corner of the mouth, corner, from left to right.
        """
        pixels = picture.shape[0] * picture.shape[1]
        small = math.sqrt(SCANNED_PIXELS / pixels)
        scale = self.thorough_scale(picture)
        if smallest:
            scale = min(scale, SURELY_FOUND / smallest)
        found: list[Face] = []
        if scale**2 * pixels > LARGE_SCAN:
            found = self.detect_at_scale(picture, small)
        found += [
            face for face in self.detect_at_scale(picture, scale) if not any(is_within(face, large) for large in found)
        ]
        return reading_order(found)

    def thorough_scale(self, picture: Picture) -> float:
        """The scale of a thorough scan."""
        return max(SCALE, math.sqrt(SCANNED_PIXELS / (picture.shape[0] * picture.shape[1])))

    def detect_at_scale(self, picture: Picture, scale: float) -> list[Face]:
        """The faces of the picture at one scale, in pixels of the picture."""
        height, width = picture.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        scaled = cv2.cvtColor(resized(picture, size), cv2.COLOR_RGB2BGR)
        with self._scanning:
            self._detector.setInputSize(size)
            _, rows = self._detector.detect(scaled)
        found = cast("NDArray[np.float32] | None", rows)  # cv2's types don't know that it is None without a face
        return [_face(row, size, picture) for row in found] if found is not None else []

    def close_ups(
        self, picture: Picture, faces: Sequence[Face], turns: Sequence[float]
    ) -> list[NDArray[np.float32] | None]:
        """The landmarks of each face, as of `CloseUps.landmarks`."""
        return self._close_ups.landmarks(picture, faces, turns)


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """`picture` at a `size` (width, height): halved while it is twice as large, then bilinear.

    OpenCV takes ten times as long for averages over other areas than two by two.
    """
    height, width = picture.shape[:2]
    while width >= 2 * size[0] and height >= 2 * size[1]:
        width, height = width // 2, height // 2
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def is_within(face: Face, large: Face) -> bool:
    """Whether the middle of a face lies in the middle half of a larger one."""
    across, down = face.box.left + face.box.right, face.box.top + face.box.bottom
    return 2 * large.box.left < across < 2 * large.box.right and 2 * large.box.top < down < 2 * large.box.bottom


def _face(row: NDArray[np.float32], scanned: tuple[int, int], picture: Picture) -> Face:
    """`row`: left, top, width, height, x and y of five landmarks, score; pixels of a scan of size `scanned` (width, height)."""
    height, width = picture.shape[:2]
    points = row[:14].reshape(7, 2) * np.array([width / scanned[0], height / scanned[1]], np.float32)
    (left, top), (across, down) = points[:2].tolist()
    box = Box(
        max(0, min(width - 1, round(left))),
        max(0, min(height - 1, round(top))),
        min(width, max(1, round(left + across))),
        min(height, max(1, round(top + down))),
    )
    return Face(box, float(row[14]), points[2:])
