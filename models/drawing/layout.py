"""The placement of labels: beside their own face, clear of each other and of other faces, inside the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.faces import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.float32]
    """(n, 4) float32 rectangles (left, top, right, bottom), or (n, 2) corners."""

# Weights of a label's cost. Covering another face outweighs every distance in the picture. The best place is below the chin,
# since above are hair or the faces of the row behind.
_ON_OTHER_FACE = 40.0
_ON_OWN_FACE = 12.0
_DISTANCE = 1.0
_ABOVE = 0.25
_BESIDE = 0.5
# Limits of a label: the shares of another face and of its own face that it covers, and its distance from its face in label
# heights. Beyond them a number on the box is better than a name.
_MAX_OTHER_SHARE = 0.15
_MAX_OWN_SHARE = 0.3
_FARTHEST = 5.0
_PASSES = 4
_STACK = 5


def place_labels(
    frame: tuple[int, int], faces: Sequence[Box], sizes: Sequence[tuple[int, int]], *, gap: int
) -> list[Box | None]:
    """A rectangle for each label, in the order of `faces`.

    Each rectangle lies inside the frame and overlaps no other. Where there is room it is beside its own face and clear of other
    faces. None stands for a label that would cover a face or be too far from its own.

    Args:
        frame: (width, height) of the picture in pixels.
        faces: the box of each label's face, in pixels.
        sizes: (width, height) of each label in pixels.
        gap: pixels between a face and its label, and between labels.

    Raises:
        ValueError: `faces` and `sizes` differ in length, or a face has no area.
    """
    if len(faces) != len(sizes):
        raise ValueError(f"{len(faces)} faces, but {len(sizes)} label sizes")
    if any(face.width < 1 or face.height < 1 for face in faces):
        raise ValueError("a face without pixels has no place beside it")
    boxes = np.array([face.as_list() for face in faces], np.float32).reshape(-1, 4)
    spots = [_spots(frame, boxes[i], sizes[i], gap) for i in range(len(faces))]
    costs = [_cost(spots[i], boxes, i) for i in range(len(faces))]
    chosen = np.full((len(faces), 4), np.nan, np.float32)
    # The most constrained face comes first. Then each label moves to its best spot among the others, until none moves.
    order = sorted(range(len(faces)), key=lambda i: -_least(costs[i]))
    for _ in range(_PASSES):
        before = chosen.copy()
        for i in order:
            chosen[i] = np.nan
            chosen[i] = _best(spots[i], costs[i], chosen, gap)
        if np.array_equal(before, chosen, equal_nan=True):
            break
    return [None if np.isnan(row[0]) else Box(*(int(value) for value in row)) for row in chosen]


def is_beside(label: Box, face: Box, gap: int) -> bool:
    """Whether a label is near enough to its face to need no line between them."""
    across = max(label.left - face.right, face.left - label.right)
    down = max(label.top - face.bottom, face.top - label.bottom)
    return max(across, down) <= 2 * gap


def _least(costs: NDArray[np.float32]) -> float:
    return float(costs.min()) if len(costs) else np.inf


def _spots(frame: tuple[int, int], face: NDArray[np.float32], size: tuple[int, int], gap: int) -> Rows:
    """Candidate spots: rows below and above the face and three beside it, each row from left to right of the face."""
    left, top, right, bottom = (float(value) for value in face)
    width, height = size
    middle = (left + right - width) / 2
    flush = (middle, left, right - width, (middle + left) / 2, (middle + right - width) / 2)
    hung = [side - share * width for side in (left, right) for share in (0.25, 0.5, 0.75)]
    across = (*flush, *hung, left - gap - width, right + gap)
    rows = range(_STACK)
    below = [bottom + gap + row * (height + gap) for row in rows]
    above = [top - gap - height - row * (height + gap) for row in rows]
    along = (bottom - height - gap, (top + bottom - height) / 2, top + gap)
    corners = [(x, y) for y in (*below, *above, *along) for x in across]
    return _inside(frame, np.array(corners, np.float32), size, gap)


def _inside(frame: tuple[int, int], corners: Rows, size: tuple[int, int], margin: int) -> Rows:
    """Rectangles of `size` at upper left corners, moved into the frame, `margin` from its border where there is room.

    Empty where the frame is too small for the label.
    """
    room = np.array(frame) - size
    if (room < 0).any():
        return np.empty((0, 4), np.float32)
    least = np.minimum(margin, room // 2)
    corners = np.clip(np.round(corners), least, room - least)
    return np.concatenate([corners, corners + size], axis=1).astype(np.float32)


def _cost(spots: Rows, faces: Rows, own: int) -> NDArray[np.float32]:
    """The cost of each spot for the face `own`, without regard to other labels: (n,)."""
    if not len(spots):
        return np.empty(0, np.float32)
    area = (spots[:, 2] - spots[:, 0]) * (spots[:, 3] - spots[:, 1])
    shared = _overlap(spots, faces)
    hidden = shared / ((faces[:, 2] - faces[:, 0]) * (faces[:, 3] - faces[:, 1]))
    allowed = np.full(len(faces), _MAX_OTHER_SHARE, np.float32)
    allowed[own] = _MAX_OWN_SHARE
    covered = shared / area[:, None]
    on_own = covered[:, own].copy()
    covered[:, own] = 0
    face = faces[own]
    height = spots[:, 3] - spots[:, 1]
    centres = (spots[:, :2] + spots[:, 2:]) / 2
    off_middle = np.abs(centres[:, 0] - (face[0] + face[2]) / 2) / (spots[:, 2] - spots[:, 0])
    across = np.maximum(0, np.maximum(face[0] - spots[:, 2], spots[:, 0] - face[2]))
    down = np.maximum(0, np.maximum(face[1] - spots[:, 3], spots[:, 1] - face[3]))
    away = np.hypot(across, down) / height
    cost = (
        _ON_OTHER_FACE * covered.sum(axis=1)
        + _ON_OWN_FACE * on_own
        + _DISTANCE * (away + 0.5 * off_middle)
        + _ABOVE * (centres[:, 1] < face[1])
        + _BESIDE * (across > 0)
    )
    ruled_out = (hidden > allowed).any(axis=1) | (away > _FARTHEST)
    return np.where(ruled_out, np.inf, cost).astype(np.float32)


def _best(spots: Rows, costs: NDArray[np.float32], taken: Rows, gap: int) -> NDArray[np.float32]:
    """The cheapest spot `gap` / 2 from all labels in `taken` (rows of NaN are free); NaN where there is none."""
    others = taken[~np.isnan(taken[:, 0])]
    margin = gap / 2
    grown = others + np.array([-margin, -margin, margin, margin], np.float32)
    free = np.flatnonzero((_overlap(spots, grown) <= 0).all(axis=1) & np.isfinite(costs))
    if not len(free):
        return np.full(4, np.nan, np.float32)
    return spots[free[np.argmin(costs[free])]]


def _overlap(rows: Rows, others: Rows) -> NDArray[np.float32]:
    """The common area of each of `rows` with each of `others`: (n, m)."""
    width = np.minimum(rows[:, None, 2], others[None, :, 2]) - np.maximum(rows[:, None, 0], others[None, :, 0])
    height = np.minimum(rows[:, None, 3], others[None, :, 3]) - np.maximum(rows[:, None, 1], others[None, :, 1])
    return np.maximum(width, 0) * np.maximum(height, 0)
