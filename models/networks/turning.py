"""Faces that turn in a video: the straight look at a tilted one, and the search for one that another frame shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.networks.nearby import detect_nearby
from models.networks.rotations import between, nearest_turn, roll, scan_turned
from models.networks.second_look import second_look
from models.networks.turned import CLEARLY, CONFIRMED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.faces import Face, Picture
    from models.networks.landmark_detector import LandmarkDetector

REGRESSION = 1.7
"""The tilt of a face in times of that of its landmarks: YuNet draws them towards the upright.

At CLOSE pixels, turned by 10, 20 and 30 degrees, the landmarks of 18 photos have tilts of 6, 11 to 13 and 17 to 21 degrees in
the median, in both directions.
"""

TILTED = 8.0
"""Degrees of the landmarks from which another look is worth its time."""

MOST_LOOKS = 3
"""Looks at a face, each of them straighter. The third one is for faces at 40 degrees and more."""

SURE = 0.9
"""The score of a straight look that leaves no doubt about the direction. Of faces turned by 40, 50 and 60 degrees, a look
without a turn has 0.90, 0.88 and 0.87 in the median; straight, 0.93."""

LIKELY = 0.8
"""The score, by a small picture of the face, that ends the search in its known direction. A face that is turned by more than 45
degrees has 0.71 to 0.79 there, when it has any."""

_LITTLE = 48
_BESIDE = (45, -45)
_NEAR = 22.5


def look_again(detector: LandmarkDetector, picture: Picture, known: Face) -> Face | None:
    """The face of another frame near its place in this one, about as large; None where it isn't found.

    It is turned as much as `known`, or else by about 45 degrees to either side; then it is straightened.
    """
    direction = round(roll(known))
    same = _little(detector, picture, known, direction)
    if same is not None and same.score >= LIKELY:
        return same
    beside = _straight_beside(detector, picture, known, [direction + turn for turn in _BESIDE])
    if beside is None or beside.score < CONFIRMED:
        return same
    return beside


def straightened(detector: LandmarkDetector, picture: Picture, face: Face, known: Face | None = None) -> Face | None:
    """The face detected again where it is upright; None where that finds no face.

    Where the detector isn't sure, the direction of the landmarks may be wrong. Then the face is looked for in the direction of
    `known`, the same face in another frame, and beside it.
    """
    look = _straight_look(detector, picture, face, nearest_turn(face))
    if known is None or (look is not None and look.score >= SURE):
        return look
    turns = [round(roll(known)) + turn for turn in (0, *_BESIDE)]
    tried = roll(face if look is None else look)
    other = _straight_beside(detector, picture, face, [turn for turn in turns if between(turn, tried) > _NEAR])
    if other is None or (look is not None and other.score < look.score + CLEARLY):
        return look
    return other


def _straight_look(detector: LandmarkDetector, picture: Picture, face: Face, degrees: int) -> Face | None:
    """The face in a picture turned by `degrees` anticlockwise, and then by what its landmarks are still tilted."""
    best: Face | None = None
    for _ in range(MOST_LOOKS):
        look = second_look(detector, picture, face, degrees)
        if look is None or (best is not None and look.score < best.score):
            break
        best = look
        tilt = (roll(look) - degrees + 180) % 360 - 180
        if abs(tilt) < TILTED:
            break
        degrees += round(REGRESSION * tilt)
    return best


def _straight_beside(detector: LandmarkDetector, picture: Picture, known: Face, turns: Iterable[int]) -> Face | None:
    """The straight look at the surest detection of these turns."""
    found = [(face, turn) for turn in turns if (face := _little(detector, picture, known, turn))]
    if not found:
        return None
    face, turn = max(found, key=lambda one: one[0].score)
    return _straight_look(detector, picture, face, turn)


def _little(detector: LandmarkDetector, picture: Picture, known: Face, degrees: int) -> Face | None:
    """The detection near the place of `known`, in a picture of a small size turned by `degrees` anticlockwise."""
    scale = _LITTLE / max(known.box.width, known.box.height)
    return detect_nearby(lambda around: scan_turned(detector, around, degrees, scale), picture, known)
