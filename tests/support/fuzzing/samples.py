"""Whole files that are damaged: small pictures and videos of each kind, made by code and of a public portrait."""

from __future__ import annotations

import struct
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from tests.support.films import ffmpeg
from tests.support.picture_files import chunk, png_with, saved
from tests.support.portraits import public_portraits
from tests.support.videos import video_of

SIDE = 200
"""Pixels of the longer side of a sample. Its face has 45, which the detector finds."""

_TURNED = 0x0112


@cache
def portrait() -> Image.Image:
    """A small public portrait."""
    with Image.open(public_portraits() / "obama.jpg") as photo:
        photo.thumbnail((SIDE, SIDE))
        return photo.convert("RGB")


@cache
def pictures() -> list[bytes]:
    """Pictures of each accepted kind: still, animated, turned, deep, transparent, progressive."""
    photo = portrait()
    small, grey = photo.resize((64, 80)), photo.convert("L")
    exif = Image.Exif()
    exif[_TURNED] = 6
    layered = photo.convert("RGBA")
    layered.putalpha(grey)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    return [
        saved(photo, "JPEG", quality=90),
        saved(photo, "JPEG", quality=80, progressive=True, exif=exif),
        saved(small.convert("CMYK"), "JPEG"),
        saved(grey, "JPEG", restart_marker_rows=1),
        saved(small, "MPO", **_more_frames(small)),
        saved(photo, "PNG"),
        saved(small.quantize(50), "PNG", transparency=3),
        saved(deep, "PNG"),
        png_with(saved(layered, "PNG"), chunk(b"eXIf", exif.tobytes()), chunk(b"zTXt", b"Comment\0\0x")),
        saved(small, "PNG", **_more_frames(small)),
        saved(photo, "GIF"),
        saved(small, "GIF", **_more_frames(small)),
        saved(photo, "WEBP", quality=80, exif=exif),
        saved(layered.resize((64, 80)), "WEBP", lossless=True),
        saved(small, "WEBP", **_more_frames(small)),
        saved(photo, "BMP"),
        _run_length_bmp(),
        saved(photo, "TIFF"),
        saved(small, "TIFF", compression="tiff_lzw"),
        saved(small, "TIFF", compression="tiff_adobe_deflate"),
        saved(small.copy(), "TIFF", **_more_frames(small)),
        saved(small, "TIFF", compression="jpeg"),
        saved(grey, "TIFF", compression="packbits", big_tiff=True),
        saved(photo, "AVIF", quality=70),
        saved(small, "AVIF", **_more_frames(small)),
        saved(photo, "HEIF", quality=70),
        saved(layered.resize((64, 80)), "HEIF", quality=70),
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"%PDF-1.7\n",
        b"GIF89a",
        b"",
    ]


def _more_frames(image: Image.Image) -> dict[str, object]:
    """Options that save two more frames. They are new, since Pillow leaves options of one format in a picture."""
    return {"save_all": True, "append_images": [Image.new("RGB", image.size, colour) for colour in ("red", "blue")]}


def _run_length_bmp() -> bytes:
    """A BMP of eight bits that is packed by run lengths."""
    rows = b"".join(bytes([40, at % 256, 24, 7, 0, 0]) for at in range(80)) + b"\0\1"
    table = bytes(value for at in range(256) for value in (at, at, at, 0))
    header = struct.pack("<IiiHHIIiiII", 40, 64, 80, 1, 8, 1, len(rows), 0, 0, 256, 0)
    start = 14 + len(header) + len(table)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + table + rows


@cache
def videos() -> list[bytes]:
    """Videos of each accepted container and some others: with a face, with sound, joined, fragmented."""
    with TemporaryDirectory() as folder:
        return _videos(Path(folder))


def _videos(folder: Path) -> list[bytes]:
    photo = folder / "photo.png"
    portrait().save(photo)
    faces = video_of([photo], folder / "faces.mp4", seconds=0.6)
    copied = ("-i", faces, "-c", "copy")
    made: list[Path] = [faces]
    for name, options in (
        ("faces.mkv", ()),
        ("faces.ts", ()),
        ("fragments.mp4", ("-movflags", "frag_keyframe+empty_moov", "-frag_duration", "100000")),
        ("turned.mov", ("-movflags", "faststart", "-metadata:s:v:0", "rotate=90")),
    ):
        ffmpeg(*copied, *options, folder / name)
        made.append(folder / name)
    scaled = ("-i", faces, "-vf", "scale=96:64", "-t", "0.4")
    for name, options in (
        ("small.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")),
        ("small.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-an")),
        ("small.mov", ("-c:v", "mjpeg", "-c:a", "pcm_s16le")),
        ("small.ts", ("-c:v", "mpeg2video", "-c:a", "mp2")),
        ("small.mkv", ("-c:v", "mpeg4", "-c:a", "flac")),
        ("small.mp4", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-an")),
        ("small.gif", ()),
        ("small.avi", ("-c:v", "mpeg4", "-an")),
    ):
        path = folder / f"{len(made)}-{name}"
        ffmpeg(*scaled, *options, path)
        made.append(path)
    files = [path.read_bytes() for path in made]
    return [*files, files[0] * 2, files[1] * 2, files[2] * 2, files[2] + files[8], b"#EXTM3U\nfile:///etc/passwd\n"]


def small_jpeg() -> bytes:
    """The portrait as a JPEG."""
    return pictures()[0]


def as_bytes(image: Image.Image) -> bytes:
    """The picture as a PNG."""
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
