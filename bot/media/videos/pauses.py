"""Pauses: spans in which a video shows no new frame, because it has none or because none can be decoded."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bot.media.videos.footage import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from bot.media.videos.footage import Footage, VideoSection

    Span: TypeAlias = tuple[float, float]
    """Begin and end, in seconds."""

_SHORTEST: Final = 0.5
"""Seconds from one frame to the next that make a pause."""

_NOTICED: Final = 1.0
"""Seconds of missing frames that are reported: twice a pause, so that rounded times make no difference."""


def pauses_of(times: Iterable[float]) -> tuple[Span, ...]:
    """The pauses between successive times, which rise."""
    return tuple((before, after) for before, after in pairwise(times) if after - before >= _SHORTEST)


def undecoded_seconds(times: Sequence[float], footage: Footage, section: VideoSection) -> float:
    """The length of a section's pauses that the footage itself doesn't have.

    `times`: when each decoded frame of the section is shown, on the video's clock.
    """
    begin, end = max(section.start, footage.first), min(section.end, footage.seconds)
    return missing_seconds(pauses_of([begin, *times, max([end, *times])]), footage.pauses)


def missing_seconds(decoded: Iterable[Span], written: Sequence[Span]) -> float:
    """The length of the pauses of decoded frames that the pauses of the file, as it is written, don't explain."""
    return sum(_unexplained(pause, written) for pause in decoded)


def _unexplained(pause: Span, written: Sequence[Span]) -> float:
    """Seconds of a pause after the time at which the file has its next frame; 0 for so few that nobody notices."""
    begin, end = pause
    due = next((after for before, after in written if before - TOLERANCE <= begin < after - TOLERANCE), begin)
    return end - due if end - due >= _NOTICED else 0.0
