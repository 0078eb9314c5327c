"""Untrusted video files → upright SDR frames with exact times. Called in worker processes only.

A *video's clock* counts from its container's start, which a player shows as 0:00. The first picture may come later than
that: where the sound begins 0.84 s before the picture, the first frame's time is 0.84.
"""

from __future__ import annotations

import math
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.error import EOFError as StreamEndError
from av.error import FFmpegError
from av.stream import Disposition
from av.video.format import VideoFormat

from bot.media.colours import as_rgb, colours_of
from bot.media.footage import ACCEPTED, MOST_PIXELS, TOLERANCE, Footage, Section, Sound, VideoError, VideoLimits
from bot.media.geometry import TURNS, cropped, geometry_of
from bot.media.headers import impostor, sniff
from bot.wording import mebibytes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.codec.context import CodecContext
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray
    from typing_extensions import Buffer

    from models.faces import Picture

VIDEO_CODECS: Final = (
    *("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "libvpx", "libvpx-vp9", "mpeg4", "msmpeg4", "msmpeg4v2"),
    *("h263", "mpeg1video", "mpeg2video", "mjpeg", "prores", "dvvideo", "theora", "vc1", "wmv3"),
)
"""Decoders that pictures may go through; a file with another is refused."""

SOUND_CODECS: Final = (
    *("aac", "aac_latm", "mp1float", "mp2float", "mp3float", "mp1", "mp2", "mp3", "opus", "libopus", "vorbis"),
    *(
        "flac",
        "alac",
        "ac3",
        "ac3_fixed",
        "eac3",
        "dca",
        "wmav1",
        "wmav2",
        "amrnb",
        "amrwb",
        "adpcm_ms",
        "adpcm_ima_qt",
    ),
    *("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_u8", "pcm_f32le", "pcm_mulaw", "pcm_alaw"),
)
"""Decoders that sound may go through; sound that needs another is left out."""

LUMA: Final = (64, 36)
"""Width and height of a frame's small grey picture."""

# Other spans are decoded beside; two threads for one cost a quarter more in all. B-frames that no other frame is made of are
# shown a moment: a seventh of the work would go into their blocks' edges.
_THRIFTY: Final = {"threads": "1", "skip_loop_filter": "noref"}
_MOST_SECONDS: Final = 24 * 3600.0
_MOST_PACKETS: Final = 4_000_000
_MOST_ERRORS: Final = 200
_TS_PACKET: Final = (188, 192)
_MP4_BOXES: Final = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
# Seconds that are sought before a section: where a container leads beyond its start, further back, and then to the beginning.
_BACK: Final = (0.0, 0.25, 12.0, math.inf)


@dataclass(frozen=True, eq=False)
class Frame:
    """A decoded frame of some footage, shown at `time` on the video's clock."""

    time: float
    decoded: VideoFrame
    footage: Footage

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) upright, of square pixels."""
        return self.footage.size

    @cached_property
    def luma(self) -> NDArray[np.uint8]:
        """A small grey picture, (36, 64) uint8, of what is shown but not upright: enough to tell shots apart."""
        frame, kind = self.decoded, self.decoded.format
        component = kind.components[0]
        if not kind.is_planar or kind.is_rgb or component.bits > 16 or component.bits < 8 or kind.is_big_endian:
            frame, component = frame.reformat(format="gray"), VideoFormat("gray").components[0]
        plane = frame.planes[0]
        wide = component.bits > 8
        kept = np.frombuffer(memoryview(cast("Buffer", plane)), np.uint16 if wide else np.uint8)
        lines = kept.reshape(-1, plane.line_size // kept.itemsize)[: frame.height, : frame.width]
        lines = cropped(lines, self.footage.geometry)
        # A quarter of the lines is plenty for averages, and every line read costs.
        lines = lines[:: max(1, len(lines) // (4 * LUMA[1]))]
        small = np.asarray(cv2.resize(lines, LUMA, interpolation=cv2.INTER_AREA), kept.dtype)
        return np.right_shift(small, component.bits - 8).astype(np.uint8)

    def picture(self) -> Picture:
        """The frame upright in RGB and SDR: (h, w, 3) uint8 of `size`."""
        geometry = self.footage.geometry
        return np.ascontiguousarray(TURNS[geometry.turn](as_rgb(self.decoded, geometry, self.footage.colours)))


def format_of(path: Path) -> str | None:
    """The demuxer for a file by its first bytes, whatever it is called; None for what is no video.

    No playlist, no list of files and no sequence of pictures is ever read as what it is: they lead elsewhere. AVI has no
    presentation times, and each reader guesses others.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if head[4:8] in _MP4_BOXES and sniff(head) is None:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    for packet in _TS_PACKET:
        first = packet - 188
        if len(head) > first + 2 * packet and all(head[first + at * packet] == 0x47 for at in range(3)):
            return "mpegts"
    return None


