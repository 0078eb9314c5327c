"""The layout of a map: thumbnails apart from each other, and names where there is room."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from models.drawing.fonts import font, shorten
from models.drawing.theme import LIGHT, TEXT_SIZE, blend, member_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.drawing.theme import Colour
    from models.similarity.maps import FaceMap

    Points = NDArray[np.float64]
    """(n, 2) float64, pixels to the right and down."""

    Area = tuple[float, float, float, float]
    """(left, top, right, bottom), pixels."""

_LARGEST: Final = 150
"""Side of a thumbnail at most, in pixels."""

_FULL: Final = 0.33
"""The share of the map under thumbnails, unless they have their largest size."""

_BETWEEN: Final = 4
"""The smallest gap between two thumbnails, in pixels."""

_PUSHES: Final = 400
"""Iterations of the repulsion at most. Three hundred thumbnails at one point need nearly all of them."""

_GOLDEN_ANGLE: Final = pi * (3 - sqrt(5))

_LABEL: Final = 22
"""Size of an outlier's name, in pixels."""


@dataclass(frozen=True, slots=True)
class MapText:
    """A text of a map: its box, letter size and colour in pixels. `plate`: whether it has a dark plate behind it."""

    text: str
    box: Area
    letters: int
    ink: Colour
    plate: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        """The centre of the box: (x, y)."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2


def arrange_thumbnails(points: Points, size: tuple[int, int]) -> tuple[Points, int]:
    """The centres (n, 2) of thumbnails and their side, in pixels, for a frame of `size` (width, height).

    `points`: (n, 2), y upward, without a unit. They are scaled to the frame. Thumbnails that would overlap repel each other;
    where they leave the frame then, all distances shrink, thumbnails too. In the result none overlap, and all lie inside.
    """
    side = min(_LARGEST, int(sqrt(_FULL * size[0] * size[1] / len(points))))
    room = np.array(size) - (side + 2)
    centres = _scaled(points * (1, -1), room, most=np.inf)
    centres = _pushed_apart(centres, side + _BETWEEN)
    centres = _scaled(centres, room, most=1.0)
    distances: NDArray[np.float64] = np.linalg.norm(centres[:, None] - centres, axis=2)
    np.fill_diagonal(distances, np.inf)
    # Rounding to whole pixels may move each of two by one.
    return centres + np.array(size) / 2, max(4, min(side, int(distances.min()) - 2))


def _scaled(points: Points, room: NDArray[np.int64], *, most: float) -> Points:
    """Points around the origin, scaled to the frame `room` (width, height), `most` times at most."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(float((room / np.maximum(high - low, 1e-9)).min()), most)
    return (points - (low + high) / 2) * scale


def _pushed_apart(centres: Points, wanted: float) -> Points:
    """Centres after repulsion: `wanted` pixels apart, or nearly so for many."""
    # A small step in a direction of its own separates centres at the same point.
    turn = _GOLDEN_ANGLE * np.arange(len(centres))
    aside = 0.1 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for _ in range(_PUSHES):
        away = centres[:, None] - centres
        distances: NDArray[np.float64] = np.linalg.norm(away, axis=2)
        np.fill_diagonal(distances, np.inf)
        too_near = np.maximum(wanted - distances, 0)
        if too_near.max() < 1:
            break
        step = 0.45 * (away * (too_near / np.maximum(distances, 1e-6))[:, :, None]).sum(axis=1)
        # The bound keeps many neighbours in a crowd from moving one centre far.
        lengths: NDArray[np.float64] = np.linalg.norm(step, axis=1, keepdims=True)
        step *= np.minimum(1, wanted / 3 / np.maximum(lengths, 1e-6))
        centres = centres + step + aside * (too_near.max(axis=1, keepdims=True) > 0)
    return centres


