"""The ffmpeg commands that draw a clip or its frames: input, filters and encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.media.videos.footage import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from ffmpeg import VideoStream

    from bot.media.videos.footage import Colours, Footage, Geometry, VideoSection

CRF: Final = 23
PRESET: Final = "veryfast"
SOUND_RATE: Final = 128_000
"""Bits a second of sound that is encoded anew."""
# Seconds of the greatest rate in the coded picture buffer; a clip may be larger than rate × length by so much.
BUFFER: Final = 2.0
# AAC needs one packet before the section to begin cleanly; the edit list hides it.
_PREROLL: Final = 0.03
# Seeking in a transport stream goes by decoding times, which are at most so many seconds before the shown times.
_DELAY: Final = 1.0
_CLEAN: Final = {"map_metadata": -1, "map_chapters": -1}


def encoding_options(rate: float) -> dict[str, str | int]:
    """ffmpeg's options for a clip's pictures: H.264 of constant quality, up to `rate` bits a second."""
    return {
        "c:v": "libx264",
        "preset": PRESET,
        "crf": CRF,
        "maxrate:v": round(rate),
        "bufsize:v": round(rate * BUFFER),
        "profile:v": "high",
        "pix_fmt": "yuv420p",
    }


def clip_command(footage: Footage, section: VideoSection, size: tuple[int, int], rate: float) -> list[str]:
    """The command that writes the section as `out.mp4`. `size`: (width, height) in pixels; `rate`: bits a second at most."""
    import ffmpeg

    opened, shift = _input(footage, section)
    picture = _picture(opened.video_stream(footage.number), footage, section, size, shift)
    tracks: list[Any] = [picture]
    options: dict[str, Any] = {
        **encoding_options(rate),
        "fps_mode": "passthrough",
        "enc_time_base:v": "demux",
        "movie_timescale": 90_000,
        "movflags": "+faststart",
        **_CLEAN,
    }
    if footage.sound:
        sound = opened.audio_stream(footage.sound.number)
        if footage.sound.copied:
            options |= {"c:a": "copy", "copypriorss:a": 1, "bsf:a": f"noise=drop=lt(pts*tb\\,-{_PREROLL})"}
        else:
            # Not with the pictures' filters: those can't be set up anew when the sound's rate or channels change.
            options |= {"c:a": "aac", "b:a": SOUND_RATE, "ac": 2, "filter:a": "atrim=start=0"}
        tracks.append(sound)
        if _ends(footage, section):
            options["t"] = f"{section.seconds:.6f}"
    written = ffmpeg.output(*tracks, filename="out.mp4", f="mp4", extra_options=options)
    return output_arguments(written)


def frames_command(footage: Footage, section: VideoSection) -> list[str]:
    """The command that writes the frames of the section as `000001.jpg` and on, in full size."""
    import ffmpeg

    opened, shift = _input(footage, section)
    picture = _picture(opened.video_stream(footage.number), footage, section, footage.size, shift)
    options = {"c:v": "mjpeg", "q:v": 2, "fps_mode": "passthrough", "enc_time_base:v": "demux", **_CLEAN}
    picture = picture.scale(out_range="full").format(pix_fmts="yuvj420p")
    written = ffmpeg.output(picture, filename="%06d.jpg", f="image2", extra_options=options)
    return output_arguments(written)


def output_arguments(written: Any) -> list[str]:
    """The arguments for ffmpeg to write an output, with the limits and reports that all runs share."""
    import imageio_ffmpeg

    command: list[str] = written.compile(cmd=imageio_ffmpeg.get_ffmpeg_exe(), overwrite_output=True)
    shared = ["-nostdin", "-hide_banner", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.5"]
    # Damaged sound is decoded as far as possible, and ffmpeg changes no time stamps.
    return [command[0], *shared, "-max_error_rate", "1", "-copyts", *command[1:]]


def _input(footage: Footage, section: VideoSection) -> tuple[Any, float]:
    """The source as an input, and the seconds by which its clock is ahead of the section's.

    The clock begins a little before the section, so that rounding loses no frame. Seeking goes to the keyframe before the
    section; ffmpeg's own seeking in a transport stream may find none until the section ends.
    """
    import ffmpeg

    from bot.media.videos.containers import input_options

    shift = TOLERANCE if section.start > TOLERANCE else 0.0
    where: dict[str, Any] = {"itsoffset": f"{-(footage.beginning + section.start - shift):.6f}"}
    before = [key for key in footage.keyframes if key <= section.start]
    if len(before) > 1:
        sought = footage.beginning + before[-1] - (_DELAY if footage.format == "mpegts" else 0.0)
        where |= {"seek_timestamp": 1, "noaccurate_seek": True, "ss": f"{sought:.6f}"}
    options = {
        **input_options(footage.format),
        "threads": 2,
        # Filters below do the container's cropping and turning, as read by `bot.media.videos.geometry`.
        "noautorotate": True,
        "apply_cropping": "codec",
        **where,
    }
    return ffmpeg.input(f"file:{footage.path.absolute()}", f=footage.format, extra_options=options), shift


def _picture(
    stream: VideoStream, footage: Footage, section: VideoSection, size: tuple[int, int], shift: float
) -> VideoStream:
    """The filters: trimmed, as shown (`as_shown`), and with the captions."""
    # x264 takes no frame at the time of the one before; `bot.media.videos.frames.frames` skips it too.
    chosen: Callable[..., Any] = stream.select
    picture: VideoStream = chosen(expr="isnan(prev_selected_pts)+gt(pts,prev_selected_pts)").video(0)
    if section.start > 0:
        picture = picture.trim(start="0")
    if _ends(footage, section):
        picture = picture.trim(end=f"{section.seconds - TOLERANCE + shift:.6f}")
    return as_shown(picture, footage, size).ass(filename="captions.ass", fontsdir="fonts")


def as_shown(picture: VideoStream, footage: Footage, size: tuple[int, int]) -> VideoStream:
    """The filters from decoded frames to upright SDR pictures of this size, (width, height) in square pixels."""
    colours = footage.colours
    picture = picture.setparams(
        range="full" if colours.full else "limited",
        color_primaries=colours.primaries,
        color_trc=colours.transfer,
        colorspace=colours.matrix,
    )
    # Otherwise players would turn the clip once more.
    picture = picture.sidedata(mode="delete", type="DISPLAYMATRIX")
    if footage.interlaced:
        picture = picture.yadif(deint="interlaced")
    picture = _scaled(_upright(picture, footage.geometry), colours, size)
    return picture.setsar(sar=1).format(pix_fmts="yuv420p")


def _upright(picture: VideoStream, geometry: Geometry) -> VideoStream:
    """The visible part of a frame, turned upright."""
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
    """The filters to a picture of this size in BT.709 and SDR. An SDR matrix stays, since each conversion costs."""
    width, height = size
    if not colours.hdr and not colours.wide:
        matrix = {"out_color_matrix": "bt709"} if colours.matrix == "gbr" else {}
        return picture.scale(w=width, h=height, flags="bicubic", out_range="tv", extra_options=matrix)
    # Screens show SDR by sRGB's curve, not by the inverse of a camera's.
    curve = {} if colours.hdr else {"transferin": "iec61966-2-1"}
    picture = picture.zscale(w=width, h=height, transfer="linear", extra_options={"npl": 203, **curve})
    picture = picture.format(pix_fmts="gbrpf32le").zscale(primaries="bt709")
    if colours.hdr:
        picture = picture.tonemap(tonemap="reinhard", desat=0, peak=1_000 / 203)
    picture = picture.zscale(transfer="iec61966-2-1", matrix="bt709", out_range="tv")
    return picture.setparams(color_trc="bt709")


def _ends(footage: Footage, section: VideoSection) -> bool:
    """Whether the section ends before the video does."""
    return section.end < footage.seconds - TOLERANCE
