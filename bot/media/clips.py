"""The annotated clip: one ffmpeg run cuts the section out, burns the captions in, and copies the sound. Called in workers.

Time stamps pass through as they are: those of the whole video by their ticks, those of a section from its start on.
"""

from __future__ import annotations

import logging
import math
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.infra.sandbox import ProcessFailedError, ProcessLimits, stream_output
from bot.media.footage import TOLERANCE, Section, VideoError
from bot.text.formatting import MEBIBYTE, mebibytes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ffmpeg import VideoStream

    from bot.media.footage import Colours, Footage, Geometry

log = logging.getLogger(__name__)

CRF: Final = 23
PRESET: Final = "veryfast"
SOUND_RATE: Final = 128_000
"""Bits a second of sound that can't be copied and so is encoded anew."""

HEIGHTS: Final = (2160, 1440, 1080, 720, 540, 480, 360, 288, 240, 180, 144)
"""Heights that a clip is brought down to."""

# Bits a pixel that veryfast needs at 720p and 30 frames a second for a picture that nobody minds; larger pictures and
# denser frames need fewer each.
_BITS_A_PIXEL: Final = 0.035
_USUAL_PIXELS: Final = 1280 * 720
_USUAL_RATE: Final = 30.0
# Seconds of the greatest rate that the coded picture buffer holds: as much may come on top of rate × length.
_BUFFER: Final = 2.0
_LEAST_RATE: Final = 24_000
GREATEST_RATE: Final = 40_000_000
# Of a first attempt that came out too large, the second aims this far below what is left.
_MARGIN: Final = 0.92
_FRAME_OVERHEAD, _PACKET_OVERHEAD, _FILE_OVERHEAD = 20, 8, 6_000
# One packet before the cut is kept: AAC needs it to begin cleanly, and the edit list hides it.
_PREROLL: Final = 0.03
# A transport stream is sought by when pictures are decoded, which is as much before they are shown at most.
_DELAY: Final = 1.0
_MEMORY: Final = 6 << 30
_FRAME_BYTES: Final = 64 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """What a clip must keep to: bytes of the file, and its height in pixels; of one that is held upright, its width."""

    max_bytes: int
    max_height: int


@dataclass(frozen=True, slots=True)
class ProgressFiles:
    """How a worker's work is watched from outside.

    `progress`: a file that holds the share done in [0, 1], replaced as a whole. `stop`: when this file exists, the work ends.
    """

    progress: Path
    stop: Path

    def tell(self, share: float) -> None:
        """Write the share done."""
        part = self.progress.with_name(f".{self.progress.name}.part")
        part.write_text(f"{min(max(share, 0.0), 1.0):.4f}")
        part.replace(self.progress)


@dataclass(frozen=True, slots=True)
class EncodedClip:
    """A clip that was written: its size (width, height), bytes and seconds."""

    size: tuple[int, int]
    bytes: int
    seconds: float


class StoppedError(VideoError):
    """Somebody wanted the work to end."""

    def __init__(self) -> None:
        super().__init__("this clip was cancelled")


def fitting_height(size: tuple[int, int], rate: float, seconds: float, max_bytes: int, max_height: int) -> int:
    """The height of a clip of `seconds` that still looks good in `max_bytes`, in pixels.

    The source's own where it fits; never above it, and always even; its shorter side never above `max_height`: a fancam held
    upright has 1080p too. `size`: (width, height) of the
    source; `rate`: its frames a second; `max_bytes`: for the pictures alone.
    """
    short, long = sorted(size)
    bits = max_bytes * 8 / max(seconds, 0.1)
    top = min(short, max_height)
    for step in (top, *(one for one in HEIGHTS if one < top)):
        pixels = step * step * long / short
        needed = _BITS_A_PIXEL * pixels**0.75 * _USUAL_PIXELS**0.25 * rate**0.6 * _USUAL_RATE**0.4
        if bits >= needed:
            return _even(step * size[1] / short)
    return _even(min(top, HEIGHTS[-1]) * size[1] / short)


def scaled(size: tuple[int, int], height: int) -> tuple[int, int]:
    """(width, height) of a clip of that height: even, as H.264 halves its colours."""
    return _even(size[0] * height / size[1]), _even(height)


