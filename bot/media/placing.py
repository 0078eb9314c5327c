"""Where a label stands beside a face that moves, and through which frames it moves evenly. Light to import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    """Something in each frame: (n, 4), left, top, right and bottom, or (n, 2), left and top, in pixels."""

    Size = tuple[float, float]
    """Width and height in pixels."""

_LONGEST: Final = 240
_SAMPLES: Final = 24
# Costs of a label's place: what it hides of others and of its own face, against a place that is liked less.
_ON_OTHERS, _ON_OWN, _LESS_LIKED = 10.0, 4.0, 0.1


def _corners(side: str, boxes: Rows, label: Size, gap: float) -> Rows:
    """The corner of a label on a side of its face in each frame, (n, 2), wherever the frame may end."""
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


def placed(
    boxes: Rows,
    label: Size,
    size: tuple[int, int],
    others: Sequence[tuple[int, Rows]],
    gap: float,
    sides: Sequence[str],
) -> Rows:
    """The corner of a label in each frame of its track, within the frame, always on the side that is best over all.

    `others`: what else is drawn, each with its first frame counted from the track's; `gap`: pixels kept free; `sides`: what
    is liked best first.
    """
    import numpy as np

    least = np.array((gap, gap))
    most = np.maximum(least, (size[0] - gap - label[0], size[1] - gap - label[1]))
    picked = np.unique(np.linspace(0, len(boxes) - 1, _SAMPLES).round().astype(np.int64))
    best, best_cost = boxes[:, :2], np.inf
    for liking, side in enumerate(sides):
        corners = np.clip(_corners(side, boxes, label, gap), least, most)
        hiding = covered(corners, label)
        cost = _LESS_LIKED * liking + _ON_OWN * float(_hidden(hiding[picked], boxes[picked]).mean())
        for first, rows in others:
            there = picked[(picked >= first) & (picked < first + len(rows))]
            cost += _ON_OTHERS * float(_hidden(hiding[there], rows[there - first]).sum()) / len(picked)
        if cost < best_cost:
            best, best_cost = corners, cost
    return best


def covered(corners: Rows, label: Size) -> Rows:
    """What a label of that size covers in each frame, (n, 4)."""
    import numpy as np

    return np.concatenate((corners, corners + np.array(label)), 1)


def _hidden(one: Rows, other: Rows) -> Rows:
    """How much one rectangle hides of another in each frame, or the other way round: a share of the smaller, (n,)."""
    import numpy as np

    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    shared = np.maximum(sides, 0).prod(1)
    areas = [(rows[:, 2:] - rows[:, :2]).prod(1) for rows in (one, other)]
    return shared / np.maximum(np.minimum(*areas), 1)


def even_runs(rows: Rows, most: float) -> Iterator[tuple[int, int]]:
    """Spans of frames, both ends included, through which `rows` are within `most` of an even motion.

    Boxes keep one size in a span: their middle moves.
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
