"""The place of a label beside a moving face, and the spans of frames in which it moves evenly. Light to import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    """A rectangle (n, 4), left, top, right and bottom, or a corner (n, 2), left and top, in each frame, in pixels."""

    Size = tuple[float, float]
    """Width and height in pixels."""

_LONGEST: Final = 240
_SAMPLES: Final = 24
# The costs of a label's place: the hidden share of others and of its own face, and a less preferred side.
_ON_OTHERS, _ON_OWN, _LESS_LIKED = 10.0, 4.0, 0.1


def _corners(side: str, boxes: Rows, label: Size, gap: float) -> Rows:
    """The corner of a label on a side of its face in each frame, (n, 2), also outside the frame."""
    import numpy as np

    left, top, right, bottom = boxes.T
    centred = (left + right - label[0]) / 2
    x, y = {
        "above": (centred, top - gap - label[1]),
        "below": (centred, bottom + gap),
        "within, above": (centred, top + gap),
        "within, below": (centred, bottom - gap - label[1]),
        "right": (right + gap, top),
        "left": (left - gap - label[0], top),
    }[side]
    return np.column_stack((x, y))


def label_corners(
    boxes: Rows,
    label: Size,
    size: tuple[int, int],
    others: Sequence[tuple[int, Rows]],
    gap: float,
    sides: Sequence[str],
) -> Rows:
    """The corner of a label in each frame of its track, (n, 2), within the frame, on the side with the least cost overall.

    `others`: the other boxes and labels, each with its first frame counted from the track's. `gap`: pixels kept free.
    `sides`: the best first.
    """
    import numpy as np

    least = np.array((gap, gap))
    most = np.maximum(least, (size[0] - gap - label[0], size[1] - gap - label[1]))
    picked = np.unique(np.linspace(0, len(boxes) - 1, _SAMPLES).round().astype(np.int64))
    best, best_cost = boxes[:, :2], np.inf
    for liking, side in enumerate(sides):
        corners = np.clip(_corners(side, boxes, label, gap), least, most)
        hiding = label_boxes(corners, label)
        cost = _LESS_LIKED * liking + _ON_OWN * float(_overlap_share(hiding[picked], boxes[picked]).mean())
        for first, rows in others:
            there = picked[(picked >= first) & (picked < first + len(rows))]
            cost += _ON_OTHERS * float(_overlap_share(hiding[there], rows[there - first]).sum()) / len(picked)
        if cost < best_cost:
            best, best_cost = corners, cost
    return best


def label_boxes(corners: Rows, label: Size) -> Rows:
    """The rectangle of a label of that size in each frame, (n, 4)."""
    import numpy as np

    return np.concatenate((corners, corners + np.array(label)), 1)


def _overlap_share(first: Rows, second: Rows) -> Rows:
    """The shared area of two rectangles in each frame, as a share of the smaller one, (n,)."""
    import numpy as np

    sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
    shared = np.maximum(sides, 0).prod(1)
    areas = [(rows[:, 2:] - rows[:, :2]).prod(1) for rows in (first, second)]
    return shared / np.maximum(np.minimum(*areas), 1)


def linear_spans(rows: Rows, most: float) -> Iterator[tuple[int, int]]:
    """Spans of frames, both ends included, in which `rows` differ from an even motion by at most `most` pixels.

    Boxes have one size in a span, and their middle moves.
    """
    import numpy as np

    start = 0
    while start < len(rows):
        end = start
        while end + 1 < len(rows) and end - start < _LONGEST:
            ahead = rows[start : end + 2]
            share = np.linspace(0, 1, len(ahead))[:, None]
            if rows.shape[1] == 2:
                drawn = ahead[0] + share * (ahead[-1] - ahead[0])
            else:
                middle, half = (ahead[:, :2] + ahead[:, 2:]) / 2, (ahead[[0, -1], 2:] - ahead[[0, -1], :2]).mean(0) / 2
                middle = middle[0] + share * (middle[-1] - middle[0])
                drawn = np.concatenate((middle - half, middle + half), 1)
            if float(np.abs(drawn - ahead).max()) > most:
                break
            end += 1
        yield start, end
        start = end + 1
