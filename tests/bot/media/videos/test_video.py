"""Videos lie: what is read of them is measured, upright and in time, and nothing that they name is opened."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.media.probing import probe
from bot.media.videos import frames
from bot.media.videos.containers import format_of
from bot.media.videos.footage import Footage, SoundTrack, VideoError, VideoLimits, VideoSection
from tests.conftest import SHARED
from tests.support.films import WHOLE, corners, ffmpeg, frames_of, moving, quarters, stamps

LIMITS = VideoLimits(50 * 2**20)
HAMILTON = SHARED / "clips" / "hamilton" / "short_hamilton_clip.mp4"


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, 160 by 90, 30 frames a second, a keyframe every 12 and B-frames."""
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    return moving(path, "-preset", "veryfast", "-g", "12", "-bf", "2", "-movflags", "+faststart")


def refused(path: Path, limits: VideoLimits = LIMITS) -> str:
    with pytest.raises(VideoError) as error:
        probe(path, limits)
    return str(error.value)


def counted(footage: Footage) -> float:
    """How many frames were counted."""
    return footage.rate * (footage.seconds - footage.first)


def test_a_video_is_measured(film: Path) -> None:
    footage = probe(film, LIMITS)
    assert footage.size == (160, 90)
    assert footage.sound is not None
    assert footage.sound == SoundTrack("aac", 0, footage.sound.rate, copied=True)
    assert counted(footage) == pytest.approx(60)
    assert footage.seconds == pytest.approx(2, abs=0.01)
    assert footage.rate == pytest.approx(30, rel=0.01)
    assert not footage.colours.hdr
    assert not footage.interlaced


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.ts", "a.mov"])
def test_every_container_gives_the_same_frames(tmp_path: Path, name: str) -> None:
    codec = ("-c:v", "libvpx", "-c:a", "libopus") if name.endswith("webm") else ("-c:v", "libx264", "-c:a", "aac")
    path = moving(tmp_path / name, *codec, "-bf", "0", "-g", "10", seconds=1)
    times = [frame.time for frame in frames_of(path)]
    assert len(times) == pytest.approx(counted(probe(path, LIMITS))) == 30
    assert [b - a for a, b in pairwise(times)] == pytest.approx([1 / 30] * 29, abs=0.0011)


def test_two_adjoining_sections_share_out_the_frames(film: Path) -> None:
    whole = [frame.time for frame in frames_of(film)]
    # Borders on a frame, between frames, and beside one by less than a player can tell.
    borders = [0.0, whole[7], 0.5, 0.777, whole[40] + 0.0004, whole[50] - 0.0004, 2.1]
    parts = [[frame.time for frame in frames_of(film, VideoSection(a, b))] for a, b in pairwise(borders)]
    assert [time for part in parts for time in part] == whole
    assert parts[1][0] == whole[7]


def test_frames_in_the_middle_are_the_pictures_of_the_whole(film: Path) -> None:
    whole = {frame.time: frame.picture() for frame in frames_of(film)}
    for frame in frames_of(film, VideoSection(1.1, 1.3)):
        assert np.array_equal(frame.picture(), whole[frame.time])


def test_the_first_picture_may_come_after_the_sound() -> None:
    if not HAMILTON.is_file():
        pytest.skip(f"the private clip {HAMILTON.name} is not there")
    footage = probe(HAMILTON, LIMITS)
    times = [frame.time for frame in frames_of(HAMILTON, VideoSection(0, footage.seconds))]
    assert times[0] == footage.first == pytest.approx(0.844, abs=0.001)
    assert times == pytest.approx([float(stamp) for stamp in stamps(HAMILTON)], abs=1e-6)


def test_uneven_times_are_kept(uneven_film: Path) -> None:
    times = [frame.time for frame in frames_of(uneven_film)]
    assert times == pytest.approx([float(stamp) for stamp in stamps(uneven_film)], abs=1e-6)
    assert len({round(b - a, 3) for a, b in pairwise(times)}) > 5


def test_luma_is_small_and_tells_light_from_dark(tmp_path: Path) -> None:
    path = corners(tmp_path / "a.mp4")
    luma = next(frames_of(path)).luma
    assert (luma.shape, luma.dtype) == ((36, 64), np.uint8)
    bright = [int(luma[y, x]) for y in (9, 27) for x in (16, 48)]
    assert bright[3] > bright[1] > bright[0] > bright[2]


