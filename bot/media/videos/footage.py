"""The description of a video: size, length, tracks; and a section of it. Light to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.clips import NOTHING_MISSING
from bot.errors import PersonError
from bot.text.formatting import MEBIBYTE

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.clips import MissingFootage
    from bot.settings import Settings

TOLERANCE: Final = 0.001
"""The maximum seconds that a frame of a section may precede it, since seconds are rounded on their way."""

MAX_PIXELS: Final = 4096 * 2304
"""The most pixels of a frame that is decoded."""

RECORDING_COPIES: Final = 2.2
JOINED_COPIES: Final = 3.2
"""How often the bytes of a file, and of the file joined of its recordings, are on the disk at once, at most."""

ACCEPTED: Final = "MP4, MOV, WebM, MKV and MPEG-TS"


class VideoError(PersonError):
    """The file is no readable video; the sentence goes after the file's name, or stands alone."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """The most bytes of a video file that is opened, and those that corrected copies of it may take; None: no limit."""

    max_bytes: int
    copy_bytes: int | None = None

    @classmethod
    def from_settings(cls, settings: Settings, copy_bytes: int | None = None) -> VideoLimits:
        """The limits of the settings."""
        return cls(settings.clip_bytes, copy_bytes)

    def joined_bytes(self, size: int) -> int:
        """The most bytes of a file of the recordings in a file of `size` bytes.

        The recordings are copied out of it, and each copy may be corrected. The joined file grows by parts, and may be
        corrected too.
        """
        if self.copy_bytes is None:
            return self.max_bytes
        return min(self.max_bytes, round((self.copy_bytes - RECORDING_COPIES * size) / JOINED_COPIES))

    @classmethod
    def max_copies(cls, size: int, max_bytes: int) -> int:
        """The bytes that corrected copies of a file of `size` bytes may be worth."""
        joined = min(max_bytes, 4 * size + 16 * MEBIBYTE)
        return round(RECORDING_COPIES * size + JOINED_COPIES * joined)


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """The sound track: its codec, its number among the sound tracks, and its bits a second (0: unknown).

    `copied`: clips copy the packets without encoding them anew.
    """

    codec: str
    number: int
    rate: int
    copied: bool


@dataclass(frozen=True, slots=True)
class Geometry:
    """The steps from decoded frames to upright pictures of square pixels: crop, turn, scale, in this order.

    `crop`: hidden pixels at the left, right, top and bottom of a decoded frame. `turn`: a key of
    `bot.media.videos.geometry.TURNS`. `size`: (width, height) of the picture.
    """

    crop: tuple[int, int, int, int]
    turn: str
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Colours:
    """The colour space of pixels, by ffmpeg's names for the numbers of ITU-T H.273, all known.

    `matrix`: of luma and chroma; "gbr" for RGB pixels. `full`: values use their full range.
    """

    matrix: str
    primaries: str
    transfer: str
    full: bool

    @property
    def hdr(self) -> bool:
        """Whether pictures are HDR."""
        return self.transfer in {"smpte2084", "arib-std-b67"}

    @property
    def wide(self) -> bool:
        """Whether pictures have colours outside BT.709."""
        return self.primaries != "bt709"


@dataclass(frozen=True, slots=True)
class Footage:
    """The video in the file at `path`: the probed file, or a copy beside it with corrected time stamps.

    `geometry`, `colours`: for face tracking and drawing alike. `seconds`: the measured time from the container's start to the
    end of the last frame. `beginning`: the container's first time stamp in seconds, which is 0:00 on the video's clock.
    `first`: the time of the first frame on the video's clock. `rate`: the average number of frames a second. `sound`: None for
    a video without readable sound; `unheard`: the codec of unreadable sound. `interlaced`: each frame is two fields.
    `format`: the demuxer. `number`: the place of the track among the picture tracks. `keyframes`: the times of keyframes,
    rising. `pauses`: spans (from, to) without a new frame, by `bot.media.videos.pauses`. `missing`: unreadable recordings
    of a joined file, and those with unreadable sound.
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
        """(width, height) of the upright pictures in square pixels."""
        return self.geometry.size


@dataclass(frozen=True, slots=True)
class VideoSection:
    """The section from `start` to `end`, in seconds on the video's clock, with the frames that are shown within."""

    start: float
    end: float

    def holds(self, time: float) -> bool:
        """Whether a frame at `time` belongs to the section. It belongs to exactly one of two adjoining sections."""
        return self.start - TOLERANCE <= time < self.end - TOLERANCE

    @property
    def seconds(self) -> float:
        """The length of the section."""
        return self.end - self.start
