"""A full disk is no broken video: what writes a video raises the system's error."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from bot.domain.enums import CaptionStyle
from bot.media.clips import drawing
from bot.media.clips.captions import caption_script
from bot.media.clips.drawing import ClipLimits, ProgressFiles
from bot.media.probing import probe
from bot.media.videos.footage import VideoLimits
from bot.media.videos.timestamp_repair import repair_timestamps
from tests.support.disks import filled, small_disk
from tests.support.face_tracks import cast_of, face_tracks_of
from tests.support.films import WHOLE, corners, moving

LIMITS = VideoLimits(10**8)


def test_a_clip_that_does_not_fit_on_the_disk(tmp_path: Path) -> None:
    film = moving(tmp_path / "film.mp4", seconds=1, size="640x360")
    footage = probe(film, LIMITS)
    captions = caption_script(face_tracks_of([], footage.size, []), cast_of([]), CaptionStyle.NAMES)
    with small_disk(tmp_path / "disk", 1) as disk:
        watch = ProgressFiles(tmp_path / "progress", tmp_path / "stop")
        with filled(disk, but=100_000), pytest.raises(OSError, match="No space left on device") as raised:
            drawing.draw(footage, WHOLE, captions, ClipLimits(10**7, 1080), disk / "clip.mp4", watch)
        assert raised.value.errno == errno.ENOSPC
        assert [path.name for path in disk.iterdir() if path.is_dir()] == []


def test_recordings_that_can_not_be_joined_for_want_of_room(tmp_path: Path) -> None:
    one, other = corners(tmp_path / "one.mp4"), moving(tmp_path / "other.mp4", seconds=3.0)
    both = one.read_bytes() + other.read_bytes()
    with small_disk(tmp_path / "disk", 1) as disk:
        film = disk / "film.mp4"
        film.write_bytes(both)
        with filled(disk, but=len(both) + 8192), pytest.raises(OSError, match="No space left on device") as raised:
            probe(film, LIMITS)
        assert raised.value.errno == errno.ENOSPC
        assert [path for path in disk.iterdir() if path.name != ".filler"] == [film]


def test_a_copy_with_other_times_that_does_not_fit_on_the_disk(tmp_path: Path) -> None:
    film = moving(tmp_path / "film.mp4")
    with small_disk(tmp_path / "disk", 1) as disk:
        copy = disk / "film.mp4"
        copy.write_bytes(film.read_bytes())
        footage = probe(copy, LIMITS)
        with filled(disk, but=20_000), pytest.raises(OSError, match="No space left on device") as raised:
            repair_timestamps(footage, [{}])
        assert raised.value.errno == errno.ENOSPC
        assert type(raised.value) is OSError
        assert [path for path in disk.iterdir() if path.name != ".filler"] == [copy]
