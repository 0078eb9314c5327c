"""`nugu annotate`: clips of the command line, and the parts of a video that it can't read."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest

from tests.bot.commands.processes import nugu
from tests.support.films import ffmpeg
from tests.support.videos import video_of

pytestmark = pytest.mark.slow


@pytest.mark.thorough
def test_a_video_is_annotated(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    video = video_of([public_photos / name for name in ("obama2.jpg", "biden.jpg")], tmp_path / "film.mp4")
    out, faces, frames = tmp_path / "clip.mp4", tmp_path / "faces.json", tmp_path / "frames"
    written = ("--faces", faces, "--frames", frames, "--json")
    done = nugu("annotate", video, "--out", out, *written, "--start", "0:00", "--height", "240", data=enrolled)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert {person["name"]: person["on_screen"] for person in record["cast"]} == {
        "Obama": [[0.0, 1.0]],
        "바이든": [[1.0, 2.0]],
    }
    assert (record["size"], record["group"], record["engine"]) == ([640, 360], "Presidents", "sface-2")
    assert {"look", "name", "draw", "all"} <= set(record["seconds"])
    by_frame = json.loads(faces.read_text())
    assert (by_frame["fps"], len(by_frame["frames"])) == (25.0, 50)
    assert [face["name"] for face in by_frame["frames"][0]] == ["Obama"]
    assert [path.name for path in sorted(frames.iterdir())][::49] == ["000001.jpg", "000050.jpg"]
    with av.open(out) as clip:
        assert (clip.streams.video[0].height, clip.streams.audio[0].codec_context.name) == (240, "aac")


@pytest.mark.thorough
def test_unreadable_sound_is_reported(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    heard = video_of([public_photos / "obama2.jpg"], tmp_path / "heard.mp4", seconds=0.4)
    video, out = tmp_path / "film.mkv", tmp_path / "clip.mp4"
    ffmpeg("-i", heard, "-c:v", "copy", "-c:a", "ac3", "-bsf:a", "noise=amount=1", video)
    done = nugu("annotate", video, "--out", out, "--json", data=enrolled)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("I can't read this video's sound (ac3), so the clip is silent.")
    assert [person["name"] for person in json.loads(done.stdout)["cast"]] == ["Obama"]
    with av.open(out) as clip:
        assert not clip.streams.audio


@pytest.mark.thorough
def test_an_unreadable_recording_is_reported(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    whole = video_of([public_photos / "obama2.jpg"], tmp_path / "whole.mp4", seconds=0.4)
    unread, video, out = tmp_path / "unread.mp4", tmp_path / "film.mp4", tmp_path / "clip.mp4"
    ffmpeg("-i", whole, "-c:v", "jpeg2000", unread)
    video.write_bytes(b"".join(path.read_bytes() for path in (whole, unread, whole)))
    done = nugu("annotate", video, "--out", out, "--json", data=enrolled)
    assert done.returncode == 0, done.stderr
    assert "Part 2 of 3 of this file can't be read, so the clip goes on without it." in " ".join(done.stderr.split())
    assert [person["seconds"] for person in json.loads(done.stdout)["cast"]] == [pytest.approx(0.8, abs=0.1)]


@pytest.mark.thorough
def test_a_clip_never_overwrites_its_video(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    photo = public_photos / "obama2.jpg"
    for arguments, sentence in (
        ((photo, "--out", tmp_path / "clip.mp4"), f"nugu: {photo}: This is no video but a JPEG picture"),
        ((photo, "--out", photo), "is the video itself"),
        ((photo, "--out", tmp_path / "none" / "clip.mp4"), "There is no folder"),
        ((tmp_path / "none.mp4", "--out", tmp_path / "clip.mp4"), "There is no file"),
    ):
        done = nugu("annotate", *arguments, data=enrolled)
        assert done.returncode == 1
        assert sentence in " ".join(done.stderr.split()), done.stderr
