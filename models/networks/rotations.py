"""Pictures turned by any angle, and faces turned back with them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.faces import Box, Face
from models.networks.yunet import resized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Picture
    from models.networks.landmark_detector import LandmarkDetector


MOST_GROWTH = 4
"""The pixels of a turned picture, black corners included, in those of the picture.

A diagonal turn of one six times as wide as high has so many; one of a few rows would become a square of its length.
"""

MOST_PIXELS = 3_000_000
"""The pixels of a turned picture, which bound memory and time."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A turn of pictures of one size, about their middle. `degrees`: anticlockwise. `size`: width and height before it."""

    degrees: float
    size: tuple[int, int]

    @property
    def turned_size(self) -> tuple[int, int]:
        """Width and height of the smallest upright picture that holds the turned one."""
        (width, height), (cosine, sine) = self.size, self._shares()
        return round(width * cosine + height * sine), round(width * sine + height * cosine)

    def apply(self, picture: Picture) -> Picture:
        """The turned picture, black beyond the edges of `picture`; `picture` itself for a turn of 0 degrees."""
        if self.degrees == 0:
            return picture
        turned = cv2.warpAffine(picture, self._matrix(), self.turned_size, flags=cv2.INTER_LINEAR)
        return turned.astype(np.uint8, copy=False)

    def forth(self, face: Face) -> Face:
        """A face of the picture, in the turned one. Its landmarks keep their order.

        Its box is around the turned ellipse that touches the sides of the box before.
        """
        return self._moved(face, self._matrix(), self.turned_size)

    def back(self, faces: Sequence[Face]) -> list[Face]:
        """Faces of the turned picture, in the picture before the turn, as `forth` has them."""
        inverse = np.asarray(cv2.invertAffineTransform(self._matrix()), np.float64)
        return [self._moved(face, inverse, self.size) for face in faces] if self.degrees else list(faces)

    def _moved(self, face: Face, matrix: NDArray[np.float64], within: tuple[int, int]) -> Face:
        box, (width, height), (cosine, sine) = face.box, within, self._shares()
        middle = np.array([(box.left + box.right - 1) / 2, (box.top + box.bottom - 1) / 2])
        x, y = (matrix[:, :2] @ middle + matrix[:, 2] + 0.5).tolist()
        across = math.hypot(box.width * cosine, box.height * sine) / 2
        down = math.hypot(box.width * sine, box.height * cosine) / 2
        clipped = Box(
            max(0, min(width - 1, round(x - across))),
            max(0, min(height - 1, round(y - down))),
            min(width, max(1, round(x + across))),
            min(height, max(1, round(y + down))),
        )
        points = face.landmarks @ matrix[:, :2].T + matrix[:, 2]
        return Face(clipped, face.score, points.astype(np.float32))

    def _shares(self) -> tuple[float, float]:
        turn = math.radians(self.degrees)
        return abs(math.cos(turn)), abs(math.sin(turn))

    def _matrix(self) -> NDArray[np.float64]:
        """The turn of points (x, y): (2, 3)."""
        (width, height), (wide, high) = self.size, self.turned_size
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), self.degrees, 1.0)
        matrix[:, 2] += (wide - width) / 2, (high - height) / 2
        return np.asarray(matrix, np.float64)


def scan_turned(detector: LandmarkDetector, picture: Picture, degrees: int, scale: float) -> list[Face]:
    """The faces of the picture at one scale, turned by `degrees` anticlockwise: in pixels of the picture before the turn.

    The scale is smaller where the turned picture would have more pixels than MOST_GROWTH and MOST_PIXELS allow.
    """
    if degrees == 0:
        return detector.detect_at_scale(picture, scale)
    height, width = picture.shape[:2]
    size = _scaled(width, height, scale)
    wide, high = Rotation(degrees, size).turned_size
    allowed = min(MOST_GROWTH * size[0] * size[1], MOST_PIXELS)
    excess = wide * high / allowed
    if excess > 1:
        size = _scaled(width, height, scale / math.sqrt(excess))
    rotation = Rotation(degrees, size)
    found = rotation.back(detector.detect_at_scale(rotation.apply(resized(picture, size)), 1.0))
    return [_enlarged(face, width / size[0], height / size[1]) for face in found]


def _scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    return max(1, round(width * scale)), max(1, round(height * scale))


def _enlarged(face: Face, across: float, down: float) -> Face:
    left, top, right, bottom = face.box.as_list()
    box = Box(round(left * across), round(top * down), round(right * across), round(bottom * down))
    return Face(box, face.score, face.landmarks * np.array([across, down], np.float32))


def roll(face: Face) -> float:
    """The angle of a face with YuNet's landmarks: degrees clockwise from upright, in (-180, 180].

    It is that of the line from the middle of the eyes to the middle of the mouth, which is long also in profile.
    """
    x, y = (face.landmarks[3:].mean(axis=0) - face.landmarks[:2].mean(axis=0)).tolist()
    return math.degrees(math.atan2(-x, y))


def nearest_turn(face: Face) -> int:
    """The multiple of 45 degrees, anticlockwise, that makes a face with YuNet's landmarks most nearly upright."""
    return 45 * round(roll(face) / 45)


def between(first: float, second: float) -> float:
    """The angle between two directions in degrees, in [0, 180]."""
    return abs((first - second + 180) % 360 - 180)
