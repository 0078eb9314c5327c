"""Colours are drawn as they were seen, whatever the tags of a file say, leave out or make up."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet
from numpy.typing import NDArray

from bot.domain.enums import CaptionStyle
from bot.media.clips import drawing
from bot.media.clips.captions import caption_script
from bot.media.clips.drawing import ClipLimits, ProgressFiles
from bot.media.probing import probe
from bot.media.videos.footage import VideoLimits, VideoSection
from tests.support.face_tracks import cast_of, face_tracks_of
from tests.support.films import ffmpeg, pictures

pytestmark = pytest.mark.slow

PATCHES = ((200, 40, 40), (40, 160, 40), (50, 60, 200), (200, 180, 60), (220, 170, 140), (128, 128, 128))
"""Colours in a row, a face's among them: red and green tell one matrix from another."""

TAGS = "colour_primaries={}:transfer_characteristics={}:matrix_coefficients={}"


def patched(path: Path, *options: str, matrix: str = "bt601", size: str = "192x64", pixels: str = "yuv420p") -> Path:
    """A film of the patches, its pixels by `matrix`; what it says of them is in `options`."""
    width, height = map(int, size.split("x"))
    each = f"{width // len(PATCHES)}x{height}"
    sources = [
        part
        for red, green, blue in PATCHES
        for part in ("-f", "lavfi", "-i", f"color=0x{red:02x}{green:02x}{blue:02x}:s={each}:r=10:d=0.2,format=gbrp")
    ]
    row = "".join(f"[{number}]" for number in range(len(PATCHES)))
    into = f"scale=out_color_matrix={matrix}" if matrix != "gbr" else "null"
    joined = f"{row}hstack={len(PATCHES)},{into},format={pixels}"
    ffmpeg(*sources, "-filter_complex", joined, "-c:v", "libx264", "-qp", "8", "-preset", "ultrafast", *options, path)
    return path


def tagged(path: Path, primaries: int, transfer: int, matrix: int, *, pixels: str, size: str = "192x64") -> Path:
    """The patches with these numbers of ITU-T H.273 in their stream."""
    bare = patched(path.with_name("bare.mp4"), matrix=pixels, size=size)
    numbers = TAGS.format(primaries, transfer, matrix)
    ffmpeg("-i", bare, "-c", "copy", "-bsf:v", f"h264_metadata={numbers}", path.with_name("bare.ts"))
    # MP4 would keep its own tags beside those of the stream.
    ffmpeg("-i", path.with_name("bare.ts"), "-c", "copy", path)
    return path


def colours(picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The colour in the middle of each patch: (6, 3)."""
    step = picture.shape[1] / len(PATCHES)
    middles = [round((number + 0.5) * step) for number in range(len(PATCHES))]
    return picture[picture.shape[0] // 2, middles].astype(int)


def seen_and_drawn(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    footage = probe(path, VideoLimits(10**8))
    out, watch = path.with_name("drawn.mp4"), ProgressFiles(path.with_name("progress"), path.with_name("stop"))
    text = caption_script(face_tracks_of([], footage.size, []), cast_of([]), CaptionStyle.NAMES)
    drawing.draw(footage, VideoSection(0, 9), text, ClipLimits(10**7, 1080), out, watch)
    return colours(pictures(path)[0]), colours(pictures(out)[0])


HONEST = {
    "small and untagged": (2, 2, 2, "bt601", "192x64"),
    "large and untagged": (2, 2, 2, "bt709", "1278x720"),
    "NTSC": (6, 6, 6, "smpte170m", "192x64"),
    "PAL": (5, 6, 5, "bt470", "1278x720"),
    "BT.709 in small": (1, 1, 1, "bt709", "192x64"),
    "sRGB's curve": (1, 13, 1, "bt709", "192x64"),
    "SMPTE 240M": (7, 7, 7, "smpte240m", "192x64"),
    "FCC": (4, 4, 4, "fcc", "192x64"),
    "matrix alone": (2, 2, 1, "bt709", "192x64"),
    "reserved numbers": (3, 3, 3, "bt601", "192x64"),
    "primaries that are no more": (0, 0, 2, "bt601", "192x64"),
    "numbers of tomorrow": (200, 200, 200, "bt601", "192x64"),
    "BT.2020's curve alone": (1, 14, 1, "bt709", "192x64"),
}
"""Tags that are true, or say nothing: (primaries, transfer, matrix), and what the pixels are."""


def mostly_thorough(names: Collection[str], everyday: Collection[str]) -> list[ParameterSet]:
    """All names; but for the everyday ones they are tried among the thorough tests."""
    return [pytest.param(name, marks=() if name in everyday else pytest.mark.thorough) for name in names]


@pytest.mark.parametrize("name", mostly_thorough(HONEST, ("large and untagged", "PAL", "reserved numbers")))
def test_colours_are_seen_and_drawn_as_they_were_meant(tmp_path: Path, name: str) -> None:
    *tags, pixels, size = HONEST[name]
    seen, drawn = seen_and_drawn(tagged(tmp_path / "film.mp4", *tags, pixels=pixels, size=size))
    assert np.abs(seen - PATCHES).max() <= 5
    assert np.abs(drawn - PATCHES).max() <= 6


RARE = {
    "HLG without primaries": (2, 18, 2),
    "HLG without a matrix": (9, 18, 2),
    "HLG in BT.709's primaries": (1, 18, 1),
    "PQ without primaries": (2, 16, 9),
    "PQ and reserved numbers": (3, 16, 3),
    "BT.2020 in SDR": (9, 14, 9),
    "BT.2020 of constant luminance": (9, 14, 10),
    "BT.2020's primaries alone": (9, 2, 2),
    "Display P3": (12, 1, 1),
    "DCI P3": (11, 17, 1),
    "YCgCo": (1, 1, 8),
    "ICtCp": (9, 16, 14),
    "RGB that is none": (1, 13, 0),
    "linear light": (1, 8, 1),
}
"""Tags that are incomplete or hardly ever seen."""


@pytest.mark.parametrize(
    "name", mostly_thorough(RARE, ("HLG without primaries", "PQ and reserved numbers", "Display P3", "YCgCo"))
)
def test_rare_colours_are_drawn_as_they_were_seen(tmp_path: Path, name: str) -> None:
    seen, drawn = seen_and_drawn(tagged(tmp_path / "film.mp4", *RARE[name], pixels="bt709"))
    assert np.abs(drawn - seen).max() <= 10


def test_the_full_range_is_seen_and_drawn(tmp_path: Path) -> None:
    path = patched(tmp_path / "film.mp4", "-color_range", "pc", matrix="bt601:out_range=pc")
    seen, drawn = seen_and_drawn(path)
    assert np.abs(seen - PATCHES).max() <= 5
    assert np.abs(drawn - PATCHES).max() <= 6


@pytest.mark.parametrize(("pixels", "codec"), [("gbrp", "libx264rgb"), ("yuvj420p", "mjpeg"), ("yuv444p", "libx264")])
def test_pixels_of_other_kinds_keep_their_colours(tmp_path: Path, pixels: str, codec: str) -> None:
    if codec == "libx264rgb":
        path = patched(tmp_path / "a.mp4", "-c:v", codec, matrix="gbr", pixels="rgb24")
    else:
        ranged = "bt601:out_range=pc" if codec == "mjpeg" else "bt601"
        path = patched(tmp_path / "a.mov", "-c:v", codec, "-q:v", "2", matrix=ranged, pixels=pixels)
    seen, drawn = seen_and_drawn(path)
    assert np.abs(seen - PATCHES).max() <= 6
    assert np.abs(drawn - PATCHES).max() <= 7