def probe(path: Path, limits: VideoLimits) -> Footage:
    """What a file holds: its picture track is demuxed to the end, and its first frame decoded.

    Raises:
        VideoError: it is no video, has no picture track, is too large, broken, or of a kind that isn't read.
    """
    bytes_of_it = path.stat().st_size
    if bytes_of_it > limits.max_bytes:
        raise VideoError(
            f"this video is too large ({mebibytes(bytes_of_it)}); I read up to {mebibytes(limits.max_bytes)}"
        )
    kind = format_of(path)
    if kind is None:
        raise VideoError(_no_video(path))
    with _opened(path, kind) as container:
        stream = _picture_track(container)
        # Before the decoder sees a byte.
        _check_pixels(stream.width, stream.height)
        first = _first_frame(container, stream)
        _check_pixels(first.width, first.height)
        geometry = geometry_of(container, stream, first)
        _check_pixels(*geometry.size)
        footage = Footage(
            path=path,
            geometry=geometry,
            colours=colours_of(stream, first),
            seconds=0.0,
            beginning=_beginning(container),
            first=0.0,
            rate=0.0,
            sound=_sound_track(container),
            interlaced=first.interlaced_frame,
            format=kind,
            number=container.streams.video.index(stream),
        )
    with _opened(path, kind) as container:
        return _measured(footage, container)


def frames(footage: Footage, section: Section) -> Iterator[Frame]:
    """The frames of a section of a probed video, their times rising strictly: one at its forerunner's time is left out.

    Decoding begins at the keyframe before. Where the file breaks off, so do the frames; where it is damaged, they go on behind.
    Close the iterator, or let it end.

    Raises:
        VideoError: the file can't be read, or nothing of it could be decoded.
    """
    for back in _BACK:
        target = section.start - back
        with closing(_decoded(footage, target)) as found:
            begun = False
            for frame in found:
                if not begun:
                    # Behind the start, though nothing says that the video begins there: further back, then.
                    if frame.time > section.start + TOLERANCE and target > 0:
                        break
                    begun = True
                if frame.time >= section.end - TOLERANCE:
                    return
                if section.holds(frame.time):
                    yield frame
            if begun or target <= 0:
                return


def _decoded(footage: Footage, target: float) -> Generator[Frame]:
    """Frames from the keyframe before `target` on."""
    left, right, top, bottom = footage.geometry.crop
    with _opened(footage.path, footage.format) as container:
        stream = container.streams.video[footage.number]
        stream.codec_context.options = _THRIFTY
        if target > 0:
            with _sentences():
                container.seek(int((target + footage.beginning) * 1_000_000), backward=True)
        base, last, step = stream.time_base or Fraction(1, 90_000), -math.inf, 0.0
        for decoded in _survivors(container, stream):
            if decoded.width * decoded.height > MOST_PIXELS:
                raise VideoError(_too_many_pixels(decoded.width, decoded.height))
            if decoded.width <= left + right or decoded.height <= top + bottom:
                raise VideoError(_BROKEN)
            stamp = decoded.pts if decoded.pts is not None else decoded.dts
            time = last + step if stamp is None else float(stamp * base) - footage.beginning
            if time <= last or not math.isfinite(time):
                continue
            step = float(decoded.duration * base) or (time - last if math.isfinite(last) else 0.04)
            last = time
            yield Frame(time, decoded, footage)


def _survivors(container: InputContainer, stream: VideoStream) -> Generator[VideoFrame]:
    """The frames of a track that can be decoded. Raises VideoError when there is none."""
    # Else a cropped edge would stay where rows of pixels would lose their alignment in memory.
    stream.codec_context.flags |= Flags.unaligned
    errors, any_frame = 0, False
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (FFmpegError, ValueError):
            # The file breaks off here: what the decoder still holds is asked for.
            packet = None
        try:
            for decoded in stream.decode(packet):
                any_frame = True
                yield decoded
        except StreamEndError:
            break
        except (FFmpegError, ValueError) as error:
            errors += 1
            if errors > _MOST_ERRORS and not any_frame:
                raise VideoError(_BROKEN) from error
        if packet is None or packet.size == 0:
            break
    if not any_frame:
        raise VideoError(_BROKEN)


