"""The bounds of the work on a video's faces: searches and tracks, by its seconds. Ordinary videos stay far below them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """An amount of work that grows by `rate` with each second of video, up to `max_amount`, with which it begins."""

    rate: float
    max_amount: float
    _left: float = 0.0
    _time: float | None = None

    def at(self, time: float) -> float:
        """The amount that is left at a `time` of the video, in seconds. Times never fall."""
        grown = self.max_amount if self._time is None else self._left + self.rate * max(0.0, time - self._time)
        self._left, self._time = min(self.max_amount, grown), time
        return self._left

    def spend(self, amount: float) -> None:
        """Take an amount; it may exceed what is left, which the next seconds pay back."""
        self._left -= amount
