"""The bounds of the work on a section of a video, before anything of it is decoded."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from bot.domain.messages import Hint
from bot.errors import PersonError
from bot.text.formatting import time_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.media.videos.footage import Footage, VideoSection

DECODED_AGAIN: Final = 10.0
DECODED_BESIDE: Final = 1200.0
"""The most seconds that are decoded: so many for each second of the section, and these.

Decoding begins at a keyframe. A video of ten minutes with a single one would be decoded for six hours.
"""

MAX_PIXELS_DECODED: Final = 6e11
"""The most pixels of all decoded frames together. Ten minutes of 3840 by 2160 at 60 frames a second have half of them."""

MAX_RATE: Final = 480.0
"""The most frames a second of a segment."""


def check_work(footage: Footage, section: VideoSection, spans: Sequence[VideoSection]) -> None:
    """Raise PersonError where the section takes too much work. `spans`: its parts, each decoded by itself."""
    seconds = sum(span.end - _decoded_from(footage, span.start) for span in spans)
    most = DECODED_AGAIN * section.seconds + DECODED_BESIDE
    if seconds > most:
        raise PersonError(
            "This video has so few keyframes that {seconds} of it would have to be decoded, and I decode {most}",
            seconds=time_code(seconds),
            most=time_code(most),
            hint=Hint.CHOOSE_SHORTER_PART,
        )
    width, height = footage.size
    if seconds * footage.rate * width * height > MAX_PIXELS_DECODED:
        raise PersonError(
            "That part has too many pixels for me: {frames:,.0f} frames of {width} × {height}",
            frames=section.seconds * footage.rate,
            width=width,
            height=height,
            hint=Hint.CHOOSE_SHORTER_PART,
        )


def _decoded_from(footage: Footage, start: float) -> float:
    """The time of the last keyframe before `start`; `start` where none is known."""
    before = bisect_right(footage.keyframes, start)
    return footage.keyframes[before - 1] if before else start