def _measured(footage: Footage, container: InputContainer) -> Footage:
    """The footage with its times, from every packet of its picture track."""
    stream = container.streams.video[footage.number]
    base = stream.time_base or Fraction(1, 90_000)
    first, last, step, count = math.inf, -math.inf, 0, 0
    keys: list[int] = []
    try:
        for packet in container.demux(stream):
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None or packet.size == 0 or packet.is_discard:
                continue
            count += 1
            first = min(first, stamp)
            if packet.is_keyframe:
                keys.append(stamp)
            if stamp > last:
                last, step = stamp, packet.duration or 0
            if count > _MOST_PACKETS:
                raise VideoError("this video has too many frames; cut it shorter")
    except (FFmpegError, ValueError):
        # It breaks off here.
        pass
    if not count:
        raise VideoError(_BROKEN)
    start, end, *keyframes = (
        float(stamp * base) - footage.beginning for stamp in (int(first), int(last) + step, *sorted(keys))
    )
    if not 0 <= end - start <= _MOST_SECONDS or end > _MOST_SECONDS:
        raise VideoError("this video says that it lasts longer than a day; it may be broken")
    if not step:
        end += (end - start) / (count - 1) if count > 1 and end > start else 0.04
    return replace(footage, seconds=end, first=start, rate=count / (end - start), keyframes=tuple(keyframes))


@contextmanager
def _opened(path: Path, kind: str) -> Generator[InputContainer]:
    """The container, read by one demuxer and one protocol, with the decoders of our lists alone."""
    only = {
        "protocol_whitelist": "file",
        "format_whitelist": kind,
        "codec_whitelist": ",".join((*VIDEO_CODECS, *SOUND_CODECS)),
        **({"enable_drefs": "0", "use_absolute_path": "0"} if kind == "mov" else {}),
    }
    with _sentences():
        container = av.open(
            f"file:{path.absolute()}",
            "r",
            format=kind,
            container_options=only,
            options={"max_pixels": str(MOST_PIXELS)},
            metadata_errors="replace",
        )
    with container:
        yield container


@contextmanager
def _sentences() -> Generator[None]:
    try:
        yield
    except (FFmpegError, ValueError) as error:
        raise VideoError(_BROKEN) from error


def _picture_track(container: InputContainer) -> VideoStream:
    """The track with the most pixels; a cover picture is none."""
    tracks = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not tracks:
        if container.streams.audio:
            raise VideoError("this file has sound alone, and no picture to look at; post a video")
        raise VideoError(f"this file has no picture track; I read {ACCEPTED}")
    readable = [one for one in tracks if _decoder(one) in VIDEO_CODECS]
    if not readable:
        raise VideoError(
            f"I can't read this video's codec ({_decoder(tracks[0]) or 'an unknown one'}); save it as H.264 in an MP4"
        )
    return max(readable, key=lambda one: one.width * one.height)


def _decoder(track: VideoStream | AudioStream) -> str | None:
    """The name of a track's decoder; None where there is none."""
    context = cast("CodecContext | None", track.codec_context)
    return context.codec.name if context else None


def _sound_track(container: InputContainer) -> Sound | None:
    """The first track of sound that can be decoded."""
    for number, one in enumerate(container.streams.audio):
        if _decoder(one) in SOUND_CODECS:
            return Sound(one.codec_context.name, number, int(one.bit_rate or 0))
    return None


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    with closing(_survivors(container, stream)) as found:
        return next(found)


def _beginning(container: InputContainer) -> float:
    """The container's start in seconds of its streams."""
    return (container.start_time or 0) / 1_000_000


_BROKEN: Final = "this video is broken or cut short and can't be read; save it once more and post that copy"


def _no_video(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return "this file is empty"
    kind = sniff(head)
    named = f"a {kind.value} picture" if kind else impostor(head)
    return f"this is no video{f' but {named}' if named and named != 'a video' else ''}; I read {ACCEPTED}"


def _check_pixels(width: int, height: int) -> None:
    if min(width, height) < 1:
        # What libav's own check threw out has no size any more.
        raise VideoError(
            f"this video is broken, or has more than the {MOST_PIXELS / 1e6:.0f} megapixels a frame that I read"
        )
    if width * height > MOST_PIXELS:
        raise VideoError(_too_many_pixels(width, height))


def _too_many_pixels(width: int, height: int) -> str:
    return (
        f"this video has too many pixels ({width} × {height}); I read up to {MOST_PIXELS / 1e6:.0f} megapixels a frame"
    )
