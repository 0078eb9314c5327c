"""Footage that can't be read is counted: recordings of a joined file, their sound, and pictures that can't be decoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.clips import NOTHING_MISSING, MissingFootage
from bot.media.probing import probe
from bot.media.videos.footage import Footage, VideoLimits, VideoSection
from bot.media.videos.frames import frames
from bot.media.videos.pauses import undecoded_seconds
from tests.support.films import WHOLE, ffmpeg, moving

pytestmark = pytest.mark.slow

LIMITS = VideoLimits(10**8)
UNREAD_SOUND = ("-c:a", "truehd", "-strict", "-2", "-b:a", "1M")


def joined(path: Path, *parts: Path) -> Footage:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return probe(path, LIMITS)


def film(path: Path, *options: str, seconds: float = 1.0) -> Path:
    return moving(path, "-c:v", "libx264", *options, seconds=seconds)


def damaged(path: Path, *options: str) -> Path:
    """A film of five seconds; nothing from the second to the third of them can be decoded."""
    whole = film(path.with_stem("whole"), "-g", "10", *options, seconds=5)
    ffmpeg("-i", whole, "-c", "copy", "-bsf:v", r"noise=amount=if(between(pts*tb\,1\,2.9)\,1\,0)", path)
    return path


def undecoded(footage: Footage, section: VideoSection = WHOLE) -> float:
    return undecoded_seconds([frame.time for frame in frames(footage, section)], footage, section)


@pytest.mark.parametrize("options", [("-c:v", "jpeg2000"), ("-vn",), ("-bsf:v", "noise=amount=1")])
def test_a_recording_that_cannot_be_read_is_counted(tmp_path: Path, options: tuple[str, ...]) -> None:
    whole, unread = film(tmp_path / "a.mp4"), moving(tmp_path / "b.mp4", *options, seconds=1)
    footage = joined(tmp_path / "film.mp4", whole, unread, whole, unread, whole)
    assert footage.missing == MissingFootage(5, unread=(2, 4))
    assert footage.seconds == pytest.approx(3, abs=0.2)
    assert len(list(frames(footage, WHOLE))) == 90
    # A second reading of the same file counts the same.
    assert probe(tmp_path / "film.mp4", LIMITS) == footage


def test_nothing_is_missing_from_a_file_that_can_be_read(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4")
    assert probe(whole, LIMITS).missing == NOTHING_MISSING
    footage = joined(tmp_path / "film.mp4", whole, moving(tmp_path / "b.mp4", "-c:v", "mpeg4", seconds=1), whole)
    assert footage.missing == MissingFootage(3)
    assert undecoded(footage) == 0


def test_sound_of_a_recording_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    whole, unheard = film(tmp_path / "a.mp4"), film(tmp_path / "b.mp4", *UNREAD_SOUND)
    silent = film(tmp_path / "c.mp4", "-an")
    footage = joined(tmp_path / "film.mp4", whole, unheard, silent, whole)
    assert (footage.missing, footage.unheard) == (MissingFootage(4, silent=(2,)), None)
    footage = joined(tmp_path / "film.mp4", unheard, silent)
    assert (footage.missing, footage.unheard, footage.sound) == (MissingFootage(2), "truehd", None)


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_pictures_that_cannot_be_decoded_are_counted(tmp_path: Path, name: str) -> None:
    footage = probe(damaged(tmp_path / name), LIMITS)
    assert undecoded(footage) == pytest.approx(2, abs=0.3)
    assert undecoded(footage, VideoSection(1.5, 4)) == pytest.approx(1.5, abs=0.3)
    assert undecoded(footage, VideoSection(0, 2.5)) == pytest.approx(1.5, abs=0.3)
    assert undecoded(footage, VideoSection(3.5, 5)) == 0
    assert undecoded(probe(film(tmp_path / name, seconds=5), LIMITS)) == 0


def test_pictures_that_cannot_be_decoded_to_be_joined_are_counted(tmp_path: Path) -> None:
    other = damaged(tmp_path / "b.mp4", "-c:v", "mpeg2video")
    footage = joined(tmp_path / "film.mp4", film(tmp_path / "a.mp4"), other)
    assert footage.missing.seconds == pytest.approx(2, abs=0.3)
    assert undecoded(footage) == 0


@pytest.mark.parametrize("name", ["still.mp4", "still.mkv"])
@pytest.mark.parametrize("rate", ["1", "1/3", "1.9"])
def test_slides_miss_nothing(tmp_path: Path, name: str, rate: str) -> None:
    slides = moving(tmp_path / name, "-c:v", "libx264", "-bf", "2", seconds=9, rate=rate)
    footage = probe(slides, LIMITS)
    assert undecoded(footage) == 0
    assert undecoded(footage, VideoSection(1.3, 7.1)) == 0
    other = moving(tmp_path / f"other-{name}", "-c:v", "mpeg4", seconds=1)
    assert joined(tmp_path / f"joined-{name}", other, slides).missing.seconds == 0


def test_a_damaged_recording_that_cannot_be_copied_is_encoded(tmp_path: Path) -> None:
    footage = joined(tmp_path / "film.mp4", film(tmp_path / "a.mp4"), damaged(tmp_path / "b.mp4"))
    assert footage.missing.seconds == pytest.approx(2, abs=0.3)
    assert footage.seconds == pytest.approx(6, abs=0.2)
