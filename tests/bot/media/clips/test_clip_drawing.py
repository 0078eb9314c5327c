"""Clips: sound and picture stay together, time stamps and packets pass through, and nothing goes past its bounds."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.domain.enums import CaptionStyle
from bot.infra.limited_process import ProcessFailedError, ProcessLimits, stream_output
from bot.media.clips import drawing
from bot.media.clips.captions import caption_script
from bot.media.clips.drawing import ClipLimits, EncodedClip, ProgressFiles, StoppedError, fitting_height, scaled_size
from bot.media.probing import probe
from bot.media.videos.footage import VideoError, VideoLimits, VideoSection
from tests.bot.media.videos.test_video import HAMILTON, TURNED, hdr
from tests.conftest import ROOT, SHARED
from tests.support.face_tracks import cast_of, face_tracks_of, guess, track
from tests.support.films import (
    corners,
    ffmpeg,
    frames_of,
    loudness_of,
    moving,
    pictures,
    quarters,
    sound_packets,
    stamps,
)

pytestmark = pytest.mark.slow

WHOLE = VideoSection(0, 3600)
ROOMY = ClipLimits(20 * 2**20, 1080)
LYING_OR_FLIPPED = {("-display_rotation", "90"), ("-display_hflip",)}
"""Of `TURNED`, one of either kind; the others are tried among the thorough tests."""
EMPTY = caption_script(face_tracks_of([], (160, 90), []), cast_of([]), CaptionStyle.NAMES)


def draw(
    path: Path, section: VideoSection = WHOLE, target: ClipLimits = ROOMY, text: str = EMPTY
) -> tuple[Path, EncodedClip]:
    out = path.with_name(f"drawn-{path.stem}.mp4")
    footage = probe(path, VideoLimits(10**9))
    return out, drawing.draw(footage, section, text, target, out, watch(path))


def watch(path: Path) -> ProgressFiles:
    return ProgressFiles(path.with_name("progress"), path.with_name("stop"))


def sound_of(path: Path) -> str | None:
    """The codec of a file's sound."""
    sound = probe(path, VideoLimits(10**8)).sound
    return sound.codec if sound else None


def off_by(path: Path, out: Path, shift: float = 0.0) -> float:
    """How far the time stamps of a clip are from those of its source at most, in seconds."""
    before = [float(stamp) for stamp in stamps(path)]
    after = [float(stamp) + shift for stamp in stamps(out, written=True)]
    kept = before if len(before) == len(after) else [one for one in before if after[0] - 0.01 < one < after[-1] + 0.01]
    assert len(kept) == len(after)
    return max(abs(a - b) for a, b in zip(kept, after, strict=True))


@pytest.fixture
def hamilton(tmp_path: Path) -> Path:
    if not HAMILTON.is_file():
        pytest.skip(f"the private clip {HAMILTON.name} is not there")
    path = tmp_path / "hamilton.mp4"
    path.symlink_to(HAMILTON)
    return path


def test_hamilton_keeps_its_stamps_and_its_sound(hamilton: Path) -> None:
    out, _ = draw(hamilton)
    assert off_by(hamilton, out) < 1 / 11_988
    assert float(stamps(out)[0]) == pytest.approx(0.844, abs=0.001)
    assert [packet for _, packet in sound_packets(out)] == [packet for _, packet in sound_packets(hamilton)]


@pytest.mark.parametrize("begin", [0.3, 3.3])
def test_a_section_of_hamilton_keeps_sound_and_picture_together(hamilton: Path, begin: float) -> None:
    out, drawn = draw(hamilton, VideoSection(begin, begin + 4))
    expected = [frame.time - begin for frame in frames_of(hamilton, VideoSection(begin, begin + 4))]
    assert [float(stamp) for stamp in stamps(out, written=True)] == pytest.approx(expected, abs=0.0015)
    assert drawn.seconds == pytest.approx(4)
    before, after = sound_packets(hamilton), sound_packets(out, written=True)
    first = [packet for _, packet in before].index(after[0][1])
    assert [packet for _, packet in before[first : first + len(after)]] == [packet for _, packet in after]
    assert before[first][0] - begin == pytest.approx(after[0][0], abs=0.0015)
    assert -0.06 < after[0][0] < 0.03
    assert 3.95 < after[-1][0] < 4.03


