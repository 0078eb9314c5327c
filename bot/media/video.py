"""Untrusted video files → upright SDR frames with exact times. Called in worker processes only.

A *video's clock* counts from its container's start, which a player shows as 0:00. The first picture may come later than
that: where the sound begins 0.84 s before the picture, the first frame's time is 0.84.
"""

from __future__ import annotations

import math
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

import av
import cv2
import numpy as np
from av.error import EOFError as StreamEndError
from av.error import FFmpegError
from av.sidedata.sidedata import Type as SideData
from av.stream import Disposition

from bot.media.footage import ACCEPTED, MOST_PIXELS, TOLERANCE, Footage, Section, Sound, VideoError, VideoLimits
from bot.media.headers import impostor, sniff
from bot.wording import mebibytes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.codec.context import CodecContext
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray
    from typing_extensions import Buffer

    from models.faces import Picture

__all__ = ["Footage", "Frame", "Section", "Sound", "VideoError", "VideoLimits", "format_of", "frames", "probe"]

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

_MOST_SECONDS: Final = 24 * 3600.0
_MOST_PACKETS: Final = 4_000_000
_MOST_ERRORS: Final = 200
_TS_PACKET: Final = (188, 192)
_MP4_BOXES: Final = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_PQ, _HLG = 16, 18
_HDR: Final = {_PQ, _HLG}
_BT2020: Final = {9, 10}
_BT709 = 1
# Seconds that are sought before a section: where a container leads beyond its start, further back, and then to the beginning.
_BACK: Final = (0.0, 0.25, 12.0, math.inf)


