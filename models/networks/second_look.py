"""A second look at a face: detected again when nearly upright, and about as large as a chip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.networks.rotations import nearest_turn, scan_turned

if TYPE_CHECKING:
    from models.faces import Face, Picture
    from models.networks.landmark_detector import LandmarkDetector

CLOSE = 130
"""The width of a face, in pixels, of a second look: about that of a chip."""

_MARGIN, _SAME_FACE = 0.5, 0.4


def second_look(
    detector: LandmarkDetector, picture: Picture, face: Face, degrees: int | None = None, width: int = CLOSE
) -> Face | None:
    """The face detected again at a width of `width` pixels; None where that finds no face.

    The picture is turned by `degrees` anticlockwise, by default by `nearest_turn`, so a face that is nearly upright stays as
    it is.
    """
    if degrees is None:
        degrees = nearest_turn(face)
    side = max(face.box.width, face.box.height)
    area = face.box.grown(_MARGIN)
    left, top = max(0, area.left), max(0, area.top)
    around = picture[top : area.bottom, left : area.right]
    found = scan_turned(detector, around, degrees, width / side)
    moved = [other.moved(left, top) for other in found]
    best = max(moved, key=lambda other: other.box.overlap(face.box), default=None)
    return best if best is not None and best.box.overlap(face.box) >= _SAME_FACE else None