def place_texts(
    found: FaceMap,
    names: list[str],
    outliers: set[int],
    centres: Points,
    side: int,
    frame: Area,
) -> list[MapText]:
    """The texts of a map: the name beside each outlier, and each member's name near the middle of the member's other photos.

    `names`: one a member of the map, as drawn. `outliers`: indices of photos. `centres`: (n, 2) of the thumbnails, which are
    `side` pixels wide. `frame`: the area of the map. A name without a free place is left out.
    """
    written: list[MapText] = []
    for photo in sorted(outliers):
        member = int(found.members[photo])
        name = shorten(names[member], _LABEL, 2.5 * side)
        size = _size(name, _LABEL)
        around = _around(centres[photo], side / 2 + size[1] / 2 + 2, size)
        free = [box for box in around if _fits(box, frame, written)]
        clear = [box for box in free if _clear(box, centres, side)]
        if free:
            # The last candidate lies on the outlier's own chin, which is better than on a neighbour's face.
            written.append(MapText(name, (clear or free[-1:])[0], _LABEL, _ink(member), plate=True))
    for member, name in enumerate(names):
        mine = found.members == member
        inner = mine & ~np.isin(np.arange(len(mine)), list(outliers))
        middle = centres[inner if inner.any() else mine].mean(axis=0)
        reach = float(np.linalg.norm(centres[mine] - middle, axis=1).max()) + 2 * side
        size = _size(name, TEXT_SIZE)
        for box in _near(middle, reach, size):
            nearest = int(_distances(box, centres).argmin())
            if mine[nearest] and _fits(box, frame, written) and _clear(box, centres, side):
                written.append(MapText(name, box, TEXT_SIZE, _ink(member)))
                break
    return written


def _size(text: str, letters: int) -> tuple[float, float]:
    return font(letters).getlength(text) + 10, 1.3 * letters


def _around(centre: NDArray[np.float64], away: float, size: tuple[float, float]) -> list[Area]:
    """Boxes of `size` below, above and beside a thumbnail, and last on its lower edge."""
    wide = away - size[1] / 2 + size[0] / 2
    corners = [(0, away), (0, -away), (wide, 0), (-wide, 0)]
    corners += [(x * wide * 0.8, y * away * 0.8) for y in (1, -1) for x in (1, -1)]
    corners += [(0, away - 0.7 * size[1])]
    return [_box(centre[0] + x, centre[1] + y, size) for x, y in corners]


def _near(middle: NDArray[np.float64], reach: float, size: tuple[float, float]) -> list[Area]:
    """Boxes of `size` on circles around a point, the nearest first."""
    spots = [(0.0, 0.0)]
    for radius in range(14, int(reach), 14):
        steps = max(8, radius // 6)
        turns = (-pi / 2 + 2 * pi * step / steps for step in range(steps))
        spots += [(radius * cos(turn), radius * sin(turn)) for turn in turns]
    return [_box(middle[0] + x, middle[1] + y, size) for x, y in spots]


def _box(x: float, y: float, size: tuple[float, float]) -> Area:
    return x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2


def _fits(box: Area, frame: Area, written: Sequence[MapText]) -> bool:
    """Whether a box lies inside the frame without overlapping a text."""
    left, top, right, bottom = box
    if left < frame[0] or top < frame[1] or right > frame[2] or bottom > frame[3]:
        return False
    return all(
        right <= text.box[0] or text.box[2] <= left or bottom <= text.box[1] or text.box[3] <= top for text in written
    )


def _distances(box: Area, centres: Points) -> NDArray[np.float64]:
    """The distance of each centre from a box, in pixels: (n,)."""
    nearest = np.clip(centres, box[:2], box[2:])
    return np.asarray(np.linalg.norm(centres - nearest, axis=1))


def _clear(box: Area, centres: Points, side: int) -> bool:
    """Whether a box overlaps no thumbnail."""
    return bool(_distances(box, centres).min() > side / 2 + 1)


def _ink(member: int) -> Colour:
    """The member's colour, lightened for text."""
    return blend(member_colour(member), LIGHT, 0.35)
