"""The annotated clip: one ffmpeg run cuts the section out, burns the captions in, and copies the sound. Called in workers.

A whole video keeps its time stamps by their ticks. Those of a section count from its start.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.domain.messages import Hint, Message
from bot.infra.limited_process import ProcessFailedError, ProcessLimits, stream_output
from bot.media.clips.commands import BUFFER, SOUND_RATE, clip_command, frames_command
from bot.media.videos.footage import TOLERANCE, VideoError, VideoSection
from bot.text.formatting import MEBIBYTE, mebibytes

if TYPE_CHECKING:
    from collections.abc import Generator

    from bot.media.videos.footage import Footage

log = logging.getLogger(__name__)


HEIGHTS: Final = (2160, 1440, 1080, 720, 540, 480, 360, 288, 240, 180, 144)
"""The heights to which a clip is reduced."""

# Bits a pixel that veryfast needs at 720p and 30 frames a second for a good picture. Larger pictures and higher rates need
# fewer bits a pixel.
_BITS_A_PIXEL: Final = 0.035
_USUAL_PIXELS: Final = 1280 * 720
_USUAL_RATE: Final = 30.0
_MIN_RATE: Final = 24_000
MAX_RATE: Final = 40_000_000
# The share of the remaining room that the second attempt aims at, after a first one that is too large.
_MARGIN: Final = 0.92
_FRAME_OVERHEAD, _PACKET_OVERHEAD, _FILE_OVERHEAD = 20, 8, 6_000
_MEMORY: Final = 6 << 30
_FRAME_BYTES: Final = 64 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """The limits of a clip: bytes of the file, and its height in pixels; for an upright video, its width."""

    max_bytes: int
    max_height: int


@dataclass(frozen=True, slots=True)
class ProgressFiles:
    """The files used to report a worker's progress and to stop it.

    `progress`: holds the share done in [0, 1], and is replaced as a whole. `stop`: the work ends when this file exists.
    """

    progress: Path
    stop: Path

    def report(self, share: float) -> None:
        """Write the share done, in [0, 1]."""
        part = self.progress.with_name(f".{self.progress.name}.part")
        part.write_text(f"{min(max(share, 0.0), 1.0):.4f}")
        part.replace(self.progress)


@dataclass(frozen=True, slots=True)
class EncodedClip:
    """A written clip: its size (width, height), bytes and seconds."""

    size: tuple[int, int]
    bytes: int
    seconds: float


class StoppedError(VideoError):
    """The work was stopped by `ProgressFiles.stop`."""

    def __init__(self) -> None:
        super().__init__("this clip was cancelled")


def fitting_height(size: tuple[int, int], rate: float, seconds: float, max_bytes: int, max_height: int) -> int:
    """The greatest height, in pixels, at which a clip of `seconds` looks good in `max_bytes`.

    Even, at most the source's own, and with a shorter side of at most `max_height`: an upright fancam has 1080p too. `size`:
    (width, height) of the source. `rate`: its frames a second. `max_bytes`: bytes of the pictures alone.
    """
    short, long = sorted(size)
    bits = max_bytes * 8 / max(seconds, 0.1)
    top = min(short, max_height)
    for step in (top, *(height for height in HEIGHTS if height < top)):
        pixels = step * step * long / short
        needed = _BITS_A_PIXEL * pixels**0.75 * _USUAL_PIXELS**0.25 * rate**0.6 * _USUAL_RATE**0.4
        if bits >= needed:
            return _even(step * size[1] / short)
    return _even(min(top, HEIGHTS[-1]) * size[1] / short)


def scaled_size(size: tuple[int, int], height: int) -> tuple[int, int]:
    """(width, height) of a clip of that height; even, since H.264 halves the resolution of colours."""
    return _even(size[0] * height / size[1]), _even(height)


def draw(
    footage: Footage, section: VideoSection, script: str, target: ClipLimits, out: Path, watch: ProgressFiles
) -> EncodedClip:
    """Write the section of a video with its captions burnt in, and its sound, to `out`.

    H.264, yuv420p, the index first. Sound keeps its packets or becomes AAC. A clip of more than `target.max_bytes` is drawn
    a second time, smaller. `script`: an ASS file with times from the section's start.

    Raises:
        VideoError: the clip can't be drawn, or not so small.
        OSError: the disk is full.
        StoppedError: the file `watch.stop` exists.
    """
    section = _within(footage, section)
    frames = footage.rate * section.seconds
    sound_rate = (footage.sound.rate or 192_000) if footage.sound and footage.sound.copied else SOUND_RATE
    sound = section.seconds * (sound_rate / 8 + 50 * _PACKET_OVERHEAD) if footage.sound else 0.0
    room = target.max_bytes - _FILE_OVERHEAD - _FRAME_OVERHEAD * frames - sound
    for _ in range(2):
        rate = min(room * 8 / (section.seconds + 0.9 * BUFFER), MAX_RATE)
        if rate < _MIN_RATE:
            raise VideoError(_too_long(target))
        height = fitting_height(footage.size, footage.rate, section.seconds, round(room), target.max_height)
        size = scaled_size(footage.size, height)
        with _workplace(out.parent, script) as folder:
            result = folder / "out.mp4"
            command = clip_command(footage, section, size, rate)
            too_large = _run(command, section, folder, watch, max_bytes=2 * target.max_bytes)
            written = 2 * target.max_bytes if too_large else result.stat().st_size
            if written <= target.max_bytes:
                result.replace(out)
                watch.report(1.0)
                return EncodedClip(size, written, section.seconds)
        spent = max(written - (target.max_bytes - room), 1.0)
        room = min(room * room / spent, room) * _MARGIN
    raise VideoError(_too_long(target))


def draw_frames(footage: Footage, section: VideoSection, script: str, folder: Path, watch: ProgressFiles) -> int:
    """Write the annotated frames of a section to `folder` as 000001.jpg and on, in full size; returns how many.

    Raises as `draw` does.
    """
    section = _within(footage, section)
    with _workplace(folder, script) as place:
        command = frames_command(footage, section)
        if _run(command, section, place, watch, max_bytes=_FRAME_BYTES):
            raise VideoError("a frame of this video is too large to be written")
        pictures = sorted(place.glob("*.jpg"))
        for picture in pictures:
            picture.replace(folder / picture.name)
    return len(pictures)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def _too_long(target: ClipLimits) -> Message:
    return Message(
        "this clip can't be made as small as {most}", most=mebibytes(target.max_bytes), hint=Hint.CHOOSE_SHORTER_PART
    )


def _within(footage: Footage, section: VideoSection) -> VideoSection:
    """The section as far as the video goes. Raises VideoError for a section without pictures."""
    inside = VideoSection(max(0.0, section.start), min(section.end, footage.seconds + 2 * TOLERANCE))
    if inside.end <= max(inside.start, footage.first):
        raise VideoError(
            "this video has nothing to show there: it is {seconds:.0f} seconds long", seconds=footage.seconds
        )
    return inside


@contextmanager
def _workplace(beside: Path, script: str) -> Generator[Path]:
    """A temporary folder with the captions and their font, so that filters name no path outside it."""
    from models.drawing.fonts import font_path

    with tempfile.TemporaryDirectory(prefix=".drawing-", dir=beside) as name:
        folder = Path(name)
        (folder / "captions.ass").write_text(script, "utf-8")
        (folder / "fonts").mkdir()
        (folder / "fonts" / "font.otf").symlink_to(font_path())
        # Without this, libass would search the machine for fonts.
        (folder / "fonts.conf").write_text("<fontconfig><cachedir>/nonexistent</cachedir></fontconfig>")
        yield folder


def _run(command: list[str], section: VideoSection, folder: Path, watch: ProgressFiles, *, max_bytes: int) -> bool:
    """Run ffmpeg and report its progress; True if a file of it would become larger than `max_bytes`."""
    patience = 300 + 20 * section.seconds
    limits = ProcessLimits(
        seconds=patience,
        cpu_seconds=math.ceil(patience * (os.cpu_count() or 1)),
        memory=_MEMORY,
        file_bytes=max_bytes,
    )
    try:
        with stream_output(command, limits, folder=folder, environment={"FONTCONFIG_FILE": "fonts.conf"}) as lines:
            for line in lines:
                if watch.stop.exists():
                    raise StoppedError
                if line and line.startswith("out_time_us="):
                    done = line.partition("=")[2]
                    if done.isdecimal():
                        watch.report(int(done) / 1_000_000 / section.seconds)
    except ProcessFailedError as error:
        if any(file.stat().st_size >= max_bytes for file in folder.glob("*.*")):
            return True
        log.warning("ffmpeg ended with %s: %s", error.code, error.stderr)
        if (fault := error.disk_error(folder)) is not None:
            raise fault from error
        if error.code is None:
            raise VideoError("this video took too long to draw; choose a shorter section") from error
        raise VideoError("this video can't be drawn: it is broken; save it once more and post that copy") from error
    return False
