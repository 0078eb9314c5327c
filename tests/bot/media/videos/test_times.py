"""Time stamps that start again, jump or run over: nothing is lost or stretched, and sound stays with its picture."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bot.domain.enums import CaptionStyle
from bot.media.clips import drawing
from bot.media.clips.captions import caption_script
from bot.media.clips.drawing import ClipLimits, ProgressFiles
from bot.media.probing import probe
from bot.media.videos.footage import Footage, VideoLimits, VideoSection
from bot.media.videos.frames import frames
from tests.support.face_tracks import cast_of, face_tracks_of
from tests.support.films import WHOLE, ffmpeg, frames_of, loudness_of, moving

SECONDS, RATE, FLASH = 1.2, 25, 0.6
FRAGMENTED = ("-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-g", "10")
LIMITS = VideoLimits(10**8)


def flash(path: Path, *options: str, sound: tuple[str, ...] = ()) -> Path:
    """A black film that is white from `FLASH` on for a fifth of a second, and loud as long."""
    at = f"enable='between(t,{FLASH},{FLASH + 0.19})'"
    picture = f"color=black:s=160x90:r={RATE}:d={SECONDS},drawbox=t=fill:color=white:{at}"
    tone = f"sine=880:sample_rate=44100:d={SECONDS},volume=0:enable='not(between(t,{FLASH},{FLASH + 0.2}))'"
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac")
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, *coded, *sound, *options, path)
    return path


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def twice(folder: Path) -> Path:
    part = flash(folder / "part.ts")
    return joined(folder / "film.ts", part, part)


def an_hour_later(folder: Path) -> Path:
    return joined(
        folder / "film.ts", flash(folder / "a.ts"), flash(folder / "b.ts", "-output_ts_offset", "3600"), folder / "a.ts"
    )


def an_hour_earlier(folder: Path) -> Path:
    return joined(folder / "film.ts", flash(folder / "a.ts", "-output_ts_offset", "3600"), flash(folder / "b.ts"))


def advertisement(folder: Path) -> Path:
    """Its sound has another rate and more channels, and its tracks other numbers."""
    part = flash(folder / "part.ts")
    other = flash(folder / "ad.ts", sound=("-ar", "48000", "-ac", "2"))
    return joined(folder / "film.ts", part, other, part)


def advertisement_in_ac3(folder: Path) -> Path:
    part = flash(folder / "part.ts", sound=("-c:a", "ac3"))
    return joined(folder / "film.ts", part, part)


def over_the_end_of_33_bits(folder: Path) -> Path:
    return flash(folder / "film.ts", "-output_ts_offset", "95442.2")


def joined_beyond_the_end_of_33_bits(folder: Path) -> Path:
    part = flash(folder / "part.ts", "-output_ts_offset", "95442.2")
    return joined(folder / "film.ts", part, part)


def another_program(folder: Path) -> Path:
    """The joined file has other tracks, another program, and tables elsewhere."""
    numbers = ("-mpegts_service_id", "7", "-mpegts_start_pid", "0x300", "-mpegts_pmt_start_pid", "0x200")
    return joined(folder / "film.ts", flash(folder / "a.ts"), flash(folder / "b.ts", *numbers))


def another_program_between(folder: Path) -> Path:
    """Where a piece has a joint of its own, too, and its sound another rate."""
    part, numbers = (
        flash(folder / "part.ts"),
        ("-mpegts_service_id", "7", "-streamid", "0:0x300", "-streamid", "1:0x301"),
    )
    other = flash(folder / "ad.ts", *numbers, sound=("-ar", "48000", "-ac", "2"))
    return joined(folder / "film.ts", part, part, other, other, part)


def sound_in_another_codec(folder: Path) -> Path:
    return joined(folder / "film.ts", flash(folder / "a.ts"), flash(folder / "b.ts", sound=("-c:a", "ac3")))


def silence_first(folder: Path) -> Path:
    """The first part has no track of sound, and what is joined has other numbers."""
    loud = flash(folder / "loud.ts", "-mpegts_start_pid", "0x300")
    ffmpeg("-i", loud, "-c", "copy", "-an", folder / "silent.ts")
    return joined(folder / "film.ts", folder / "silent.ts", loud)


def pictures_in_another_codec(folder: Path) -> Path:
    return joined(folder / "film.ts", flash(folder / "a.ts"), flash(folder / "b.ts", sound=("-c:v", "mpeg2video")))


def fragments_that_start_again(folder: Path) -> Path:
    part = flash(folder / "part.mp4", *FRAGMENTED)
    return joined(folder / "film.mp4", part, flash(folder / "other.mp4", *FRAGMENTED, sound=("-ar", "48000")), part)


def fragments_that_start_again_without_a_header(folder: Path) -> Path:
    part = flash(folder / "part.mp4", *FRAGMENTED)
    data = part.read_bytes()
    path = folder / "film.mp4"
    path.write_bytes(data + data[data.index(b"moof") - 4 :])
    return path


def whole_mp4s(folder: Path) -> Path:
    part = flash(folder / "part.mp4")
    return joined(folder / "film.mp4", part, part, flash(folder / "first.mp4", "-movflags", "+faststart"), part)


def matroska(folder: Path) -> Path:
    part = flash(folder / "part.mkv")
    return joined(folder / "film.mkv", part, part)


def matroska_in_another_codec(folder: Path) -> Path:
    vp9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus", "-ar", "48000")
    return joined(folder / "film.mkv", flash(folder / "a.mkv"), flash(folder / "b.webm", sound=vp9), folder / "a.mkv")


def short_matroska(folder: Path) -> Path:
    """Files of 0.8 seconds, in which it flashes once."""
    ffmpeg("-i", flash(folder / "part.mkv"), "-t", "0.8", "-c:v", "libx264", "-c:a", "aac", folder / "short.mkv")
    return joined(folder / "film.mkv", *[folder / "short.mkv"] * 3)


def below_zero(folder: Path) -> Path:
    """An MP4 that begins before its clock does: an edit list takes the first frames away."""
    flash(folder / "whole.mkv")
    ffmpeg(
        "-itsoffset", "-0.3", "-i", folder / "whole.mkv", "-c", "copy", "-avoid_negative_ts", "0", folder / "film.mp4"
    )
    return folder / "film.mp4"


KINDS: dict[Callable[[Path], Path], tuple[int, int]] = {
    twice: (2, 60),
    an_hour_later: (3, 90),
    an_hour_earlier: (2, 60),
    advertisement: (3, 90),
    advertisement_in_ac3: (2, 60),
    over_the_end_of_33_bits: (1, 30),
    joined_beyond_the_end_of_33_bits: (2, 60),
    another_program: (2, 60),
    another_program_between: (5, 150),
    sound_in_another_codec: (2, 60),
    pictures_in_another_codec: (2, 60),
    fragments_that_start_again: (3, 90),
    fragments_that_start_again_without_a_header: (2, 60),
    whole_mp4s: (4, 120),
    matroska: (2, 60),
    matroska_in_another_codec: (3, 90),
    short_matroska: (3, 60),
    below_zero: (1, 22),
}
"""Films, how often they flash, and how many frames are shown."""

EVERYDAY = {
    *(twice, advertisement, another_program, sound_in_another_codec),
    *(fragments_that_start_again, matroska_in_another_codec, short_matroska),
}


def draw(footage: Footage, section: VideoSection, out: Path) -> Path:
    text = caption_script(face_tracks_of([], footage.size, []), cast_of([]), CaptionStyle.NAMES)
    watch = ProgressFiles(out.with_suffix(".progress"), out.with_suffix(".stop"))
    drawing.draw(footage, section, text, ClipLimits(10**7, 1080), out, watch)
    return out


def flashes(path: Path) -> list[float]:
    """When it turns white, in seconds as players show it."""
    seen = [(frame.time, bool(frame.luma.mean() > 128)) for frame in frames_of(path)]
    return [time for (_, before), (time, white) in pairwise(seen) if white and not before]


def bangs(path: Path) -> list[float]:
    """When it becomes loud."""
    times, loudness = loudness_of(path)
    loud = loudness > 0.02
    begins = np.flatnonzero(loud[1:] & ~loud[:-1]) + 1
    found = times[begins].tolist()
    return [time for before, time in zip([-1.0, *found], found, strict=False) if time - before > 0.3]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=() if kind in EVERYDAY else pytest.mark.thorough, id=kind.__name__.replace("_", " "))
        for kind in KINDS
    ],
)
def test_nothing_is_lost_and_sound_stays_with_its_picture(tmp_path: Path, kind: Callable[[Path], Path]) -> None:
    path, (parts, kept) = kind(tmp_path), KINDS[kind]
    footage = probe(path, LIMITS)
    looked_at = [frame.time for frame in frames(footage, WHOLE)]
    assert footage.seconds - footage.first == pytest.approx(kept / RATE, abs=0.1 * parts)
    assert len(looked_at) == kept
    out = draw(footage, WHOLE, tmp_path / "drawn.mp4")
    assert [frame.time for frame in frames_of(out)] == pytest.approx(looked_at, abs=0.002)
    assert len(flashes(out)) == len(bangs(out)) == parts
    assert bangs(out) == pytest.approx(flashes(out), abs=0.045)
    # A part of it, cut where it was joined.
    section = VideoSection(footage.seconds / 2 - 0.3, footage.seconds / 2 + 0.4)
    cut = draw(footage, section, tmp_path / "cut.mp4")
    expected = [frame.time - section.start for frame in frames(footage, section)]
    assert [frame.time for frame in frames_of(cut)] == pytest.approx(expected, abs=0.0025)


def with_every_third_stamp(path: Path) -> Path:
    """The transport stream without two of three stamps of its pictures, as the standard allows it."""
    data, count = bytearray(path.read_bytes()), 0
    for at in range(0, len(data), 188):
        begin = at + 4 + (1 + data[at + 4] if data[at + 3] & 0x20 else 0)
        if data[at + 1] & 0x40 and bytes(data[begin : begin + 4]) == b"\0\0\1\xe0":
            count += 1
            if count % 3 != 1:
                data[begin + 7] &= 0x3F
                data[begin + 9 : begin + 9 + data[begin + 8]] = b"\xff" * data[begin + 8]
    path.write_bytes(data)
    return path


def test_pictures_without_stamps_are_kept(tmp_path: Path) -> None:
    part = with_every_third_stamp(flash(tmp_path / "part.ts", "-bf", "0"))
    footage = probe(joined(tmp_path / "film.ts", part, part), LIMITS)
    times = [frame.time for frame in frames(footage, WHOLE)]
    assert np.diff(times) == pytest.approx(1 / RATE, abs=0.015)
    assert len(times) == 60
    out = draw(footage, WHOLE, tmp_path / "drawn.mp4")
    assert [frame.time for frame in frames_of(out)] == pytest.approx(times, abs=0.002)


def test_stamps_that_go_back_while_pictures_are_reordered_are_no_break(tmp_path: Path) -> None:
    path = moving(tmp_path / "slides.mkv", "-c:v", "libx264", "-bf", "2", seconds=9, rate="1")
    footage = probe(path, LIMITS)
    assert (footage.path, len(list(frames(footage, WHOLE)))) == (path, 9)


def test_a_part_without_sound_is_silent_as_long(tmp_path: Path) -> None:
    footage = probe(silence_first(tmp_path), LIMITS)
    out = draw(footage, WHOLE, tmp_path / "drawn.mp4")
    assert len(flashes(out)) == 2
    assert bangs(out) == pytest.approx(flashes(out)[1:], abs=0.045)


def test_what_was_put_right_once_is_not_written_again(tmp_path: Path) -> None:
    path = twice(tmp_path)
    before = path.read_bytes()
    righted = probe(path, LIMITS).path
    written = righted.stat().st_mtime_ns
    assert probe(path, LIMITS).path == righted != path
    assert righted.stat().st_mtime_ns == written
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["still.mkv", "still.mp4", "talk.mkv"])
def test_a_slide_that_is_shown_for_long_is_no_jump(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    sound = ("-f", "lavfi", "-i", "sine=d=100") if name == "talk.mkv" else ()
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x36:r=1/50:d=100")
    ffmpeg(*picture, *sound, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-fps_mode", "vfr", path)
    footage = probe(path, LIMITS)
    assert footage.path == path
    assert footage.seconds == pytest.approx(100, abs=50)


def test_a_section_behind_the_only_keyframe_is_drawn(tmp_path: Path) -> None:
    path = moving(tmp_path / "long.ts", "-c:v", "libx264", "-g", "999", "-c:a", "aac", seconds=3)
    footage, section = probe(path, LIMITS), VideoSection(1.5, 2.5)
    expected = [frame.time - section.start for frame in frames(footage, section)]
    assert len(expected) == 30
    assert [frame.time for frame in frames_of(draw(footage, section, tmp_path / "cut.mp4"))] == pytest.approx(
        expected, abs=0.0025
    )
