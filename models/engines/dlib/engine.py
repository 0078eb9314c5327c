"""dlib's HOG detector, landmarks and alignment, and its ResNet on OpenVINO."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import cv2
import dlib
import numpy as np

from models.engines.dlib.resnet import read_embedder
from models.engines.dlib.serialised import CHIP, DIMENSIONS
from models.engines.dlib.version import VERSION
from models.faces import Box, Face, Landmarks, reading_order
from models.networks.nearby import detect_nearby

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings, Picture
    from models.networks.runtime import Embedder

SCANNED_PIXELS = 16_000_000
"""Pixels of the scan at most. Below that the scan has twice the picture's size, which finds faces from 40 px, as
face_recognition does.

The scan is in grey, in two thirds of the time: in colour dlib searches all channels of each pixel for the strongest edge.
"""

CERTAIN = -0.17
"""The detection threshold. Scores in grey are 0.066 lower than in colour, where -0.1 was right for 262 photos of
../shared/faces (dlib's own threshold is 0). Of 400 boxes found there in colour, the scan in grey finds all, and two more.
"""

POSSIBLE = -0.67
"""The minimum score for examining a detection again. The scan's time doesn't depend on it."""

CONFIRMED = 0.3
"""The score that a possible face needs once it is upright and large.

On the same photos 92 more boxes scored POSSIBLE. Five of them pass the second look, all of them faces; the best non-face scored
0.25. Of the faces at CERTAIN 98% would pass too. A second look takes 4.5 ms.
"""

NARROWEST = 80
"""The smallest face of the detector, in pixels of a scan."""

SECOND_LOOKS = 24
"""Second looks a picture at most, best first, which bounds the time for pictures full of texture."""

NETWORK = "dlib_face_recognition_resnet_model_v1.dat"
LANDMARKS = "shape_predictor_5_face_landmarks.dat"

_LOOK_SIDE, _LOOK_PADDING = 200, 0.6
_SAME_FACE = 0.3
_PADDING = 0.25
_MIN_SIZE_SHARE = 0.6
"""The smallest width of a face in another frame, as a share of its known width."""


def create() -> DlibEngine:
    """The engine, from the files of face_recognition_models.

    Raises FileNotFoundError without that package, and MalformedModelError for other files in it.
    """
    models = _published_models()
    return DlibEngine(models / LANDMARKS, read_embedder(models / NETWORK))


class DlibEngine:
    """The boxes, landmarks and encodings of face_recognition. It is thread-safe."""

    name = "dlib"
    version = VERSION
    dimensions = DIMENSIONS
    landmarks = Landmarks.EYE_CORNERS_NOSE_BASE

    def __init__(self, landmarks: Path, embedder: Embedder) -> None:
        self._detector = dlib.get_frontal_face_detector()
        # The detector releases the GIL and writes to its own scratch memory, so two threads at once would crash it.
        self._scanning = Lock()
        self._landmarks = dlib.shape_predictor(str(landmarks))
        self._embedder = embedder

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """All faces of `face_recognition.face_locations` (up to 4 megapixels) and fainter ones, in reading order.

        Faces narrower than `smallest` pixels may be missing. `score` is the detector's; a face below CERTAIN has passed a
        second look.
        """
        picture = np.ascontiguousarray(picture)
        height, width = picture.shape[:2]
        found: list[Face] = []
        looks = 0
        for rectangle, score in self._scan(picture, smallest):
            if score < CERTAIN:
                if looks == SECOND_LOOKS:
                    break
                looks += 1
            shape = self._landmarks(picture, rectangle)
            box = Box(
                max(0, rectangle.left()),
                max(0, rectangle.top()),
                min(width, rectangle.right() + 1),
                min(height, rectangle.bottom() + 1),
            )
            if score < CERTAIN and not self._confirm(picture, shape, box, found):
                continue
            points = np.array([(point.x, point.y) for point in shape.parts()], np.float32)
            found.append(Face(box, score, points))
        return reading_order(found)

    def refined(self, picture: Picture, face: Face, known: Face | None = None) -> Face:
        """The same face, because its landmarks already come from the picture at full size."""
        return face

    def look_again(self, picture: Picture, known: Face) -> Face | None:
        """The nearly upright face near the place of `known`, a face of another frame; None without one."""
        smallest = max(16, round(_MIN_SIZE_SHARE * known.box.width))
        return detect_nearby(lambda around: self.detect(around, smallest), picture, known)

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """Encodings of the faces: (n, 128) float32, rows of unit length, each the mean over the face and its mirror image."""
        return self._embedder.encode(self.chips(picture, faces))

    def chips(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """dlib's aligned crops of the faces: (n, 150, 150, 3) uint8 RGB."""
        if not faces:
            return np.empty((0, CHIP, CHIP, 3), np.uint8)
        picture = np.ascontiguousarray(picture)
        shapes = dlib.full_object_detections()
        for face in faces:
            points = dlib.points([dlib.point(*point) for point in face.landmarks.astype(int).tolist()])
            corners = dlib.rectangle(*face.box.as_list())
            shapes.append(dlib.full_object_detection(corners, points))
        return np.stack(dlib.get_face_chips(picture, shapes, size=CHIP, padding=_PADDING))

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The output of dlib's network for chips (n, 150, 150, 3) uint8: (n, 128) float32, not of unit length, not mirrored."""
        return self._embedder.embed(chips)

    def _scan(self, picture: Picture, smallest: int) -> list[tuple[dlib.rectangle, float]]:
        """The detector's rectangles, in pixels of the picture, and their scores, best first."""
        height, width = picture.shape[:2]
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
        scale = min(2.0, math.sqrt(SCANNED_PIXELS / (height * width)), NARROWEST / max(smallest, 1))
        if scale == 2.0:
            with self._scanning:
                rectangles, scores, _ = self._detector.run(grey, 1, POSSIBLE)
        else:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            scaled = cv2.resize(grey, size, interpolation=how).astype(np.uint8, copy=False)
            with self._scanning:
                rectangles, scores, _ = self._detector.run(scaled, 0, POSSIBLE)
            rectangles = [
                dlib.rectangle(*(round(edge / scale) for edge in (r.left(), r.top(), r.right(), r.bottom())))
                for r in rectangles
            ]
        return sorted(zip(rectangles, scores, strict=True), key=lambda found: -found[1])

    def _confirm(self, picture: Picture, shape: dlib.full_object_detection, box: Box, found: Sequence[Face]) -> bool:
        """Whether a possible face is one: detected again when upright and large, and not part of a better one."""
        if any(box.overlap(face.box) > _SAME_FACE for face in found):
            return False
        chip = dlib.get_face_chip(picture, shape, size=_LOOK_SIDE, padding=_LOOK_PADDING)
        with self._scanning:
            rectangles, _, _ = self._detector.run(chip, 0, CONFIRMED)
        middle = dlib.point(_LOOK_SIDE // 2, _LOOK_SIDE // 2)
        return any(dlib.shrink_rect(rectangle, rectangle.width() // 4).contains(middle) for rectangle in rectangles)


def _published_models() -> Path:
    """The folder of model files in face_recognition_models, found without its import, which needs pkg_resources."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package face_recognition_models is not installed")
    return Path(spec.submodule_search_locations[0]) / "models"
