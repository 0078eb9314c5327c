"""Time stamps that start again or jump: the parts of a file, and the shifts that make them follow one another.

Transport streams are written one behind the other, get advertisements in between, or come from an encoder that started anew.
A part of a track begins if its stamps go back, or leap ahead while no other track goes on. Tracks that leap together are
shifted together, so that sound stays with its picture.
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
    """For each part, the shift of packets in seconds, by their track's index in the file."""


@dataclass(frozen=True)
class _Leaps:
    """The minimum seconds that stamps go `back`, or all tracks leap `ahead`, at the start of a part."""

    back: float
    ahead: float


_TRANSPORT_LEAPS: Final = _Leaps(0.1, 10.0)
"""For transport streams: ffmpeg's own bounds (`ts_discontinuity_detect`, `dts_delta_threshold`)."""

_USUAL_LEAPS: Final = _Leaps(1.0, 60.0)
"""For other files, in which libav estimates some stamps, and a slide may be shown for long."""

_SINGLE_TRACK_LEAPS: Final = _Leaps(1.0, 600.0)
"""For other files with one track."""

_ROOM: Final = 10.0
"""Seconds at which the first part begins after the shift."""

USUAL_STEP: Final = 0.04
"""The seconds of a packet without a duration."""

_TOGETHER: Final = 10.0
"""Seconds from the begin of a part within which another track joins it."""


@dataclass
class _Run:
    """The packets of a track in a part, in seconds as written: their begin and end, and the last one's decoding stamp."""

    first: float
    end: float
    stamp: float

    def take(self, shown: float, end: float, stamp: float) -> None:
        self.first, self.end, self.stamp = min(self.first, shown), max(self.end, end), stamp


class TimelineParts:
    """Assigns the packets of some tracks to the parts of a file, in the order of the file."""

    def __init__(self, container: InputContainer, tracks: Sequence[Stream]) -> None:
        self._bases = {track.index: track.time_base or Fraction(1, 90_000) for track in tracks}
        self._leaps = (
            _TRANSPORT_LEAPS
            if container.format.name == "mpegts"
            else _USUAL_LEAPS
            if len(self._bases) > 1
            else _SINGLE_TRACK_LEAPS
        )
        self._runs: list[dict[int, _Run]] = [{}]
        self._part: dict[int, int] = {}

    def part_of(self, packet: Packet) -> int:
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
            # The duration is missing, or leads to the begin of the next part.
            lasts = at - run.stamp if 0 < at - run.stamp < 1 else USUAL_STEP
        run.take(begin, begin + lasts, at)
        return part

    def shifts(self) -> Shifts | None:
        """The shifts of the parts; None for a single part."""
        if len(self._runs) == 1:
            return None
        ends: dict[int, float] = {}
        shifts: list[dict[int, float]] = []
        # Decoding stamps precede the first shown stamp, and containers don't support negative ones.
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
        others = (self._runs[at][other] for other, at in self._part.items() if other != track and at == part)
        # If another track of this part is as far, this one only paused.
        return all(other.end < stamp - self._leaps.ahead for other in others)

    def _begun(self, track: int) -> int:
        """The number of the part that begins here, or just began on another track."""
        newest = self._runs[-1]
        if track in newest or self._length(newest) > _TOGETHER:
            self._runs.append({})
        return len(self._runs) - 1

    @staticmethod
    def _length(runs: Mapping[int, _Run]) -> float:
        return max((run.end - run.first for run in runs.values()), default=math.inf)
