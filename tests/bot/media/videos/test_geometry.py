"""What is drawn lies where it was seen, whatever a container says of cropping, turning and the shape of pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.domain.enums import CaptionStyle
from bot.media.clips import drawing
from bot.media.clips.captions import caption_script
from bot.media.clips.drawing import ClipLimits, ProgressFiles
from bot.media.probing import probe
from bot.media.videos.footage import VideoLimits, VideoSection
from tests.support.face_tracks import cast_of, face_tracks_of, guess, track
from tests.support.films import ffmpeg, pictures, with_aperture

pytestmark = pytest.mark.slow

BOX = ",".join(
    (
        "color=gray:s=320x180:r=10:d=0.3",
        "drawbox=x=40:y=30:w=80:h=60:color=white:t=fill",
        "drawbox=x=40:y=30:w=20:h=20:color=black:t=fill",
    )
)
"""A white box in a grey frame, above and left of the middle, with a black corner that shows how it is turned."""


def boxed(path: Path, *options: str, before: tuple[str, ...] = (), aspect: str = "1/1") -> Path:
    """The film of `BOX` with pixels of this aspect, copied once more, which lets `options` change what containers say."""
    plain = path.with_name("plain.ts")
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        f"{BOX},setsar={aspect}",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        "-crf",
        "10",
        "-preset",
        "ultrafast",
        plain,
    )
    ffmpeg(*before, "-i", plain, "-c", "copy", *options, path)
    return path


def clean(path: Path) -> Path:
    return with_aperture(boxed(path), 240, 136, -20, -10)


def clean_and_turned(path: Path) -> Path:
    return with_aperture(boxed(path, before=("-display_rotation", "90")), 240, 136, -20, -10)


def clean_and_flipped(path: Path) -> Path:
    return with_aperture(boxed(path, before=("-display_hflip",)), 240, 136, -20, -10)


def clean_at_odd_pixels(path: Path) -> Path:
    return with_aperture(boxed(path), 241, 137)


def in_matroska(path: Path) -> Path:
    source = clean(path.with_name("clean.mp4"))
    ffmpeg("-i", source, "-c", "copy", path.with_suffix(".mkv"))
    return path.with_suffix(".mkv")


def by_the_codec(path: Path) -> Path:
    return boxed(path, "-bsf:v", "h264_metadata=crop_left=10:crop_right=6:crop_top=2:crop_bottom=4")


def by_codec_and_container(path: Path) -> Path:
    ffmpeg("-i", by_the_codec(path.with_name("cropped.ts")), "-c", "copy", path)
    return with_aperture(path, 240, 136, -10, -4)


def oblong_pixels_turned(path: Path) -> Path:
    return boxed(path, before=("-display_rotation", "270"), aspect="4/3")


def oblong_pixels_clean(path: Path) -> Path:
    return with_aperture(boxed(path, aspect="3/4"), 240, 136, -20, -10)


def askew(path: Path) -> Path:
    return boxed(path, before=("-display_rotation", "80"))


KINDS: dict[Callable[[Path], Path], tuple[int, int]] = {
    clean: (240, 136),
    clean_and_turned: (136, 240),
    clean_and_flipped: (240, 136),
    clean_at_odd_pixels: (241, 137),
    in_matroska: (240, 136),
    by_the_codec: (304, 186),
    by_codec_and_container: (240, 136),
    oblong_pixels_turned: (180, 427),
    oblong_pixels_clean: (180, 136),
    askew: (180, 320),
}
"""Films, and how large they are shown."""


def white(picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Left, top, right and bottom of what is white."""
    rows, columns = (np.flatnonzero((picture.min(2) > 200).any(axis)) for axis in (1, 0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


def black(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The middle of the black corner."""
    rows, columns = np.nonzero(picture.max(2) < 16)
    return np.array([columns.mean(), rows.mean()])


EVERYDAY = {clean_and_turned, in_matroska, by_codec_and_container, oblong_pixels_turned}
"""Of `KINDS`, those that are always tried; the others are among the thorough tests."""


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=() if kind in EVERYDAY else pytest.mark.thorough, id=kind.__name__.replace("_", " "))
        for kind in KINDS
    ],
)
def test_what_is_drawn_lies_where_it_was_seen(tmp_path: Path, kind: Callable[[Path], Path]) -> None:
    path = kind(tmp_path / "film.mp4")
    footage = probe(path, VideoLimits(10**8))
    seen = pictures(path)
    assert footage.size == seen[0].shape[1::-1] == KINDS[kind]
    box = white(seen[0])
    face_tracks = face_tracks_of([number / 10 for number in range(3)], footage.size, [track(0, [box.tolist()] * 3)])
    text = caption_script(face_tracks, cast_of([guess("Momo")]), CaptionStyle.BOXES)
    out, watch = tmp_path / "drawn.mp4", ProgressFiles(tmp_path / "progress", tmp_path / "stop")
    drawing.draw(footage, VideoSection(0, 9), text, ClipLimits(10**7, 1080), out, watch)
    drawn = pictures(out)
    assert len(drawn) == len(seen)
    sides = np.array(drawn[0].shape[1::-1]) / footage.size
    assert np.allclose(black(drawn[0]), black(seen[0]) * sides, atol=1.5)
    left, top, right, bottom = (box * np.tile(sides, 2)).round().astype(int)
    coloured = np.ptp(drawn[0].astype(int), 2) > 60
    along, beside = slice(left, right), slice(top, bottom)
    for edge in (top, bottom):
        assert coloured[max(edge - 4, 0) : edge + 4, along].any(0).mean() > 0.8
    for edge in (left, right):
        assert coloured[beside, max(edge - 4, 0) : edge + 4].any(1).mean() > 0.8
    # The line stands at the edges, and nowhere within.
    assert not coloured[top + 6 : bottom - 6, left + 6 : right - 6].any()