def test_uneven_times_and_their_sound_pass_through(uneven_film: Path) -> None:
    path = uneven_film
    out, _ = draw(path)
    # The coarser of the two time bases: Matroska's is a millisecond, and a start is written in microseconds.
    assert off_by(path, out) < 2e-5
    assert [packet for _, packet in sound_packets(out)] == [packet for _, packet in sound_packets(path)]
    part, _ = draw(path, VideoSection(1, 2))
    assert off_by(path, part, shift=0.999) < 5e-5


@pytest.mark.parametrize("name", ["a.ts", "a.mkv"])
def test_what_is_looked_at_is_what_is_drawn(tmp_path: Path, name: str) -> None:
    path = moving(tmp_path / name, "-bf", "0", "-g", "15", "-c:v", "libx264", "-c:a", "aac", seconds=2)
    section = VideoSection(0.51, 1.49)
    out, _ = draw(path, section)
    looked_at = [frame.time - section.start for frame in frames_of(path, section)]
    assert [float(stamp) for stamp in stamps(out, written=True)] == pytest.approx(looked_at, abs=0.0021)


@pytest.fixture(scope="session")
def music_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fast-cut video of five seconds with a click on each cut."""
    maker, faces = SHARED / "bench" / "make_mv.py", SHARED / "faces" / "groups"
    galleries = sorted(faces.iterdir())[:1] if faces.is_dir() else []
    if not maker.is_file() or not galleries:
        pytest.skip("the private photos or the script that makes videos of them are not there")
    path = tmp_path_factory.mktemp("videos") / "mv.mp4"
    made = [sys.executable, maker, path, *galleries, "--seconds", "5", "--size", "640x360", "--seed", "3"]
    subprocess.run(made, check=True, capture_output=True, timeout=300)
    return path


@pytest.mark.thorough
@pytest.mark.parametrize("section", [WHOLE, VideoSection(1.03, 4.5)])
def test_the_click_of_every_cut_stays_on_its_cut(music_video: Path, section: VideoSection) -> None:
    truth = json.loads(music_video.with_suffix(".json").read_text())
    begin, end = section.start, min(section.end, 5.0)
    times = [number / 30 - begin for number in range(150) if section.holds(number / 30)]
    box = track(0, [[200, 100, 300, 220]] * len(times))
    text = caption_script(face_tracks_of(times, (640, 360), [box]), cast_of([guess("Momo")]), CaptionStyle.NAMES)
    out, _ = draw(music_video, section, text=text)
    lumas = [(frame.time, frame.luma.astype(int)) for frame in frames_of(out)]
    change = {after[0]: float(np.abs(after[1] - before[1]).mean()) for before, after in itertools.pairwise(lumas)}
    seconds, loud = loudness_of(out)
    cuts = [cut / 30 - begin for cut in truth["cuts"] if begin + 0.1 < cut / 30 < end - 0.1]
    assert len(cuts) >= 2
    for cut in cuts:
        seen = max((at for at in change if abs(at - cut) < 0.2), key=change.__getitem__)
        near = (seconds > cut - 0.2) & (seconds < cut + 0.2)
        clicked = seconds[near][np.argmax(loud[near] > 0.3)]
        assert abs(seen - cut) < 1 / 30
        assert abs(seen - clicked) < 1 / 30


@pytest.mark.parametrize(
    "turn", [pytest.param(turn, marks=() if turn in LYING_OR_FLIPPED else pytest.mark.thorough) for turn in TURNED]
)
def test_a_turned_video_is_drawn_upright(tmp_path: Path, turn: tuple[str, ...]) -> None:
    flat, path = corners(tmp_path / "flat.mp4"), tmp_path / "turned.mp4"
    ffmpeg(*turn, "-i", flat, "-c", "copy", path)
    out, drawn = draw(path)
    picture, original = pictures(out)[0], pictures(path)[0]
    assert drawn.size == picture.shape[1::-1] == original.shape[1::-1]
    assert quarters(picture) == quarters(original)


def test_odd_sizes_become_even_and_pixels_square(tmp_path: Path) -> None:
    odd = moving(tmp_path / "odd.mp4", "-pix_fmt", "yuv444p", seconds=0.5, size="161x91")
    assert draw(odd)[1].size == (160, 90)
    wide = moving(tmp_path / "wide.mp4", "-vf", "setsar=4/3", seconds=0.5, size="96x72")
    assert draw(wide)[1].size == (128, 72)
    assert probe(draw(wide)[0], VideoLimits(10**8)).size == (128, 72)


@pytest.mark.parametrize("transfer", ["smpte2084", pytest.param("arib-std-b67", marks=pytest.mark.thorough)])
def test_hdr_is_drawn_in_sdr_and_bright_enough(tmp_path: Path, transfer: str) -> None:
    out, _ = draw(hdr(tmp_path / "hdr.mp4", transfer))
    assert not probe(out, VideoLimits(10**8)).colours.hdr
    picture = pictures(out)[0]
    white, black, peak = (int(picture[48, x].mean()) for x in (32, 96, 160))
    assert 160 < white < 225
    assert black < 15
    assert peak > 240


def test_ten_bits_become_eight(tmp_path: Path) -> None:
    path = moving(tmp_path / "deep.mp4", "-pix_fmt", "yuv420p10le", seconds=0.5)
    out, _ = draw(path)
    first = next(frames_of(out)).decoded
    assert first.format.name == "yuv420p"
    assert np.abs(pictures(out)[0].astype(int) - pictures(path)[0]).mean() < 6


def test_other_sound_becomes_aac_and_none_stays_none(tmp_path: Path) -> None:
    path = moving(tmp_path / "opus.mkv", "-c:a", "libopus", seconds=1)
    out, _ = draw(path)
    assert sound_of(out) == "aac"
    assert sound_packets(out)[-1][0] == pytest.approx(1, abs=0.05)
    mute = moving(tmp_path / "mute.mp4", "-an", seconds=0.5)
    assert sound_of(draw(mute)[0]) is None


def test_a_clip_says_nothing_of_where_it_was_made(tmp_path: Path) -> None:
    path = moving(tmp_path / "secret-name.mp4", "-metadata", "title=secret", "-metadata", "comment=secret", seconds=0.5)
    data = draw(path)[0].read_bytes()
    assert b"secret" not in data
    assert str(tmp_path).encode() not in data
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_video_cut_short_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = moving(tmp_path / "whole.mp4", "-movflags", "+faststart", "-g", "10")
    path = tmp_path / "short.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    out, _ = draw(path)
    assert 20 <= len(stamps(out)) < 60


def test_a_clip_keeps_to_its_bytes(tmp_path: Path) -> None:
    path = moving(tmp_path / "large.mp4", "-vf", "noise=alls=60:allf=t", "-crf", "10", seconds=4, size="640x360")
    target = ClipLimits(200_000, 1080)
    out, drawn = draw(path, target=target)
    assert out.stat().st_size == drawn.bytes <= 200_000
    assert drawn.size[1] < 360
    with pytest.raises(VideoError, match="can't be made as small"):
        draw(path, target=ClipLimits(20_000, 1080))


def test_heights_fit_bytes_and_length() -> None:
    hd = (1920, 1080)
    assert fitting_height(hd, 30, 30, 100 * 2**20, 1080) == 1080
    assert fitting_height(hd, 30, 30, 100 * 2**20, 720) == 720
    assert fitting_height((640, 361), 30, 30, 100 * 2**20, 1080) == 360
    assert fitting_height((1080, 1920), 30, 30, 100 * 2**20, 1080) == 1920
    assert fitting_height((1080, 1920), 30, 30, 100 * 2**20, 720) == 1280
    lengths = [fitting_height(hd, 30, seconds, 10 * 2**20, 1080) for seconds in (10, 30, 60, 120, 240, 600)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == 1080
    assert 144 <= lengths[-1] < 360
    assert scaled_size((1080, 1920), 720) == (404, 720)


def test_frames_are_written_as_numbered_pictures(tmp_path: Path) -> None:
    path = moving(tmp_path / "film.mp4", seconds=1)
    folder = tmp_path / "100%d frames"
    folder.mkdir()
    written = drawing.draw_frames(probe(path, VideoLimits(10**8)), VideoSection(0.2, 0.5), EMPTY, folder, watch(path))
    assert written == 9
    assert sorted(one.name for one in folder.iterdir()) == [f"{number:06}.jpg" for number in range(1, 10)]


def test_progress_is_reported_and_the_work_can_be_stopped(tmp_path: Path) -> None:
    path = moving(tmp_path / "film.mp4", seconds=2)
    draw(path)
    assert float((tmp_path / "progress").read_text()) > 0.9
    (tmp_path / "stop").touch()
    with pytest.raises(StoppedError):
        draw(path)
    assert not list(tmp_path.glob(".drawing-*"))


LIMITS = ProcessLimits(seconds=20, cpu_seconds=20, memory=2**30, file_bytes=10**6)


def ended(code: str, limits: ProcessLimits, folder: Path) -> ProcessFailedError:
    with (
        pytest.raises(ProcessFailedError) as error,
        stream_output([sys.executable, "-c", code], limits, folder=folder) as lines,
    ):
        list(lines)
    return error.value


def test_the_limits_of_a_process_hold(tmp_path: Path) -> None:
    assert "MemoryError" in ended("bytes(2**31)", LIMITS, tmp_path).stderr
    assert "File too large" in ended("open('x', 'wb').write(bytes(2 * 10**6))", LIMITS, tmp_path).stderr
    assert (tmp_path / "x").stat().st_size <= 10**6
    began = time.monotonic()
    assert ended("import time; time.sleep(60)", ProcessLimits(1, 20, 2**30, 10**6), tmp_path).code is None
    assert time.monotonic() - began < 50


@pytest.mark.thorough
def test_a_process_has_limited_processor_time(tmp_path: Path) -> None:
    assert ended("while True: pass", replace(LIMITS, cpu_seconds=1), tmp_path).code in {
        -signal.SIGXCPU,
        -signal.SIGKILL,
    }


def test_the_memory_of_a_process_may_be_unlimited(tmp_path: Path) -> None:
    code = "import mmap; print(len(mmap.mmap(-1, 2**31, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)))"
    with stream_output([sys.executable, "-c", code], replace(LIMITS, memory=None), folder=tmp_path) as lines:
        assert [line for line in lines if line] == [str(2**31)]


def test_a_limited_process_does_not_inherit_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUGU_TOKEN", "secret")
    with stream_output([sys.executable, "-c", "import os; print(dict(os.environ))"], LIMITS, folder=tmp_path) as lines:
        assert "secret" not in "".join(line or "" for line in lines)


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed; whoever it led is gone at once."""
    code = (
        "import sys, pathlib; from bot.infra.limited_process import ProcessLimits, stream_output\n"
        "child = [sys.executable, '-c', 'import os, time; print(os.getpid(), flush=True); time.sleep(60)']\n"
        f"with stream_output(child, ProcessLimits(60, 60, 2**30, 10**6), folder=pathlib.Path({str(tmp_path)!r})) as lines:\n"
        "    for line in lines: print(line or '', flush=True)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = next(int(line) for line in parent.stdout if line.strip())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        try:
            os.kill(child, 0)
            state = Path(f"/proc/{child}/stat").read_text().rpartition(") ")[2][0]
        except (ProcessLookupError, FileNotFoundError):
            return
        if state == "Z":
            return
        threading.Event().wait(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the child outlived its parent")
