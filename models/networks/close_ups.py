"""Close-ups: the landmarks of faces that a scan has found, each from a picture in which the face is upright and of one width.

A scan shows faces at many widths. YuNet's landmarks depend on the width, most of all below 150 pixels.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from models.networks.runtime import compile_network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import openvino

    from models.faces import Face, Picture

SIDE, LENGTH = 352, 220
"""Side of a close-up, and the length of the face's longer side in it, in pixels.

Right names of TWICE in % with five, three and one photos a member at 1% strangers named, and F1 of the names in 19 group photos
of BTS with five and nine, by `sface` (ten draws, landmarks by a close-up without its mirror image and a single cell):

    landmarks of            TWICE               group photos
    the scan                97.8, 96.7, 82.6    89.6, 90.8
    90 px in 270            94.0, 88.6, 73.2    90.7, 93.2
    130 px in 390           93.8, 90.2, 75.4    92.8, 94.1
    180 px in 540           98.9, 97.8, 85.1    92.4, 92.7
    220 px in 440           98.4, 97.5, 86.7    92.9, 93.1
    250 px in 750           98.9, 97.0, 79.6    92.6, 93.6

With its mirror image and all cells, 220 px in 352 give 98.7, 98.1, 84.4 and 94.7, 95.0; 180 px in 320 give 98.2, 97.6, 84.7 and
92.1, 92.2.
"""

POWER = 4
"""The power of a cell's score in its weight. The surest cell alone is as good with one photo, and a little worse with more."""

CERTAIN = 0.5
"""The score that a cell needs, and the best one at least. The face is known, so it is below a detection's."""

SAME_FACE = 0.4
"""The minimum overlap (intersection over union) of a cell's box with the known one."""

_STRIDES = (8, 16, 32)
_OUTPUTS = 4 * len(_STRIDES)
_MIRRORED = [1, 0, 2, 4, 3]
"""The places of a mirrored face's landmarks."""


CloseUp = list[NDArray[np.float32]]
"""YuNet's outputs for one close-up, a row a cell: scores of a face, of an object, boxes, landmarks; each by stride."""


class CloseUps:
    """YuNet for close-ups. It is thread-safe."""

    def __init__(self, model: Path | bytes) -> None:
        """`model`: an ONNX file, or its content. Raises RuntimeError for one that OpenVINO can't read."""
        self._requests, _ = compile_network(model, SIDE, colours="BGR")
        self._requests.set_callback(_keep)
        self._running = Lock()

    def landmarks(
        self, picture: Picture, faces: Sequence[Face], turns: Sequence[float]
    ) -> list[NDArray[np.float32] | None]:
        """The landmarks (5, 2) float32 of each face, in pixels of `picture`; None where a close-up shows no face.

        They are means over a close-up and its mirror image. `turns`: degrees anticlockwise that make each face upright.
        """
        matrices = [_matrix(face, degrees) for face, degrees in zip(faces, turns, strict=True)]
        pictures = [_warped(picture, matrix) for matrix in matrices]
        found = self._run([shown for pixels in pictures for shown in (pixels, pixels[:, ::-1])])
        looks: list[NDArray[np.float32] | None] = []
        for matrix, face, straight, mirrored in zip(matrices, faces, found[::2], found[1::2], strict=True):
            expected = _expected(face)
            sides = [_points(straight, expected), _flipped(_points(mirrored, expected))]
            seen = [points for points in sides if points is not None]
            looks.append(_back(matrix, np.mean(seen, axis=0)) if seen else None)
        return looks

    def _run(self, pictures: Sequence[NDArray[np.uint8]]) -> list[CloseUp]:
        found: list[CloseUp] = [[] for _ in pictures]
        with self._running:
            for pixels, kept in zip(pictures, found, strict=True):
                self._requests.start_async([np.ascontiguousarray(pixels)[None]], kept)
            self._requests.wait_all()
        return found


def _keep(request: openvino.InferRequest, kept: CloseUp) -> None:
    kept += [request.get_output_tensor(place).data[0].copy() for place in range(_OUTPUTS)]


def _warped(picture: Picture, matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    warped = cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return warped.astype(np.uint8, copy=False)


def _matrix(face: Face, degrees: float) -> NDArray[np.float64]:
    """The turn and scale of points (x, y) of the picture into the close-up: (2, 3)."""
    box = face.box
    middle = (box.left + box.right - 1) / 2, (box.top + box.bottom - 1) / 2
    matrix = cv2.getRotationMatrix2D(middle, degrees, LENGTH / max(box.width, box.height))
    matrix[:, 2] += (SIDE - 1) / 2 - np.array(middle)
    return np.asarray(matrix, np.float64)


def _expected(face: Face) -> NDArray[np.float64]:
    """Left, top, right, bottom of the known box in the close-up."""
    box = face.box
    half = np.array([box.width, box.height]) * LENGTH / max(box.width, box.height) / 2
    return np.concatenate([SIDE / 2 - half, SIDE / 2 + half])


def _points(found: CloseUp, expected: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The landmarks (5, 2) in a close-up: the mean over all cells that show the face, weighted by their scores."""
    scores: list[NDArray[np.float64]] = []
    points: list[NDArray[np.float64]] = []
    for place, stride in enumerate(_STRIDES):
        cells = SIDE // stride
        faces, objects, boxes, landmarks = found[place :: len(_STRIDES)]
        score = np.sqrt(np.clip(faces[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
        sure = np.flatnonzero(score >= CERTAIN)
        corners = np.stack([sure % cells, sure // cells], axis=1).astype(np.float64)
        middles, sizes = (corners + boxes[sure, :2]) * stride, np.exp(boxes[sure, 2:]) * stride
        same = _overlaps(np.hstack([middles - sizes / 2, middles + sizes / 2]), expected) >= SAME_FACE
        scores.append(score[sure][same].astype(np.float64))
        points.append((landmarks[sure][same].reshape(-1, 5, 2) + corners[same][:, None]) * stride)
    weights = np.concatenate(scores)
    if not weights.size:
        return None
    return np.average(np.concatenate(points), axis=0, weights=weights**POWER)


def _overlaps(boxes: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of boxes (n, 4) and one box (4,): (n,)."""
    common = np.minimum(boxes[:, 2:], expected[2:]) - np.maximum(boxes[:, :2], expected[:2])
    shared = np.prod(np.maximum(common, 0), axis=1)
    return shared / (np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(expected[2:] - expected[:2]) - shared)


def _flipped(points: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    return None if points is None else np.stack([SIDE - 1 - points[_MIRRORED, 0], points[_MIRRORED, 1]], axis=1)


def _back(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float32]:
    inverse = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    return (points @ inverse[:, :2].T + inverse[:, 2]).astype(np.float32)
