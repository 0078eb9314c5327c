"""The quality of a face: its width, sharpness and pose, its flaws, and its weight in recognition."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.faces import FaceFlaw, Landmarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Face, Picture

SMALL = 28
"""Pixels of a face's width below which it is small. By sface 74% of members' sharp faces of 20 to 28 pixels get their name, 93%
of those of 28 to 40 (docs/recognition.md).
"""

SHARP = 1.65
BLIND = 1.07
"""The sharpness of full weight and of no weight; between them the weight is in proportion. Fitted by maximum likelihood
with dlib. By sface 1.80 and 0.80 fit the three groups together best, by 0.005 nats a face, and single groups give 1.30 to 2.00
and 0.70 to 1.05, so these stay.
"""

TURNED = 35.0
"""The minimum yaw in degrees at which fewer members get their name (53% against 75%, a dozen photos)."""

_SIDE = 112
_EYE_DISTANCE, _EYE_HEIGHT = 0.5, 0.3
"""The eyes in the crop, in shares of its side. The crop reaches from the brows to the mouth, without background."""

_FINE, _COARSE = 1.0, 6.0
"""Standard deviations, in pixels of the crop, of the two blurs of `sharpness`. The fine one removes the noise of JPEG: at
quality 10 a face has the same sharpness as before."""

_BORDER = 6

_NOSE_DEPTH = {Landmarks.EYE_CORNERS_NOSE_BASE: 0.41, Landmarks.EYES_NOSE_MOUTH: 0.475}
"""The distance of the nose landmark in front of the eyes, in distances between the eyes. The first is the base of the nose in
MediaPipe's canonical face model. With the second, YuNet's yaw has the spread of dlib's on 299 photos.
"""


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """The quality of one face.

    `width`: of its box, in pixels. `sharpness`: see `sharpness`; about 2.6 for a press photo, 1 for a face without any detail.
    `yaw`: degrees from frontal, positive where the nose of an upright face points to the right of the picture.
    """

    width: int
    sharpness: float
    yaw: float

    @property
    def flaws(self) -> tuple[FaceFlaw, ...]:
        """The flaws of the face, none for a good one."""
        found = {
            FaceFlaw.SMALL: self.width < SMALL,
            FaceFlaw.BLURRED: self.sharpness < SHARP,
            FaceFlaw.TURNED: abs(self.yaw) >= TURNED,
        }
        return tuple(flaw for flaw, has in found.items() if has)

    @property
    def weight(self) -> float:
        """The weight of the differences between members, in [0, 1].

        It depends on sharpness alone. Enlarged small faces are blurred too, and neither width nor pose has a further effect.
        """
        return min(1.0, max(0.0, (self.sharpness - BLIND) / (SHARP - BLIND)))


def measure_quality(picture: Picture, face: Face, landmarks: Landmarks) -> FaceQuality:
    """The quality of one face of `picture`. `landmarks`: the meaning of the engine's landmarks."""
    left, right = _eyes(face.landmarks, landmarks)
    across = right - left
    distance = max(float(np.hypot(*across)), 1.0)
    nose = face.landmarks[4 if landmarks is Landmarks.EYE_CORNERS_NOSE_BASE else 2] - (left + right) / 2
    aside = float(nose @ across) / distance**2
    return FaceQuality(
        width=face.box.width,
        sharpness=sharpness(_crop(picture, left, right)),
        yaw=math.degrees(math.atan(aside / _NOSE_DEPTH[landmarks])),
    )


def sharpness(grey: NDArray[np.uint8]) -> float:
    """The ratio of the edges of a picture before and after a blur (h, w) uint8: from about 1 up, 0 for a picture without edges.

    As in the blur metric of Crete et al. (2007), another blur changes a blurred picture little, whatever its contrast. A
    structure tensor has the edges of all directions before and after the blur. The direction with the smallest loss counts,
    because a motion blur keeps the edges along it.
    """
    pixels = grey.astype(np.float32)
    fine, coarse = (_structure(pixels, blur) for blur in (_FINE, _COARSE))
    ratios = np.linalg.eigvals(np.linalg.solve(coarse + 0.01 * np.eye(2), fine))
    return math.sqrt(max(float(ratios.real.min()), 0.0))


def quality_weighted(log_odds: NDArray[np.float64], qualities: Sequence[FaceQuality] | None) -> NDArray[np.float64]:
    """Log-odds (n, m) of the members of one group, weighted by the quality of each face; the same shape out.

    The differences between members shrink by the face's weight, and the odds of any member at all stay. So the likeliest
    member's confidence falls or stays, and the stranger's stays. Blurred faces name no more strangers than good ones do, but
    they confuse members far more often than their scores say.
    """
    if qualities is None or not log_odds.size:
        return log_odds
    weights = np.array([quality.weight for quality in qualities])[:, None]
    shrunk = weights * log_odds
    return (
        shrunk
        + np.logaddexp.reduce(log_odds, axis=1, keepdims=True)
        - np.logaddexp.reduce(shrunk, axis=1, keepdims=True)
    )


def _eyes(points: NDArray[np.float32], landmarks: Landmarks) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The centres of both eyes, (2,) each, in an upright face the left one in the picture first."""
    if landmarks is Landmarks.EYE_CORNERS_NOSE_BASE:
        (first, second), below = points[:4].reshape(2, 2, 2).mean(axis=1), points[4]
    else:
        (first, second), below = points[:2], points[3:].mean(axis=0)
    (x, y), (aside, down) = second - first, below - (first + second) / 2
    return (first, second) if x * down > y * aside else (second, first)


def _crop(picture: Picture, left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The face upright and grey, with fixed positions of the eyes: (_SIDE, _SIDE) uint8."""
    middle, across = (left + right) / 2, right - left
    distance = max(float(np.hypot(*across)), 1.0)
    reach = math.ceil(2 * distance) + 2
    height, width = picture.shape[:2]
    column, row = (int(np.clip(at, 0, most - 1)) for at, most in zip(middle, (width, height), strict=True))
    top, start = max(0, row - reach), max(0, column - reach)
    grey = cv2.cvtColor(picture[top : row + reach, start : column + reach], cv2.COLOR_RGB2GRAY)
    scale = _EYE_DISTANCE * _SIDE / distance
    # Bilinear sampling skips pixels below half the size, so the picture is reduced to twice the final size first.
    reduced = min(1.0, 2 * scale)
    if reduced < 1:
        grey = cv2.resize(grey, None, fx=reduced, fy=reduced, interpolation=cv2.INTER_AREA)
    cosine, sine = across / distance * scale / reduced
    turn = np.array([[cosine, sine], [-sine, cosine]])
    shift = np.array([0.5, _EYE_HEIGHT]) * _SIDE - turn @ ((middle - (start, top)) * reduced)
    matrix = np.column_stack([turn, shift])
    upright = cv2.warpAffine(grey, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return upright.astype(np.uint8, copy=False)


def _structure(pixels: NDArray[np.float32], blur: float) -> NDArray[np.float64]:
    """The structure tensor of a whole picture after a Gaussian blur: (2, 2), mean products of its gradients."""
    blurred = cv2.GaussianBlur(pixels, (0, 0), blur)
    inside = slice(_BORDER, -_BORDER)
    gradients = [cv2.Sobel(blurred, cv2.CV_32F, *order)[inside, inside].ravel() for order in ((1, 0), (0, 1))]
    stacked = np.stack(gradients).astype(np.float64)
    return stacked @ stacked.T / stacked.shape[1]