def encoding(rate: float) -> dict[str, str | int]:
    """ffmpeg's options for a clip's pictures: H.264 of even quality, within `rate` bits a second."""
    return {
        "c:v": "libx264",
        "preset": PRESET,
        "crf": CRF,
        "maxrate:v": round(rate),
        "bufsize:v": round(rate * _BUFFER),
        "profile:v": "high",
        "pix_fmt": "yuv420p",
    }


def draw(
    footage: Footage, section: Section, script: str, target: ClipLimits, out: Path, watch: ProgressFiles
) -> EncodedClip:
    """Write the section of a video with its captions burnt in, and its sound, to `out`.

    H.264, yuv420p, its index first; sound keeps its packets or becomes AAC. At most `target.max_bytes`:
    what came out larger is made once again. `script`: an ASS file whose times count from the section's start.

    Raises:
        VideoError: it can't be drawn, or not so small.
        StoppedError: `watch.stop` was there.
    """
    section = _within(footage, section)
    frames = footage.rate * section.seconds
    sound_rate = (footage.sound.rate or 192_000) if footage.sound and footage.sound.copied else SOUND_RATE
    sound = section.seconds * (sound_rate / 8 + 50 * _PACKET_OVERHEAD) if footage.sound else 0.0
    room = target.max_bytes - _FILE_OVERHEAD - _FRAME_OVERHEAD * frames - sound
    for _ in range(2):
        rate = min(room * 8 / (section.seconds + 0.9 * _BUFFER), GREATEST_RATE)
        if rate < _LEAST_RATE:
            raise VideoError(_too_long(target))
        height = fitting_height(footage.size, footage.rate, section.seconds, round(room), target.max_height)
        size = scaled(footage.size, height)
        with _workplace(out.parent, script) as folder:
            result = folder / "out.mp4"
            command = _clip_command(footage, section, size, rate)
            too_large = _run(command, section, folder, watch, most_bytes=2 * target.max_bytes)
            written = 2 * target.max_bytes if too_large else result.stat().st_size
            if written <= target.max_bytes:
                result.replace(out)
                watch.tell(1.0)
                return EncodedClip(size, written, section.seconds)
        spent = max(written - (target.max_bytes - room), 1.0)
        room = min(room * room / spent, room) * _MARGIN
    raise VideoError(_too_long(target))


def draw_frames(footage: Footage, section: Section, script: str, folder: Path, watch: ProgressFiles) -> int:
    """Write the annotated frames of a section to `folder` as 000001.jpg and on, in full size; returns how many.

    Raises as `draw` does.
    """
    section = _within(footage, section)
    with _workplace(folder, script) as place:
        command = _frames_command(footage, section)
        if _run(command, section, place, watch, most_bytes=_FRAME_BYTES):
            raise VideoError("a frame of this video is too large to be written")
        pictures = sorted(place.glob("*.jpg"))
        for picture in pictures:
            picture.replace(folder / picture.name)
    return len(pictures)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def _too_long(target: ClipLimits) -> str:
    return (
        f"this clip can't be made as small as {mebibytes(target.max_bytes)}; "
        "choose a shorter section with `length:`, or a smaller height"
    )


def _within(footage: Footage, section: Section) -> Section:
    """The section as far as there is something in it. Raises VideoError when there is nothing."""
    inside = Section(max(0.0, section.start), min(section.end, footage.seconds + 2 * TOLERANCE))
    if inside.end <= max(inside.start, footage.first):
        raise VideoError(f"this video has nothing to show there: it is {footage.seconds:.0f} seconds long")
    return inside


@contextmanager
def _workplace(beside: Path, script: str) -> Generator[Path]:
    """A folder that goes again, with the captions and their one font, so that filters need name no path of ours."""
    from models.drawing.fonts import font_path

    with tempfile.TemporaryDirectory(prefix=".drawing-", dir=beside) as name:
        folder = Path(name)
        (folder / "captions.ass").write_text(script, "utf-8")
        (folder / "fonts").mkdir()
        (folder / "fonts" / "font.otf").symlink_to(font_path())
        # libass need not search the machine for fonts.
        (folder / "fonts.conf").write_text("<fontconfig><cachedir>/nonexistent</cachedir></fontconfig>")
        yield folder


