"""Time stamps that start again, or jump: a file's parts, and how they are moved so that one follows the other.

Transport streams are joined by writing one behind the other; advertisements come in between; an encoder is started anew. A
part of a track begins where its stamps go back, or leap ahead while no other track goes on. Tracks that leap together are
moved together, so that sound and picture stay as far apart as they were written.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    Shifts: TypeAlias = Sequence[Mapping[int, float]]
    """For each part, by how many seconds the packets of a track are moved, by the track's index in the file."""


@dataclass(frozen=True)
class _Leaps:
    """Seconds by which stamps go `back`, or all tracks leap `ahead`, at least where a part begins."""

    back: float
    ahead: float


_RESTLESS: Final = _Leaps(0.1, 10.0)
"""In transport streams: ffmpeg's own bounds (`ts_discontinuity_detect`, `dts_delta_threshold`)."""

_CALM: Final = _Leaps(1.0, 60.0)
"""Elsewhere, where libav makes some stamps up, and a slide may be shown for long."""

_SILENT: Final = _Leaps(1.0, 600.0)
"""The same of a track alone."""

_ROOM: Final = 10.0
"""Seconds at which the first part begins once it is moved."""

USUAL_STEP: Final = 0.04
"""Seconds that a packet lasts of which nothing is said."""

_TOGETHER: Final = 10.0
"""Seconds into a part within which another track's break belongs to it."""


@dataclass
class _Run:
    """A track's stretch of a part, in seconds as they are written: its first and last moments, and its last packet's stamp."""

    first: float
    end: float
    stamp: float

    def take(self, shown: float, end: float, stamp: float) -> None:
        self.first, self.end, self.stamp = min(self.first, shown), max(self.end, end), stamp


class TimelineParts:
    """Tells the part of each packet of some tracks, in the order of the file."""

    def __init__(self, container: InputContainer, tracks: Sequence[Stream]) -> None:
        self._bases = {one.index: one.time_base or Fraction(1, 90_000) for one in tracks}
        self._leaps = _RESTLESS if container.format.name == "mpegts" else _CALM if len(self._bases) > 1 else _SILENT
        self._runs: list[dict[int, _Run]] = [{}]
        self._part: dict[int, int] = {}

    def of(self, packet: Packet) -> int:
        """The number of the packet's part."""
        track, base = packet.stream_index, float(self._bases[packet.stream_index])
        shown, stamp = packet.pts if packet.pts is not None else packet.dts, packet.dts
        part = self._part.get(track, len(self._runs) - 1)
        if shown is None:
            return part
        begin, at = shown * base, -math.inf if stamp is None else stamp * base
        run = self._runs[part].get(track)
        if run is not None and packet.dts is not None and self._breaks(track, part, run, at):
            part, run = self._begun(track), None
        if run is None:
            run = self._runs[part][track] = _Run(begin, begin, at)
            self._part[track] = part
        lasts = (packet.duration or 0) * base
        if not 0 < lasts < self._leaps.ahead:
            # Nothing is said, or what is said leads to where the next part begins.
            lasts = at - run.stamp if 0 < at - run.stamp < 1 else USUAL_STEP
        run.take(begin, begin + lasts, at)
        return part

    def shifts(self) -> Shifts | None:
        """How the parts are moved; None where there is one alone."""
        if len(self._runs) == 1:
            return None
        ends: dict[int, float] = {}
        shifts: list[dict[int, float]] = []
        # Room before the first, for what is decoded before it is shown: no container likes negative stamps.
        shift = _ROOM - min(run.first for run in self._runs[0].values())
        for runs in self._runs:
            late = [ends[track] - run.first for track, run in runs.items() if track in ends]
            shift = max(late) if late else shift
            shifts.append(dict.fromkeys(runs, shift))
            ends |= {track: run.end + shift for track, run in runs.items()}
        return shifts

    def _breaks(self, track: int, part: int, run: _Run, stamp: float) -> bool:
        if stamp < run.stamp - self._leaps.back:
            return True
        if stamp < max(run.end, run.stamp) + self._leaps.ahead:
            return False
        others = (self._runs[at][one] for one, at in self._part.items() if one != track and at == part)
        # Another track of this part that is as far says that this one paused.
        return all(other.end < stamp - self._leaps.ahead for other in others)

    def _begun(self, track: int) -> int:
        """The part that begins here, or began just now on another track."""
        newest = self._runs[-1]
        if track in newest or self._length(newest) > _TOGETHER:
            self._runs.append({})
        return len(self._runs) - 1

    @staticmethod
    def _length(runs: Mapping[int, _Run]) -> float:
        return max((run.end - run.first for run in runs.values()), default=math.inf)