@dataclass(frozen=True, eq=False)
class Frame:
    """A decoded frame, shown at `time` on the video's clock. `size`: (width, height) upright, of square pixels."""

    time: float
    size: tuple[int, int]
    decoded: VideoFrame
    turn: str
    transfer: int

    @cached_property
    def luma(self) -> NDArray[np.uint8]:
        """A small grey picture, (36, 64) uint8, as it was decoded (not upright): enough to tell shots apart."""
        kind = self.decoded.format
        component = kind.components[0]
        if not kind.is_planar or kind.is_rgb or component.bits > 16 or component.bits < 8 or kind.is_big_endian:
            return np.asarray(self.decoded.reformat(*LUMA, "gray").to_ndarray(), np.uint8)
        plane = self.decoded.planes[0]
        wide = component.bits > 8
        kept = np.frombuffer(memoryview(cast("Buffer", plane)), np.uint16 if wide else np.uint8)
        lines = kept.reshape(-1, plane.line_size // kept.itemsize)[: self.decoded.height, : self.decoded.width]
        # A quarter of the lines is plenty for averages, and every line read costs.
        lines = lines[:: max(1, self.decoded.height // (4 * LUMA[1]))]
        small = np.asarray(cv2.resize(lines, LUMA, interpolation=cv2.INTER_AREA), kept.dtype)
        return np.right_shift(small, component.bits - 8).astype(np.uint8)

    def picture(self) -> Picture:
        """The frame upright in RGB and SDR: (h, w, 3) uint8 of `size`."""
        across, down = self.size if self.turn not in _LYING else self.size[::-1]
        return np.ascontiguousarray(_TURNS[self.turn](_as_rgb(self.decoded, self.transfer, across, down)))


_TURNS: Final[dict[str, Callable[[NDArray[Any]], NDArray[Any]]]] = {
    "": lambda pixels: pixels,
    "hflip": lambda pixels: pixels[:, ::-1],
    "vflip": lambda pixels: pixels[::-1],
    "half": lambda pixels: pixels[::-1, ::-1],
    "clock": lambda pixels: np.rot90(pixels, -1),
    "cclock": lambda pixels: np.rot90(pixels),
    "cclock_flip": lambda pixels: pixels.transpose(1, 0, 2),
    "clock_flip": lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
}
"""By ffmpeg's names for its transpose filter."""

_LYING: Final = {"clock", "cclock", "cclock_flip", "clock_flip"}


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
    size = path.stat().st_size
    if size > limits.max_bytes:
        raise VideoError(f"this video is too large ({mebibytes(size)}); I read up to {mebibytes(limits.max_bytes)}")
    kind = format_of(path)
    if kind is None:
        raise VideoError(_no_video(path))
    with _opened(path, kind, limits.max_pixels) as container:
        stream = _picture_track(container)
        # Before the decoder sees a byte.
        _check_pixels(stream.width, stream.height, limits)
        first = _first_frame(container, stream)
        _check_pixels(first.width, first.height, limits)
        turn = _turn(first)
        size = _upright(first.width, first.height, _aspect(stream), turn)
        _check_pixels(*size, limits)
        sound = _sound_track(container)
        footage = Footage(
            size=size,
            seconds=0.0,
            beginning=_beginning(container),
            first=0.0,
            rate=0.0,
            frames=0,
            codec=stream.codec_context.name,
            sound=sound,
            hdr=stream.color_trc in _HDR,
            interlaced=first.interlaced_frame,
            format=kind,
            number=container.streams.video.index(stream),
            turn=turn,
        )
    with _opened(path, kind, limits.max_pixels) as container:
        return _measured(footage, container)


def frames(path: Path, section: Section, *, limits: VideoLimits | None = None, threads: int = 2) -> Iterator[Frame]:
    """The frames of a section in the order of their times, which rise strictly: a frame at its forerunner's time is left out.

    Decoding begins at the keyframe before. Where the file breaks off, so do the frames; where it is damaged, they go on behind.
    Close the iterator, or let it end.

    Raises:
        VideoError: the file can't be read, or nothing of it could be decoded.
    """
    most = limits.max_pixels if limits else MOST_PIXELS
    kind = format_of(path)
    if kind is None:
        raise VideoError(_no_video(path))
    for back in _BACK:
        target = section.start - back
        with closing(_decoded(path, kind, target, most, threads)) as found:
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


def _decoded(path: Path, kind: str, target: float, max_pixels: int, threads: int) -> Generator[Frame]:
    """Frames from the keyframe before `target` on."""
    with _opened(path, kind, max_pixels) as container:
        stream = _picture_track(container)
        if stream.width * stream.height > max_pixels:
            raise VideoError(_too_many_pixels(max_pixels, stream.width, stream.height))
        stream.thread_type = "AUTO"
        stream.thread_count = threads
        beginning = _beginning(container)
        if target > 0:
            with _sentences():
                container.seek(int((target + beginning) * 1_000_000), backward=True)
        base, last, step = stream.time_base or Fraction(1, 90_000), -math.inf, 0.0
        size: tuple[int, int] | None = None
        turn = ""
        for decoded in _survivors(container, stream):
            if decoded.width * decoded.height > max_pixels:
                raise VideoError(_too_many_pixels(max_pixels, decoded.width, decoded.height))
            if size is None:
                turn = _turn(decoded)
                size = _upright(decoded.width, decoded.height, _aspect(stream), turn)
            stamp = decoded.pts if decoded.pts is not None else decoded.dts
            time = last + step if stamp is None else float(stamp * base) - beginning
            if time <= last or not math.isfinite(time):
                continue
            step = float(decoded.duration * base) or (time - last if math.isfinite(last) else 0.04)
            last = time
            yield Frame(time, size, decoded, turn, stream.color_trc)


def _survivors(container: InputContainer, stream: VideoStream) -> Generator[VideoFrame]:
    """The frames of a track that can be decoded. Raises VideoError when there is none."""
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
    return replace(
        footage, seconds=end, first=start, rate=count / (end - start), frames=count, keyframes=tuple(keyframes)
    )


@contextmanager
def _opened(path: Path, kind: str, max_pixels: int) -> Generator[InputContainer]:
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
            options={"max_pixels": str(max_pixels)},
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


def _aspect(stream: VideoStream) -> Fraction:
    """Width over height of one pixel; 1 where what the file says is nonsense."""
    aspect = stream.sample_aspect_ratio
    return aspect if aspect and Fraction(1, 4) <= aspect <= 4 else Fraction(1)


def _upright(width: int, height: int, aspect: Fraction, turn: str) -> tuple[int, int]:
    wide = max(1, round(width * aspect))
    return (height, wide) if turn in _LYING else (wide, height)


def _turn(frame: VideoFrame) -> str:
    """How the display matrix turns a frame, as ffmpeg reads it; "" for a matrix that does anything but turn and flip."""
    side = cast("Mapping[SideData, Buffer]", frame.side_data)
    if SideData.DISPLAYMATRIX not in side:
        return ""
    matrix = np.frombuffer(bytes(side[SideData.DISPLAYMATRIX]), np.int32)[:9].astype(float)
    across, along = math.hypot(matrix[0], matrix[3]), math.hypot(matrix[1], matrix[4])
    if not across or not along:
        return ""
    angle = math.degrees(math.atan2(matrix[1] / along, matrix[0] / across)) % 360
    quarter = round(angle / 90) % 4
    if abs((angle - quarter * 90 + 180) % 360 - 180) > 1:
        return ""
    if quarter == 1:
        return "cclock_flip" if matrix[3] > 0 else "clock"
    if quarter == 3:
        return "clock_flip" if matrix[3] < 0 else "cclock"
    if quarter == 2:
        return {(True, True): "half", (True, False): "hflip", (False, True): "vflip", (False, False): ""}[
            matrix[0] < 0, matrix[4] < 0
        ]
    return "vflip" if matrix[4] < 0 else ""


def _as_rgb(frame: VideoFrame, transfer: int, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 in BT.709 and SDR, not turned."""
    matrix = _matrix_of(frame)
    if transfer not in _HDR:
        flat = frame.reformat(
            width, height, "rgb24", src_colorspace=matrix, dst_colorspace=matrix, interpolation="BICUBIC"
        )
        return np.asarray(flat.to_ndarray(), np.uint8)
    deep = frame.reformat(
        width, height, "rgb48le", src_colorspace=matrix, dst_colorspace=matrix, interpolation="BICUBIC"
    )
    return _tone_mapped(np.asarray(deep.to_ndarray(), np.uint16), transfer)


def _matrix_of(frame: VideoFrame) -> int:
    """The YUV matrix in swscale's numbers; where the file says nothing, that of its size, as players take it."""
    if frame.colorspace in _BT2020:
        return 9
    if frame.colorspace in (5, 6):
        return 5
    if frame.colorspace == _BT709 or frame.height >= 720:
        return 1
    return 5


_BROKEN: Final = "this video is broken or cut short and can't be read; save it once more and post that copy"


def _no_video(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return "this file is empty"
    kind = sniff(head)
    named = f"a {kind.value} picture" if kind else impostor(head)
    return f"this is no video{f' but {named}' if named and named != 'a video' else ''}; I read {ACCEPTED}"


def _check_pixels(width: int, height: int, limits: VideoLimits) -> None:
    if min(width, height) < 1:
        # What libav's own check threw out has no size any more.
        raise VideoError(
            f"this video is broken, or has more than the {limits.max_pixels / 1e6:.0f} megapixels a frame that I read"
        )
    if width * height > limits.max_pixels:
        raise VideoError(_too_many_pixels(limits.max_pixels, width, height))


def _too_many_pixels(most: int, width: int, height: int) -> str:
    return f"this video has too many pixels ({width} × {height}); I read up to {most / 1e6:.0f} megapixels a frame"


@lru_cache(maxsize=2)
def _light(trc: int) -> NDArray[np.float32]:
    """Linear light of a 16-bit code value, 1.0 being SDR's white of 203 nits (ITU-R BT.2408)."""
    code = np.arange(65536) / 65535
    if trc == _PQ:
        # SMPTE ST 2084.
        power = code ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    else:
        # ITU-R BT.2100, on a display of 1,000 nits; its gamma of 1.2 is applied to each channel.
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        nits = 1_000 * scene**1.2
    return (nits / 203).astype(np.float32)


_TO_709: Final = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
"""Linear BT.2020 to BT.709 (ITU-R BT.2087)."""

_PEAK: Final = 1_000 / 203


def _tone_mapped(deep: NDArray[np.uint16], trc: int) -> NDArray[np.uint8]:
    """(h, w, 3) uint16 in PQ or HLG → uint8 in BT.709: Reinhard's curve with a white of 1,000 nits."""
    light = cv2.transform(_light(trc)[deep], _TO_709)
    np.clip(light, 0, _PEAK, out=light)
    strongest = np.maximum(light.max(2, keepdims=True), 1e-6)
    light *= (1 + strongest / _PEAK**2) / (1 + strongest)
    return np.asarray(np.clip(light, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
