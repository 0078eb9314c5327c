"""nugu uses the film's main track; unplayable sound is re-encoded or reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.domain.enums import CaptionStyle
from bot.media.clips import drawing
from bot.media.clips.captions import caption_script
from bot.media.clips.drawing import ClipLimits, ProgressFiles
from bot.media.probing import probe
from bot.media.videos.footage import VideoLimits
from tests.support.face_tracks import cast_of, face_tracks_of
from tests.support.films import WHOLE, ffmpeg, frames_of, loudness_of, moving

LIMITS = VideoLimits(10**8)
LOW, HIGH = 300, 3000


def tone(path: Path, pitch: int, *options: str) -> Path:
    ffmpeg("-f", "lavfi", "-i", f"sine={pitch}:sample_rate=44100:d=1", *options, path)
    return path


def draw(path: Path) -> Path:
    footage, out = probe(path, LIMITS), path.with_name("drawn.mp4")
    text = caption_script(face_tracks_of([], footage.size, []), cast_of([]), CaptionStyle.NAMES)
    drawing.draw(
        footage, WHOLE, text, ClipLimits(10**7, 1080), out, ProgressFiles(path.with_name("p"), path.with_name("s"))
    )
    return out


def pitch(path: Path) -> float:
    """How often the loudest tone of a clip swings in a second, as far as its loudness shows it."""
    plain = path.with_suffix(".wav")
    ffmpeg("-i", path, "-ac", "1", "-ar", "16000", "-c:a", "pcm_s16le", plain)
    wave = np.frombuffer(plain.read_bytes()[-24_000:], np.int16)
    return float(np.abs(np.fft.rfft(wave)).argmax() * 16_000 / len(wave))


def test_pictures_that_last_go_before_a_larger_still(tmp_path: Path) -> None:
    film, cover = moving(tmp_path / "film.mp4", seconds=1), tmp_path / "cover.jpg"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=640x360", "-frames:v", "1", cover)
    for order in ((film, cover), (cover, film)):
        path = tmp_path / "both.mp4"
        ffmpeg(
            *(part for one in order for part in ("-i", one)),
            *("-map", "0:v", "-map", "1:v", "-c", "copy", "-disposition:v", "0"),
            path,
        )
        assert probe(path, LIMITS).size == (160, 90)
        assert len(list(frames_of(draw(path)))) == 30


def test_the_track_that_players_take_goes_before_the_first_and_the_larger(tmp_path: Path) -> None:
    large, small, path = (tmp_path / name for name in ("large.mp4", "small.mp4", "both.mkv"))
    moving(large, "-an", seconds=0.5, size="320x180")
    moving(small, "-an", seconds=0.5)
    both = ("-i", large, "-i", small, "-map", "0", "-map", "1", "-c", "copy")
    ffmpeg(*both, "-disposition:v:0", "0", "-disposition:v:1", "default", path)
    assert probe(path, LIMITS).size == (160, 90)
    ffmpeg(*both, "-disposition:v:0", "default", "-disposition:v:1", "default", path)
    assert probe(path, LIMITS).size == (320, 180)


def test_the_sound_that_players_take_is_heard(tmp_path: Path) -> None:
    film, path = moving(tmp_path / "film.mp4", "-an", seconds=1), tmp_path / "two.mkv"
    sounds = ("-i", film, "-i", tone(tmp_path / "high.m4a", HIGH), "-i", tone(tmp_path / "low.m4a", LOW))
    mapped = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-c", "copy")
    ffmpeg(*sounds, *mapped, "-disposition:a:0", "0", "-disposition:a:1", "default", path)
    assert pitch(draw(path)) == pytest.approx(LOW, abs=20)
    ffmpeg(*sounds, *mapped, "-disposition:a:0", "comment", "-disposition:a:1", "0", path)
    assert pitch(draw(path)) == pytest.approx(LOW, abs=20)


SOUNDS = {
    "a.mp4": ("-c:a", "libopus"),
    "aac.ts": ("-c:a", "aac"),
    "latm.ts": ("-c:a", "aac", "-mpegts_flags", "latm"),
    "pcm.mov": ("-c:a", "pcm_s24be", "-ac", "6"),
    "a.mkv": ("-c:a", "ac3"),
    "dts.mkv": ("-c:a", "dca", "-strict", "-2"),
    "main.mp4": ("-c:a", "aac", "-profile:a", "mpeg2_aac_low"),
    "vorbis.webm": ("-c:a", "libvorbis", "-c:v", "libvpx"),
}


@pytest.mark.parametrize(
    "name", [name if name == "latm.ts" else pytest.param(name, marks=pytest.mark.thorough) for name in SOUNDS]
)
def test_sound_of_every_kind_is_heard_as_aac(tmp_path: Path, name: str) -> None:
    codec = () if name.endswith("webm") else ("-c:v", "libx264")
    path = moving(tmp_path / name, *codec, *SOUNDS[name], seconds=1)
    out = draw(path)
    sound = probe(out, LIMITS).sound
    assert sound is not None
    assert (sound.codec, sound.copied) == ("aac", True)
    assert pitch(out) == pytest.approx(440, abs=20)
    assert loudness_of(out)[0][-1] == pytest.approx(1, abs=0.1)


def damaged(path: Path) -> Path:
    """The film, with nothing but noise where its sound was."""
    moving(path, "-c:v", "libx264", "-c:a", "ac3", "-bsf:a", "noise=amount=1", seconds=1)
    return path


def test_unreadable_sound_is_reported_and_the_pictures_are_drawn(tmp_path: Path) -> None:
    footage = probe(damaged(tmp_path / "film.mkv"), LIMITS)
    assert (footage.sound, footage.unheard) == (None, "ac3")
    assert len(list(frames_of(draw(tmp_path / "film.mkv")))) == 30


def test_sound_without_a_decoder_is_reported(tmp_path: Path) -> None:
    path = moving(tmp_path / "film.mkv", "-c:a", "wavpack", seconds=0.5)
    assert probe(path, LIMITS).unheard == "wavpack"


def test_a_second_track_is_heard_where_the_first_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    low = tone(tmp_path / "low.m4a", LOW)
    ffmpeg("-i", damaged(tmp_path / "film.mkv"), "-i", low, "-map", "0", "-map", "1", "-c", "copy", path)
    assert probe(path, LIMITS).unheard is None
    assert pitch(draw(path)) == pytest.approx(LOW, abs=20)
