"""A face of another frame, near its place in this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.faces import Face, Picture

_MARGIN = 0.7
"""The margin around the known box that is searched, as a share of the box's longer side."""

_SAME_FACE = 0.25
"""The minimum overlap (intersection over union) with the known box."""


def detect_nearby(detect: Callable[[Picture], list[Face]], picture: Picture, known: Face) -> Face | None:
    """The face that `detect` finds nearest to the place of `known`, in pixels of `picture`; None without one."""
    area = known.box.grown(_MARGIN)
    left, top = max(0, area.left), max(0, area.top)
    around = picture[top : max(0, area.bottom), left : max(0, area.right)]
    if not around.size:
        return None
    found = [face.moved(left, top) for face in detect(around)]
    best = max(found, key=lambda face: face.box.overlap(known.box), default=None)
    return best if best is not None and best.box.overlap(known.box) >= _SAME_FACE else None