@pytest.mark.parametrize("pixels", ["yuv420p10le", "yuv444p", "gray", "yuvj420p", "gbrp"])
def test_luma_and_picture_of_other_pixels(tmp_path: Path, pixels: str) -> None:
    path = moving(tmp_path / "a.mkv", "-pix_fmt", pixels, "-an", seconds=0.1)
    plain = next(frames_of(moving(tmp_path / "plain.mkv", "-an", seconds=0.1)))
    frame = next(frames_of(path))
    assert np.abs(frame.luma.astype(int) - plain.luma).mean() < (6 if "420p10" in pixels or "444" in pixels else 25)
    if pixels != "gray":
        assert np.abs(frame.picture().astype(int) - plain.picture()).mean() < 12


Turn = tuple[str, ...]
TURNED: dict[Turn, tuple[str, ...] | None] = {
    ("-display_rotation", "90"): ("lime", "white", "red", "blue"),
    ("-display_rotation", "180"): ("white", "blue", "lime", "red"),
    ("-display_rotation", "270"): ("blue", "red", "white", "lime"),
    ("-display_hflip",): ("lime", "red", "white", "blue"),
    ("-display_vflip",): ("blue", "white", "red", "lime"),
    ("-display_rotation", "90", "-display_hflip"): None,
    ("-display_rotation", "270", "-display_hflip"): None,
}


@pytest.mark.parametrize("turn", TURNED)
def test_a_turned_video_stands_upright(tmp_path: Path, turn: Turn) -> None:
    flat = corners(tmp_path / "flat.mp4")
    path = tmp_path / "turned.mp4"
    ffmpeg(*turn, "-i", flat, "-c", "copy", path)
    ffmpeg("-i", path, "-frames:v", "1", tmp_path / "as-players-show-it.png")
    with Image.open(tmp_path / "as-players-show-it.png") as shown:
        expected = np.asarray(shown.convert("RGB"))
    picture = next(frames_of(path)).picture()
    assert picture.shape == expected.shape
    assert probe(path, LIMITS).size == picture.shape[1::-1]
    assert quarters(picture) == quarters(expected)
    if TURNED[turn]:
        assert quarters(picture) == list(TURNED[turn] or ())


def test_pixels_that_are_not_square_become_so(tmp_path: Path) -> None:
    path = moving(tmp_path / "wide.mp4", "-vf", "setsar=4/3", "-an", seconds=0.2, size="96x72")
    assert probe(path, LIMITS).size == (128, 72)
    assert next(frames_of(path)).picture().shape == (72, 128, 3)
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", path, "-c", "copy", turned)
    assert probe(turned, LIMITS).size == (72, 128)


