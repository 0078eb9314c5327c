"""Recordings that differ in geometry or colours are shown alike once they are joined, on the looking and the drawing side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.domain.enums import CaptionStyle
from bot.media.clips import drawing
from bot.media.clips.captions import caption_script
from bot.media.clips.drawing import ClipLimits, ProgressFiles
from bot.media.probing import probe
from bot.media.videos.footage import Footage, VideoLimits
from bot.media.videos.frames import frames
from tests.bot.media.videos.test_colours import PATCHES, colours, tagged
from tests.support.face_tracks import cast_of, face_tracks_of
from tests.support.films import CORNERS, WHOLE, corners, ffmpeg, pictures, quarters, with_aperture

LIMITS = VideoLimits(10**8)


def joined(path: Path, *parts: Path) -> Footage:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return probe(path, LIMITS)


def shown(footage: Footage) -> list[NDArray[np.uint8]]:
    """The frames as they are looked at, once those that are drawn have proved to be the same."""
    seen = [frame.picture() for frame in frames(footage, WHOLE)]
    out = footage.path.with_name("drawn.mp4")
    text = caption_script(face_tracks_of([], footage.size, []), cast_of([]), CaptionStyle.NAMES)
    watch = ProgressFiles(out.with_suffix(".progress"), out.with_suffix(".stop"))
    drawing.draw(footage, WHOLE, text, ClipLimits(10**7, 1080), out, watch)
    drawn = pictures(out)
    assert len(drawn) == len(seen)
    for one, other in zip(drawn, seen, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 6
    return seen


def turned(path: Path, degrees: str) -> Path:
    """The corners, coded lying and turned upright by the container."""
    lying = corners(path.with_stem("lying"), size="48x80")
    ffmpeg("-display_rotation", degrees, "-i", lying, "-c", "copy", path)
    return path


def test_a_turned_recording_behind_one_that_is_not(tmp_path: Path) -> None:
    plain = corners(tmp_path / "plain.mp4")
    for degrees in ("90", "180"):
        other = turned(tmp_path / "turned.mp4", degrees)
        expected = quarters(pictures(other)[0])
        footage = joined(tmp_path / f"film{degrees}.mp4", plain, other, plain)
        assert footage.size == (160, 96)
        seen = shown(footage)
        assert len(seen) == 12
        assert quarters(seen[0]) == quarters(seen[-1]) == list(CORNERS)
        inner = seen[6]
        if degrees == "180":
            # Held upright: whole, between bars.
            assert inner[48, 8].max() < 24
            inner = inner[:, 51:109]
        assert quarters(inner) == expected


def test_a_plain_recording_behind_one_that_is_turned(tmp_path: Path) -> None:
    first = turned(tmp_path / "turned.mp4", "90")
    seen = shown(joined(tmp_path / "film.mp4", first, corners(tmp_path / "plain.mp4")))
    assert quarters(seen[0]) == quarters(pictures(first)[0])
    assert quarters(seen[-1]) == list(CORNERS)


def test_a_cropped_recording_behind_one_that_is_not(tmp_path: Path) -> None:
    plain = corners(tmp_path / "plain.mp4")
    cropped = with_aperture(corners(tmp_path / "cropped.mp4"), 80, 48, -40, -24)
    seen = shown(joined(tmp_path / "film.mp4", plain, cropped))
    assert quarters(seen[0]) == list(CORNERS)
    assert set(quarters(seen[-1])) == {"red"}


@pytest.mark.parametrize("order", [1, -1])
def test_recordings_with_other_colours(tmp_path: Path, order: int) -> None:
    parts = [
        tagged(tmp_path / "bt709.mp4", 1, 1, 1, pixels="bt709"),
        tagged(tmp_path / "bt601.mp4", 6, 6, 6, pixels="bt601"),
    ]
    seen = shown(joined(tmp_path / "film.mp4", *parts[::order]))
    for picture in (seen[0], seen[-1]):
        assert np.abs(colours(picture) - PATCHES).max() <= 6