def _run(command: list[str], section: Section, folder: Path, watch: ProgressFiles, *, most_bytes: int) -> bool:
    """Run ffmpeg and tell how far it is; True where a file of it would have become larger than `most_bytes`."""
    patience = 300 + 20 * section.seconds
    limits = ProcessLimits(
        seconds=patience,
        cpu_seconds=math.ceil(patience * (os.cpu_count() or 1)),
        memory=_MEMORY,
        file_bytes=most_bytes,
    )
    try:
        with stream_output(command, limits, folder=folder, environment={"FONTCONFIG_FILE": "fonts.conf"}) as lines:
            for line in lines:
                if watch.stop.exists():
                    raise StoppedError
                if line and line.startswith("out_time_us="):
                    done = line.partition("=")[2]
                    if done.isdecimal():
                        watch.tell(int(done) / 1_000_000 / section.seconds)
    except ProcessFailedError as error:
        if any(one.stat().st_size >= most_bytes for one in folder.glob("*.*")):
            return True
        log.warning("ffmpeg ended with %s: %s", error.code, error.stderr)
        raise VideoError(
            "this video took too long to draw; choose a shorter section"
            if error.code is None
            else "this video can't be drawn: it is broken; save it once more and post that copy"
        ) from error
    return False


def _clip_command(footage: Footage, section: Section, size: tuple[int, int], rate: float) -> list[str]:
    import ffmpeg

    opened, shift = _input(footage, section)
    picture = _picture(opened.video_stream(footage.number), footage, section, size, shift)
    tracks: list[Any] = [picture]
    options: dict[str, Any] = {
        **encoding(rate),
        "fps_mode": "passthrough",
        "enc_time_base:v": "demux",
        "movie_timescale": 90_000,
        "movflags": "+faststart",
        **_CLEAN,
    }
    if footage.sound:
        heard = opened.audio_stream(footage.sound.number)
        if footage.sound.copied:
            options |= {"c:a": "copy", "copypriorss:a": 1, "bsf:a": f"noise=drop=lt(pts*tb\\,-{_PREROLL})"}
        else:
            # Not with the pictures' filters: those can't be set up anew when the sound's rate or channels change.
            options |= {"c:a": "aac", "b:a": SOUND_RATE, "ac": 2, "filter:a": "atrim=start=0"}
        tracks.append(heard)
        if _ends(footage, section):
            options["t"] = f"{section.seconds:.6f}"
    written = ffmpeg.output(*tracks, filename="out.mp4", f="mp4", extra_options=options)
    return _compiled(written)


def _frames_command(footage: Footage, section: Section) -> list[str]:
    import ffmpeg

    opened, shift = _input(footage, section)
    picture = _picture(opened.video_stream(footage.number), footage, section, footage.size, shift)
    options = {"c:v": "mjpeg", "q:v": 2, "fps_mode": "passthrough", "enc_time_base:v": "demux", **_CLEAN}
    picture = picture.scale(out_range="full").format(pix_fmts="yuvj420p")
    written = ffmpeg.output(picture, filename="%06d.jpg", f="image2", extra_options=options)
    return _compiled(written)


_CLEAN: Final = {"map_metadata": -1, "map_chapters": -1}


