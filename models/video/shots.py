"""Where one shot of a video ends and the next begins: cuts, from frames of 64 by 36 pixels."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UNLIKE = 0.4
"""From so much unlikeness on a frame may begin a shot.

The cuts of seven fast-cut videos of ../shared/bench/make_mv.py reach 0.54 and more but for three of 0.19, 0.21 and 0.38, the
frames of their flashes and pans 0.12 at most; the cuts of the Hamilton clip 0.77 and more, its fastest pan 0.37.
"""

STANDS_OUT = 2.5
"""It must also be so many times what is usual in its shot: a camera that whips round is no cut."""

FAINT = 0.15
STANDS_FAR_OUT = 8.0
"""From the first on a frame may begin a shot too where it is the second times what is usual: two portraits on white."""

CHANGED = 3.0
"""And pixels must change by so many levels of 255 on average, less what all change by: what is almost black is noise."""

_FEW, _REMEMBERED = 3, 7
_NOISE = 2.0
"""Levels of 255: structure fainter than that isn't likeness."""


def unlikeness(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """How unlike two frames are: 1 less the correlation of their luma (36, 64), from 0 to 2.

    A flash, a fade and a change of exposure make every pixel brighter or darker by one rule, and change it little.
    """
    one, other = (luma.astype(np.float32) - luma.mean(dtype=np.float64) for luma in (before, after))
    spread = np.sqrt((np.square(one).mean() + _NOISE**2) * (np.square(other).mean() + _NOISE**2))
    return float(1 - (one * other).mean() / spread)


def is_cut(before: NDArray[np.uint8], after: NDArray[np.uint8], usual: Sequence[float]) -> bool:
    """Whether a shot begins with the frame `after`; `usual`: the unlikenesses of the frames before it in their shot."""
    unlike = unlikeness(before, after)
    middle = float(np.median(usual)) if usual else 0.0
    clear = unlike >= UNLIKE and unlike >= STANDS_OUT * middle
    faint = len(usual) >= _FEW and unlike >= FAINT and unlike >= STANDS_FAR_OUT * middle
    if not (clear or faint):
        return False
    change = after.astype(np.float32) - before
    return float(np.abs(change - change.mean()).mean()) >= CHANGED


def _remembered() -> deque[float]:
    return deque(maxlen=_REMEMBERED)


@dataclass(slots=True)
class Cuts:
    """Finds the cuts in a stream of frames. `last`: the luma of the frame seen last; `usual`: see `is_cut`."""

    last: NDArray[np.uint8] | None = None
    usual: deque[float] = field(default_factory=_remembered)

    def begins(self, luma: NDArray[np.uint8]) -> bool:
        """Whether a shot begins with this next frame, (36, 64); with the first one always."""
        before, self.last = self.last, luma
        if before is None:
            return True
        if is_cut(before, luma, self.usual):
            self.usual.clear()
            return True
        self.usual.append(unlikeness(before, luma))
        return False
