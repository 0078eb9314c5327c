"""Detection of the cuts between the shots of a video, from frames of 64 by 36 pixels."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CLEAR_CUT = 0.4
"""The minimum dissimilarity of a frame that may begin a shot.

In seven fast-cut videos of ../shared/bench/make_mv.py cuts reach 0.54 and more, except three of 0.19, 0.21 and 0.38; frames of
flashes and pans reach 0.12 at most. In the Hamilton clip cuts reach 0.77 and more, the fastest pan 0.37.
"""

CLEAR_RATIO = 2.5
"""The ratio of a clear cut's dissimilarity to the median of its shot. It keeps a fast pan from being a cut."""

FAINT_CUT = 0.15
FAINT_RATIO = 8.0
"""The dissimilarity and the ratio of a faint cut, for example between two portraits on white."""

MIN_CHANGE = 3.0
"""The smallest mean change of pixels at a cut, in levels of 255, less the change of the whole frame's brightness. Below it the
difference between two nearly black frames is noise."""

_MIN_RECENT, _MAX_RECENT = 3, 7
_NOISE = 2.0
"""Levels of 255. Structure fainter than this doesn't make frames similar."""


def dissimilarity(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """1 less the correlation of two frames' luma, (36, 64) each: from 0 to 2.

    Flashes, fades and changes of exposure change all pixels by one linear rule, so they have little effect.
    """
    one, other = (luma.astype(np.float32) - luma.mean(dtype=np.float64) for luma in (before, after))
    spread = np.sqrt((np.square(one).mean() + _NOISE**2) * (np.square(other).mean() + _NOISE**2))
    return float(1 - (one * other).mean() / spread)


def is_cut(before: NDArray[np.uint8], after: NDArray[np.uint8], recent: Sequence[float]) -> bool:
    """Whether a shot begins with the frame `after`. `recent`: dissimilarities of the frames before it in their shot."""
    difference = dissimilarity(before, after)
    median = float(np.median(recent)) if recent else 0.0
    clear = difference >= CLEAR_CUT and difference >= CLEAR_RATIO * median
    faint = len(recent) >= _MIN_RECENT and difference >= FAINT_CUT and difference >= FAINT_RATIO * median
    if not (clear or faint):
        return False
    change = after.astype(np.float32) - before
    return float(np.abs(change - change.mean()).mean()) >= MIN_CHANGE


def _recent() -> deque[float]:
    return deque(maxlen=_MAX_RECENT)


@dataclass(slots=True)
class CutDetector:
    """Finds the cuts in a stream of frames. `last`: the luma of the last frame. `recent`: as of `is_cut`."""

    last: NDArray[np.uint8] | None = None
    recent: deque[float] = field(default_factory=_recent)

    def add_frame(self, luma: NDArray[np.uint8]) -> bool:
        """Take the luma (36, 64) of the next frame; returns whether a shot begins with it. The first frame begins one."""
        before, self.last = self.last, luma
        if before is None:
            return True
        if is_cut(before, luma, self.recent):
            self.recent.clear()
            return True
        self.recent.append(dissimilarity(before, luma))
        return False