def _compiled(written: Any) -> list[str]:
    import imageio_ffmpeg

    command: list[str] = written.compile(cmd=imageio_ffmpeg.get_ffmpeg_exe(), overwrite_output=True)
    told = ["-nostdin", "-hide_banner", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.5"]
    # Sound that is damaged is heard as far as it can be; and time stamps are changed by nobody but us.
    return [command[0], *told, "-max_error_rate", "1", "-copyts", *command[1:]]


def _input(footage: Footage, section: Section) -> tuple[Any, float]:
    """The source as an input, and what its clock is ahead of the section's, in seconds.

    Its clock begins a little before the section, so that rounding loses no frame. It is sought at the keyframe before: where
    ffmpeg would seek by itself, in a transport stream, there may be none until the section ends.
    """
    import ffmpeg

    from bot.media.containers import reading

    shift = TOLERANCE if section.start > TOLERANCE else 0.0
    where: dict[str, Any] = {"itsoffset": f"{-(footage.beginning + section.start - shift):.6f}"}
    before = [key for key in footage.keyframes if key <= section.start]
    if len(before) > 1:
        sought = footage.beginning + before[-1] - (_DELAY if footage.format == "mpegts" else 0.0)
        where |= {"seek_timestamp": 1, "noaccurate_seek": True, "ss": f"{sought:.6f}"}
    options = {
        **reading(footage.format),
        "threads": 2,
        # The container's cropping and turning are filters below, as `bot.media.geometry` reads them.
        "noautorotate": True,
        "apply_cropping": "codec",
        **where,
    }
    return ffmpeg.input(f"file:{footage.path.absolute()}", f=footage.format, extra_options=options), shift


def _picture(
    stream: VideoStream, footage: Footage, section: Section, size: tuple[int, int], shift: float
) -> VideoStream:
    """The filters: cut, deinterlaced, upright, scaled to square pixels, mapped to SDR, and drawn upon."""
    colours = footage.colours
    # x264 takes no frame at its forerunner's time; `bot.media.video.frames` leaves it out too.
    chosen: Callable[..., Any] = stream.select
    picture: VideoStream = chosen(expr="isnan(prev_selected_pts)+gt(pts,prev_selected_pts)").video(0)
    if section.start > 0:
        picture = picture.trim(start="0")
    if _ends(footage, section):
        picture = picture.trim(end=f"{section.seconds - TOLERANCE + shift:.6f}")
    picture = picture.setparams(
        range="full" if colours.full else "limited",
        color_primaries=colours.primaries,
        color_trc=colours.transfer,
        colorspace=colours.matrix,
    )
    # Else the clip would be turned once more by its player.
    picture = picture.sidedata(mode="delete", type="DISPLAYMATRIX")
    if footage.interlaced:
        picture = picture.yadif(deint="interlaced")
    picture = _scaled(_upright(picture, footage.geometry), colours, size)
    return picture.setsar(sar=1).format(pix_fmts="yuv420p").ass(filename="captions.ass", fontsdir="fonts")


def _upright(picture: VideoStream, geometry: Geometry) -> VideoStream:
    """What is shown of a frame, turned."""
    left, right, top, bottom = geometry.crop
    if any(geometry.crop):
        picture = picture.crop(
            out_w=f"iw-{left + right}", out_h=f"ih-{top + bottom}", x=str(left), y=str(top), exact=True
        )
    match geometry.turn:
        case "":
            return picture
        case "hflip":
            return picture.hflip()
        case "vflip":
            return picture.vflip()
        case "half":
            return picture.hflip().vflip()
        case turn:
            return picture.transpose(dir=turn)


def _scaled(picture: VideoStream, colours: Colours, size: tuple[int, int]) -> VideoStream:
    """A picture of this size, in BT.709 and SDR but for its matrix, which stays: each conversion costs."""
    width, height = size
    if not colours.hdr and not colours.wide:
        matrix = {"out_color_matrix": "bt709"} if colours.matrix == "gbr" else {}
        return picture.scale(w=width, h=height, flags="bicubic", out_range="tv", extra_options=matrix)
    # Screens show SDR by a curve that is sRGB's rather than the inverse of a camera's.
    curve = {} if colours.hdr else {"transferin": "iec61966-2-1"}
    picture = picture.zscale(w=width, h=height, transfer="linear", extra_options={"npl": 203, **curve})
    picture = picture.format(pix_fmts="gbrpf32le").zscale(primaries="bt709")
    if colours.hdr:
        picture = picture.tonemap(tonemap="reinhard", desat=0, peak=1_000 / 203)
    picture = picture.zscale(transfer="iec61966-2-1", matrix="bt709", out_range="tv")
    return picture.setparams(color_trc="bt709")


def _ends(footage: Footage, section: Section) -> bool:
    """Whether the section ends before the video does."""
    return section.end < footage.seconds - TOLERANCE