def hdr(path: Path, transfer: str = "smpte2084") -> Path:
    """A grey as bright as white paper on an SDR screen (203 nits), beside black and a highlight of 1,000 nits."""
    # Code values of 10 bits, limited range (ITU-R BT.2408).
    white, peak = (573, 723) if transfer == "smpte2084" else (721, 940)
    value = f"geq=lum='if(lt(X,64),{white},if(lt(X,128),64,{peak}))':cb=512:cr=512"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=gray:s=192x96:r=10:d=0.3", "-vf", f"format=yuv420p10le,{value}"),
        *(
            "-c:v",
            "libx265",
            "-x265-params",
            f"log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc",
        ),
        *("-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc", path),
    )
    return path


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_is_brought_to_what_sdr_screens_show(tmp_path: Path, transfer: str) -> None:
    path = hdr(tmp_path / "hdr.mp4", transfer)
    assert probe(path, LIMITS).colours.hdr
    picture = next(frames_of(path)).picture()
    white, black, peak = (int(picture[48, x].mean()) for x in (32, 96, 160))
    assert 160 < white < 225
    assert black < 12
    assert peak > 245


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("text.mp4", b"hello, this is no video at all", "this is no video but text; I read MP4"),
        ("empty.mp4", b"", "this file is empty"),
        ("zip.mp4", b"PK\x03\x04" + bytes(100), "this is no video but a zip file"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:1,\nother.ts\n", "this is no video"),
        ("list.mp4", b"ffconcat version 1.0\nfile other.mp4\n", "this is no video"),
        ("dash.mp4", b"<?xml version='1.0'?><MPD></MPD>", "this is no video"),
        ("noise.mp4", b"\0\0\0\x20ftypisom" + bytes(range(256)) * 20, "broken or cut short"),
        ("noise.mkv", b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 20, "broken or cut short"),
        ("old.avi", b"RIFF\0\0\0\0AVI " + bytes(100), "I read MP4, MOV, WebM, MKV and MPEG-TS"),
    ],
)
def test_a_file_that_is_no_video_is_refused_with_a_reason(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert reason in refused(path)


def test_a_picture_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "picture.mp4"
    Image.new("RGB", (64, 64)).save(path, "PNG")
    assert refused(path).startswith("this is no video but a PNG picture")


@pytest.mark.parametrize("playlist", ["#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{}'\n"])
@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.ffconcat"])
def test_a_playlist_leads_nowhere(tmp_path: Path, film: Path, playlist: str, name: str) -> None:
    path = tmp_path / name
    path.write_text(playlist.format(film))
    assert "this is no video" in refused(path)


def test_sound_alone_and_a_cover_picture_are_no_video(tmp_path: Path) -> None:
    sound, cover, song = tmp_path / "sound.m4a", tmp_path / "cover.png", tmp_path / "song.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.5", sound)
    Image.new("RGB", (64, 64), "red").save(cover)
    ffmpeg("-i", sound, "-i", cover, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic", song)
    for path in (sound, song):
        assert "sound alone" in refused(path)


def test_a_codec_that_is_not_on_the_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=d=0.2", "-c:v", "snow", "-strict", "-2", path)
    assert "codec (snow)" in refused(path)


def test_too_many_bytes_or_pixels_are_refused(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    footage = probe(film, LIMITS)
    assert "too large" in refused(film, VideoLimits(1000))
    monkeypatch.setattr(frames, "MAX_PIXELS", 14_399)
    assert "too many pixels (160 × 90)" in refused(film)
    with pytest.raises(VideoError, match="too many pixels"):
        list(frames.frames(footage, WHOLE))


def test_a_bomb_is_refused_by_what_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=black:s=9000x9000:d=0.04:r=25", "-c:v", "mjpeg", "-q:v", "31", path)
    assert "megapixels a frame" in refused(path)


def test_frames_that_grow_midway_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large, both = (tmp_path / name for name in ("small.ts", "large.ts", "both.ts"))
    moving(small, "-an", seconds=0.5)
    moving(large, "-an", seconds=0.5, size="640x480")
    both.write_bytes(small.read_bytes() + large.read_bytes())
    monkeypatch.setattr(frames, "MAX_PIXELS", 160 * 90)
    seen = frames_of(both)
    assert next(seen).size == (160, 90)
    with pytest.raises(VideoError, match="too many pixels"):
        list(seen)


def test_a_video_cut_short_gives_what_there_is(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.mp4"
    path.write_bytes(film.read_bytes()[: film.stat().st_size * 6 // 10])
    footage = probe(path, LIMITS)
    times = [frame.time for frame in frames_of(path)]
    assert 20 <= len(times) < 60
    assert 0.5 < footage.seconds < 1.7
    path.write_bytes(film.read_bytes()[:600])
    assert "broken or cut short" in refused(path)


def test_damage_in_the_middle_is_passed_over(film: Path, tmp_path: Path) -> None:
    data = bytearray(film.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    times = [frame.time for frame in frames_of(path)]
    assert len(times) > 30
    assert times[-1] > 1.9


def test_a_duration_that_lies_is_not_believed(film: Path, tmp_path: Path) -> None:
    data = bytearray(film.read_bytes())
    header = data.index(b"mvhd") + 4
    scale = int.from_bytes(data[header + 12 : header + 16], "big")
    data[header + 16 : header + 20] = (scale * 80_000).to_bytes(4, "big")
    path = tmp_path / "lies.mp4"
    path.write_bytes(data)
    assert probe(path, LIMITS).seconds == pytest.approx(2, abs=0.01)


def test_no_duration_is_measured(tmp_path: Path) -> None:
    path = moving(tmp_path / "live.mkv", "-f", "matroska", "-live", "1", seconds=1)
    footage = probe(path, LIMITS)
    assert isinstance(footage, Footage)
    assert footage.seconds == pytest.approx(1, abs=0.05)


def test_names_in_the_path_are_no_protocol(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "concat:%d|a,b;é.mp4"
    path.write_bytes(film.read_bytes())
    assert counted(probe(path, LIMITS)) == pytest.approx(60)
    assert format_of(path) == "mov"
