"""What is told of a video: its size, length and tracks, and a section of it. Light to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.errors import PersonError

if TYPE_CHECKING:
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
class Sound:
    """The sound track: its codec, its number among the sound tracks, and its bits a second (0: the file doesn't say)."""

    codec: str
    number: int
    rate: int


@dataclass(frozen=True, slots=True)
class Footage:
    """What a file holds.

    `size`: (width, height) in square pixels, upright. `seconds`: from the container's start to the end of the last frame,
    measured, not believed. `beginning`: where the container's time stamps begin, in seconds; 0:00 of the video's clock,
    which versions of libav tell differently. `first`: when the first frame is shown, on the video's clock. `rate`: frames
    a second on average. `sound`: None without. `format`: the demuxer that reads it. `number`: which of the picture tracks
    it is. `turn`: how decoded pictures are turned upright. `interlaced`: its frames are two half-pictures each.
    `keyframes`: when the frames are shown that need no other to be decoded, rising.
    """

    size: tuple[int, int]
    seconds: float
    beginning: float
    first: float
    rate: float
    sound: Sound | None
    hdr: bool
    interlaced: bool
    format: str
    number: int
    turn: str
    keyframes: tuple[float, ...] = ()

    @property
    def audio(self) -> str | None:
        """The codec of its sound, such as "aac"."""
        return self.sound.codec if self.sound else None


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
