"""Small films made on the spot by ffmpeg, and what stands in a finished file: time stamps, packets, pictures."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from bot.media.probing import probe
from bot.media.videos.footage import VideoLimits, VideoSection
from bot.media.videos.frames import DecodedFrame, frames

WHOLE = VideoSection(0, 24 * 3600)

CORNERS = ("red", "lime", "blue", "white")
"""Colours of `corners`: top left, top right, bottom left, bottom right."""


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg; the last argument is the file it writes."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=120)


def corners(path: Path, *options: str, size: str = "80x48", seconds: float = 0.4) -> Path:
    """A film whose quarters, each of `size`, have the `CORNERS`' colours."""
    sources = [part for name in CORNERS for part in ("-f", "lavfi", "-i", f"color={name}:s={size}:r=10:d={seconds}")]
    layout = "[0][1]hstack[a];[2][3]hstack[b];[a][b]vstack"
    ffmpeg(*sources, "-filter_complex", layout, "-pix_fmt", "yuv420p", "-preset", "ultrafast", *options, path)
    return path


def moving(path: Path, *options: str, seconds: float = 2.0, size: str = "160x90", rate: str = "30") -> Path:
    """A film that moves, with a tone: H.264 and AAC unless `options` say otherwise."""
    inputs = ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}")
    sound = ("-f", "lavfi", "-i", f"sine=440:sample_rate=44100:duration={seconds}")
    ffmpeg(*inputs, *sound, "-pix_fmt", "yuv420p", "-preset", "ultrafast", *options, path)
    return path


def uneven(path: Path, *options: str, seconds: float = 3.0, base: str = "1/90000") -> Path:
    """A film with frames at odd times, in ticks of `base`."""
    chosen = "settb=1/90000,select='gt(random(1)\\,0.4)',setpts='PTS+floor(random(2)*700)'"
    return moving(
        path, "-vf", chosen, "-fps_mode", "passthrough", "-enc_time_base:v", base, *options, seconds=seconds, rate="50"
    )


def with_aperture(path: Path, width: int, height: int, right: int = 0, down: int = 0) -> Path:
    """The MP4 with a clean aperture of this size, its middle so far from the middle of the frame."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"avc1") - 4
    end = at + int.from_bytes(data[at : at + 4], "big")
    data[end:end] = struct.pack(">I4s8i", 40, b"clap", width, 1, height, 1, right, 1, down, 1)
    for name in (b"avc1", b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        place = data.rindex(name, 0, at + 8) - 4
        struct.pack_into(">I", data, place, int.from_bytes(data[place : place + 4], "big") + 40)
    path.write_bytes(data)
    return path


def stamps(path: Path, *, written: bool = False) -> list[Fraction]:
    """When the frames of a file are shown, in seconds from its container's start; or as they are `written`."""
    with av.open(str(path)) as container:
        track = container.streams.video[0]
        start = Fraction(0 if written else container.start_time or 0, 1_000_000)
        return sorted(
            packet.pts * (track.time_base or Fraction(1)) - start
            for packet in container.demux(track)
            if packet.pts is not None
        )


def sound_packets(path: Path, *, written: bool = False) -> list[tuple[float, bytes]]:
    """The packets of the sound, and when each is heard, in seconds from the container's start; or as `written`."""
    with av.open(str(path)) as container:
        track = container.streams.audio[0]
        start = 0 if written else (container.start_time or 0) / 1_000_000
        return [
            (float(packet.pts * (track.time_base or Fraction(1))) - start, bytes(packet))
            for packet in container.demux(track)
            if packet.pts is not None and packet.size
        ]


def loudness_of(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Loudness of a file's sound in steps of 5 ms, and when each begins, in seconds as they are written."""
    times: list[float] = []
    loudness: list[float] = []
    with av.open(str(path)) as container:
        track = container.streams.audio[0]
        for frame in container.decode(track):
            wave = np.asarray(frame.to_ndarray(), np.float32).reshape(len(frame.layout.channels), -1)[0]
            step = frame.sample_rate // 200
            for at in range(0, len(wave) - step + 1, step):
                times.append(float((frame.pts or 0) * (frame.time_base or Fraction(1))) + at / frame.sample_rate)
                loudness.append(np.abs(wave[at : at + step]).max())
    return np.array(times), np.array(loudness, np.float32)


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    """Every frame of a short film, upright."""
    return [frame.picture() for frame in frames_of(path)]


def frames_of(path: Path, section: VideoSection = WHOLE) -> Iterator[DecodedFrame]:
    """The frames of a section of a film, as they are looked at."""
    return frames(probe(path, VideoLimits(10**9)), section)


def quarters(picture: NDArray[np.uint8]) -> list[str]:
    """Which of the `CORNERS` is in each quarter, in the same order."""
    pure = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
    height, width = picture.shape[:2]
    seen = [picture[y, x] for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    return [min(pure, key=lambda name: np.abs(np.array(pure[name]) - pixel).sum()) for pixel in seen]
