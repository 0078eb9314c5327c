"""What is told of a video: its size, length and tracks, and a section of it. Light to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.clips import NOTHING_MISSING
from bot.errors import PersonError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.clips import MissingFootage
    from bot.settings import Settings

TOLERANCE: Final = 0.001
"""Seconds by which a frame may come before a section and still belong to it: seconds are rounded where they are passed on."""

MOST_PIXELS: Final = 4096 * 2304
"""Of one frame that is still decoded."""

ACCEPTED: Final = "MP4, MOV, WebM, MKV and MPEG-TS"


class VideoError(PersonError):
    """This file is no video that can be read; the sentence goes after the file's name, or stands alone."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What is still opened: bytes of the file."""

    max_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> VideoLimits:
        """The limits that the settings name."""
        return cls(settings.clip_bytes)


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """The sound track: its codec, its number among the sound tracks, and its bits a second (0: the file doesn't say).

    `copied`: a clip can have its packets as they are.
    """

    codec: str
    number: int
    rate: int
    copied: bool


@dataclass(frozen=True, slots=True)
class Geometry:
    """How decoded frames become upright pictures of square pixels: cropped, turned, scaled, in this order.

    `crop`: pixels at the left, right, top and bottom of a decoded frame that are not shown. `turn`: a key of
    `bot.media.geometry.TURNS`. `size`: (width, height) of the picture.
    """

    crop: tuple[int, int, int, int]
    turn: str
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Colours:
    """What the values of pixels mean, by the names that ffmpeg has for the numbers of ITU-T H.273; nothing is left open.

    `matrix`: of luma and chroma, "gbr" where pixels are RGB. `full`: values use their full range.
    """

    matrix: str
    primaries: str
    transfer: str
    full: bool

    @property
    def hdr(self) -> bool:
        """Whether pictures are brighter than an SDR screen shows."""
        return self.transfer in {"smpte2084", "arib-std-b67"}

    @property
    def wide(self) -> bool:
        """Whether pictures have colours that BT.709 doesn't."""
        return self.primaries != "bt709"


@dataclass(frozen=True, slots=True)
class Footage:
    """What the file at `path` holds: the one that was probed, or a copy beside it whose time stamps were put right.

    `geometry` and `colours` hold for looking and drawing alike. `seconds`: from the container's start to the end of the last
    frame, measured, not believed. `beginning`: where the container's time stamps begin, in seconds; 0:00 of the video's
    clock, which versions of libav tell differently. `first`: when the first frame is shown, on the video's clock. `rate`:
    frames a second on average. `sound`: None without; `unheard`: the codec of the sound that can't be read then.
    `interlaced`: its frames are two half-pictures each. `format`: the demuxer that reads it. `number`: which of the picture
    tracks it is. `keyframes`: when the frames are shown that need no other to be decoded, rising. `pauses`: spans (from, to)
    without a new frame, by `bot.media.pauses`. `missing`: recordings of the file that are left out, or whose sound is.
    """

    path: Path
    geometry: Geometry
    colours: Colours
    seconds: float
    beginning: float
    first: float
    rate: float
    sound: SoundTrack | None
    unheard: str | None
    interlaced: bool
    format: str
    number: int
    keyframes: tuple[float, ...] = ()
    pauses: tuple[tuple[float, float], ...] = ()
    missing: MissingFootage = NOTHING_MISSING

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of its pictures, upright, of square pixels."""
        return self.geometry.size


@dataclass(frozen=True, slots=True)
class Section:
    """From `start` up to `end`, in seconds on the video's clock. A frame belongs to it that is shown within it."""

    start: float
    end: float

    def holds(self, time: float) -> bool:
        """Whether a frame that is shown at `time` belongs to it: of two adjoining sections exactly one."""
        return self.start - TOLERANCE <= time < self.end - TOLERANCE

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start
