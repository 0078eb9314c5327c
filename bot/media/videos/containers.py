"""Untrusted video files, opened by one demuxer, one protocol, and the listed decoders alone. Called in workers."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

import av
from av.error import FFmpegError

from bot.domain.messages import Message
from bot.domain.storage import REFUSED_WRITES
from bot.media.pictures.headers import sniff
from bot.media.videos.footage import MAX_PIXELS, VideoError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.codec.context import CodecContext
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

VIDEO_CODECS: Final = (
    *("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "libvpx", "libvpx-vp9", "mpeg4", "msmpeg4", "msmpeg4v2"),
    *("h263", "mpeg1video", "mpeg2video", "mjpeg", "prores", "dvvideo", "theora", "vc1", "wmv3"),
)
"""The decoders for pictures. A file without any of them is refused."""

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
"""The decoders for sound. Other sound is left out."""

BROKEN: Final = Message("this video is broken or cut short and can't be read; save it once more and post that copy")

_TS_PACKET: Final = (188, 192)
_MP4_BOXES: Final = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


def format_of(path: Path) -> str | None:
    """The demuxer for a file by its first bytes, whatever its name; None for a file that is no accepted video.

    Playlists, lists of files and picture sequences are never accepted, since they name other files. AVI isn't accepted
    either: it has no presentation times, and each reader guesses others.
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


def input_options(kind: str) -> dict[str, str]:
    """The options of libav and ffmpeg for a file of this kind: allowed protocols, formats, decoders and pixels."""
    return {
        "protocol_whitelist": "file",
        "format_whitelist": kind,
        "codec_whitelist": ",".join((*VIDEO_CODECS, *SOUND_CODECS)),
        "max_pixels": str(MAX_PIXELS),
        **({"enable_drefs": "0", "use_absolute_path": "0"} if kind == "mov" else {}),
    }


@contextmanager
def open_container(path: Path, kind: str) -> Generator[InputContainer]:
    """The container of a file, read by the demuxer `kind`. Raises VideoError."""
    options = input_options(kind)
    pixels = {"max_pixels": options.pop("max_pixels")}
    with video_errors():
        container = av.open(
            f"file:{path.absolute()}",
            "r",
            format=kind,
            container_options=options,
            options=pixels,
            metadata_errors="replace",
        )
    with container:
        yield container


@contextmanager
def video_errors() -> Generator[None]:
    """Raise VideoError for libav's own errors, and OSError where the disk takes nothing more."""
    try:
        yield
    except (FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in REFUSED_WRITES:
            raise OSError(error.errno, error.strerror, error.filename) from error
        raise VideoError(BROKEN) from error


def packets_of(container: InputContainer, tracks: Sequence[Stream]) -> Iterator[Packet]:
    """The packets of tracks up to the file's end or first unreadable byte, without the packets that edit lists discard."""
    try:
        for packet in container.demux(*tracks):
            if packet.size and not packet.is_discard:
                yield packet
    except (FFmpegError, ValueError):
        # The file is cut short or damaged here.
        return


def decoder_of(track: VideoStream | AudioStream) -> str | None:
    """The name of a track's decoder; None if libav has none."""
    context = cast("CodecContext | None", track.codec_context)
    return context.codec.name if context else None
