"""The command line in processes of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

import av
import pytest
from PIL import Image, ImageFilter

from tests.conftest import ROOT
from tests.support.films import ffmpeg
from tests.support.videos import video_of

pytestmark = pytest.mark.slow

ENGINES = "engines"
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


def nugu(
    *arguments: str | Path,
    data: Path,
    stdout: int = subprocess.PIPE,
    input: str = "",
    env: Mapping[str, str] = NO_VARIABLES,
) -> subprocess.CompletedProcess[str]:
    """Run `nugu` in a process of its own, in an empty folder."""
    return python("-m", "bot", *arguments, data=data, stdout=stdout, input=input, env=env)


def python(
    *arguments: str | Path,
    data: Path,
    stdout: int = subprocess.PIPE,
    input: str = "",
    env: Mapping[str, str] = NO_VARIABLES,
) -> subprocess.CompletedProcess[str]:
    data.mkdir(parents=True, exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NUGU_", "DISCORD_"))}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        input=input,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=240,
        cwd=data,
        env={**clean, "PYTHONPATH": str(ROOT), "NUGU_DATA": str(data), "COLUMNS": "120", **env},
        check=False,
    )


def test_nobody_is_enrolled(public_photos: Path, tmp_path: Path) -> None:
    done = nugu("identify", public_photos / "biden.jpg", data=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "nugu: nobody is enrolled yet; start with: nugu enrol FOLDER (FOLDER/GROUP/MEMBER/*.jpg)\n"


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory, public_photos: Path) -> Path:
    """A data folder with two members, one photo each, enrolled from a folder with unusable files too."""
    folder = tmp_path_factory.mktemp("faces")
    for member, photo in (("Obama", "obama.jpg"), ("바이든", "biden.jpg")):
        (folder / "Presidents" / member).mkdir(parents=True)
        shutil.copy(public_photos / photo, folder / "Presidents" / member)
    (folder / "Presidents" / "Obama" / "notes.txt").write_text("not a picture")
    data = tmp_path_factory.mktemp("data")
    done = nugu("enrol", folder, data=data, env={"NUGU_WORKERS": "1"})
    assert done.returncode == 0, done.stderr
    assert "2 of 3 photos taken, 2 members" in done.stdout
    assert "notes.txt: this is not a picture (it looks like text)" in done.stderr
    return data


@pytest.mark.thorough
def test_a_roster_is_exported_and_imported(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    done = nugu("roster", "export", tmp_path / "roster.zip", data=enrolled)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("roster.zip: 1 group, 2 members, 2 photos")
    other = tmp_path / "other"
    done = nugu("roster", "import", tmp_path / "roster.zip", data=other, env={"NUGU_WORKERS": "1"})
    assert done.returncode == 0, done.stderr
    assert "2 of 2 photos taken, 2 members, 0 known before" in done.stdout
    done = nugu("identify", public_photos / "biden.jpg", data=other)
    assert "① 바이든" in done.stdout
    done = nugu("roster", "import", public_photos / "obama.jpg", data=other)
    sentence = f"nugu: {public_photos / 'obama.jpg'}: This is not a zip archive, or it is broken."
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, sentence)


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
    assert (record["size"], record["group"], record["engine"]) == ([640, 360], "Presidents", "dlib-1")
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


@pytest.mark.thorough
def test_twins_are_printed_and_drawn(enrolled: Path, tmp_path: Path) -> None:
    out = tmp_path / "twins.png"
    done = nugu("twins", "presidents", "--json", "--out", out, data=enrolled)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["group"], sorted(record["twins"]), record["pairs"]) == ("Presidents", ["Obama", "바이든"], 1)
    assert record["distances"] == [[0.0, record["distance"]], [record["distance"], 0.0]]
    assert record["euclidean_distances"][0][1] == record["euclidean"] > 0
    assert Image.open(out).size[0] == 1100
    done = nugu("twins", "--member", "obama", "--out", out, data=enrolled)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Obama and 바이든 ")
    assert Image.open(out).size[0] == 800


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("TWICE",), 2, "nugu: I don't know a group called “TWICE”. I know: Presidents."),
        (("--member", "Obema"), 1, "nugu: I don't know a member called “Obema” of any group here. Did you mean Obama?"),
    ],
)
def test_twins_of_an_empty_roster(enrolled: Path, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    done = nugu("twins", *arguments, data=enrolled)
    assert (done.returncode, done.stderr.strip()) == (code, sentence)


@pytest.mark.thorough
def test_a_map_is_drawn(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.png"
    done = nugu("map", "presidents", "--out", out, data=enrolled)
    assert done.returncode == 1
    assert done.stderr == (
        "nugu: A map takes 3 different photos, and I have 2 different photos of Presidents. "
        "Add photos: nugu enrol FOLDER\n"
    )
    data = tmp_path / "data"
    shutil.copytree(enrolled, data)
    (tmp_path / "more" / "Presidents" / "Obama").mkdir(parents=True)
    shutil.copy(public_photos / "obama2.jpg", tmp_path / "more" / "Presidents" / "Obama")
    assert nugu("enrol", tmp_path / "more", data=data, env={"NUGU_WORKERS": "1"}).returncode == 0
    done = nugu("map", "presidents", "--method", "pca", "--out", out, "--json", data=data)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["group"], record["projection"], record["photos"], record["of"]) == ("Presidents", "pca", 3, 3)
    assert [(place["name"], place["photos"]) for place in record["places"]] == [("Obama", 2), ("바이든", 1)]
    with Image.open(out) as drawn:
        assert (drawn.format, drawn.width) == ("PNG", 1440)
    done = nugu("map", "Kings", "--out", out, data=enrolled)
    assert (done.returncode, done.stderr) == (2, "nugu: I don't know a group called “Kings”. I know: Presidents.\n")


def test_json_has_one_line_a_photo(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    photos = [public_photos / "obama2.jpg", public_photos / "biden.jpg"]
    done = nugu("identify", *photos, "--json", "--out", tmp_path / "out", data=enrolled)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    first, second = map(json.loads, done.stdout.splitlines())
    assert list(first) == ["photo", "size", "group", "faces", "engine", "seconds"]
    assert (first["photo"], first["size"], first["group"]) == (str(photos[0]), [626, 1200], "Presidents")
    (face,) = first["faces"]
    assert list(face) == ["number", "box", "name", "confidence", "basis", "band", "flaws", "candidates"]
    assert (face["number"], face["name"], face["basis"], face["band"]) == (1, "Obama", "face", "sure")
    assert face["flaws"] == []
    left, top, right, bottom = face["box"]
    assert 0 <= left < right <= 626
    assert 0 <= top < bottom <= 1200
    assert [candidate["name"] for candidate in face["candidates"]] == ["Obama", "바이든"]
    assert face["candidates"][0]["confidence"] == face["confidence"]
    assert list(first["seconds"]) == ["read", "detect", "encode", "name", "draw", "all"]
    assert second["faces"][0]["name"] == "바이든"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["biden-who.jpg", "obama2-who.jpg"]


@pytest.mark.thorough
def test_flaws_are_printed_beside_the_name(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    with Image.open(public_photos / "biden.jpg") as photo:
        photo.filter(ImageFilter.GaussianBlur(12)).save(tmp_path / "blurred.png")
    done = nugu("identify", tmp_path / "blurred.png", data=enrolled)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].endswith(" (blurred)")


@pytest.mark.thorough
def test_a_stranger_has_no_name(enrolled: Path, public_photos: Path) -> None:
    done = nugu("identify", public_photos / "astronaut.png", "--json", data=enrolled)
    record = json.loads(done.stdout)
    assert record["faces"]
    assert {(face["name"], face["confidence"], face["basis"], face["band"]) for face in record["faces"]} == {
        (None, None, None, "unknown")
    }


def test_an_unreadable_file_does_not_stop_the_others(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((public_photos / "obama.jpg").read_bytes()[:5000])
    done = nugu("identify", broken, tmp_path / "nowhere.jpg", public_photos / "biden.jpg", data=enrolled)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 2, done.stderr
    assert lines[0].startswith(f"nugu: {broken}: this JPEG is broken or cut short")
    assert lines[1] == f"nugu: {tmp_path / 'nowhere.jpg'}: this file can't be read (No such file or directory)"
    assert "① 바이든 99%" in done.stdout


@pytest.mark.thorough
def test_photos_of_any_name_are_answered_on_any_terminal(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    photo = tmp_path / os.fsdecode(b"\x1b[31m two\nlines caf\xe9.jpg")
    shutil.copy(public_photos / "biden.jpg", photo)
    done = nugu("identify", photo, "--json", data=enrolled, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.isascii()
    record = json.loads(line)
    assert (record["photo"], record["faces"][0]["name"]) == (str(photo), "바이든")
    done = nugu("identify", photo, data=enrolled, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == f"{tmp_path}/\\x1b[31m two\\nlines caf\\udce9.jpg (Presidents)"
    assert second.endswith(" 99%")


@pytest.mark.parametrize("arguments", [("roster", "list"), ("engine", "list", "--json"), ("--help",)])
def test_a_closed_pipe_ends_it_quietly(enrolled: Path, arguments: tuple[str, ...]) -> None:
    gone, written = os.pipe()
    os.close(gone)
    try:
        done = nugu(*arguments, data=enrolled, stdout=written)
    finally:
        os.close(written)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.thorough
def test_the_roster_is_listed_and_members_are_removed(enrolled: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(enrolled, data)
    assert nugu("roster", "list", data=data).stdout == "Presidents\n  Obama: 1 photo\n  바이든: 1 photo\n"
    asked = nugu("roster", "remove", "presidents", "obama", data=data, input="n\n")
    assert asked.returncode == 1
    assert asked.stderr.startswith("Remove Obama of Presidents, with 1 photo? [y/N]:")
    done = nugu("roster", "remove", "presidents", "obama", "--yes", data=data)
    assert done.stdout == "Obama of Presidents is removed, with all that I kept of them.\n", done.stderr
    listed = json.loads(nugu("roster", "list", "--json", data=data).stdout)
    assert listed == {"group": "Presidents", "aliases": [], "members": [{"name": "바이든", "photos": 1}]}
    status = json.loads(nugu("model", "status", "--json", data=data).stdout)
    assert (status["group"], status["model"], status["photos_that_answer"]) == ("Presidents", None, 1)
    line = "Presidents: no model; 1 photo handed in; 0 of 10 new labels are there for the next\n"
    assert nugu("model", "status", data=data).stdout == line
    assert nugu("model", "history", "Presidents", data=data).stdout == "Presidents: no model yet\n"
    taken = tmp_path / "roster.zip"
    taken.write_text("mine")
    refused = nugu("roster", "export", taken, data=data)
    assert refused.returncode == 1
    assert refused.stderr == f"nugu: {taken} is there already. Choose another name, or write over it with --force.\n"
    assert taken.read_text() == "mine"
    assert nugu("roster", "export", taken, "--force", data=data).returncode == 0
    assert zipfile.is_zipfile(taken)


HEAVY = "import sys; from bot.cli import main; sys.argv = ['nugu', *sys.argv[1:]]\ntry: main()\nfinally: print(*sys.modules)"


@pytest.mark.parametrize("family", [(), ("roster",), ("model",), ("engine",)])
def test_the_help_of_every_verb_is_a_whole_sentence(tmp_path: Path, family: tuple[str, ...]) -> None:
    help_lines = nugu(*family, "-h", data=tmp_path).stdout.partition("Commands:\n")[2].splitlines()
    assert help_lines
    assert [line for line in help_lines if not line.endswith(".")] == []
    assert "..." not in "".join(help_lines)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("annotate", "nofile.mp4", "--out", "clip.mp4"), "nugu: There is no file nofile.mp4."),
        (("annotate", "film.mp4", "--out", "none/clip.mp4"), "nugu: There is no folder "),
        (("annotate", "film.mp4", "--out", "film.mp4"), "nugu: film.mp4 is the video itself."),
        (("annotate", "film.mp4", "--out", "a.mp4", "--start", "soon"), "nugu: I can't read the time “soon”."),
        (("roster", "export", "film.mp4"), "nugu: film.mp4 is there already."),
        (("run",), "nugu: no DISCORD_TOKEN"),
    ],
)
def test_wrong_arguments_are_refused_before_heavy_imports(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "film.mp4").write_text("film")
    done = python("-c", HEAVY, *arguments, data=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    heavy = {"numpy", "cv2", "av", "PIL", "openvino", "dlib", "distributed", "discord", "sqlalchemy", "rich"}
    assert heavy & set(done.stdout.split()) == set()


def test_help_and_version_are_plain(tmp_path: Path) -> None:
    for option in ("-h", "--help"):
        done = nugu("annotate", option, data=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert "<bool>" not in done.stdout
        assert " range>" not in done.stdout
    assert nugu("--version", data=tmp_path).stdout == f"nugu {version('nugu')}\n"


@pytest.mark.parametrize(
    "arguments",
    [("identify",), ("identify", "--colour", "x.jpg"), ("enrol", "nowhere"), ("fly",), ("demo", "--port", "x")],
)
def test_a_usage_error_exits_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = nugu(*arguments, data=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""


@pytest.mark.thorough
def test_an_unknown_group_is_a_usage_error(enrolled: Path, public_photos: Path) -> None:
    done = nugu("identify", public_photos / "biden.jpg", "--group", "Kings", data=enrolled)
    assert done.returncode == 2
    assert done.stderr == "nugu: I don't know a group called “Kings”. I know: Presidents.\n"


def test_a_folder_without_photos(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = nugu("enrol", tmp_path / "empty", data=tmp_path / "data")
    assert done.returncode == 1
    assert done.stderr.startswith("nugu: There are no photos in")


def test_running_without_a_token(tmp_path: Path) -> None:
    done = nugu("run", data=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "DISCORD_TOKEN" in line
    assert "nugu demo" in line


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    done = nugu("doctor", data=tmp_path, env={"NUGU_THRESHOLD": "7"})
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("nugu: wrong settings: NUGU_THRESHOLD: ")


def test_the_doctor_passes_everything(enrolled: Path) -> None:
    done = nugu("doctor", data=enrolled, env={"NUGU_WORKERS": "1"})
    assert done.returncode == 0, done.stdout
    assert "✓ engine: dlib-1 sees and encodes" in done.stdout
    assert "✓ font: NotoSansCJKtc-Regular.otf" in done.stdout
    assert "✗" not in done.stdout


@pytest.mark.thorough
def test_the_doctor_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = nugu("doctor", data=tmp_path, env={"NUGU_DATA": str(tmp_path / "file")})
    assert done.returncode == 1
    assert "✗ data folder: " in done.stdout


@pytest.fixture(scope="module")
def presidents(tmp_path_factory: pytest.TempPathFactory, public_photos: Path) -> Path:
    """Folders gallery/, probes/ and women/. The probes include a copy of an enrolled photo and a person of another group."""
    folder = tmp_path_factory.mktemp("evaluate")
    files = {
        "gallery/Presidents/Obama": ["obama.jpg"],
        "gallery/Presidents/바이든": ["biden.jpg"],
        "probes/Presidents/Obama": ["obama2.jpg", "obama3.jpg", "obama.jpg"],
        "probes/Explorers/Collins": ["astronaut.png"],
        "women": ["astronaut.png"],
    }
    for place, photos in files.items():
        (folder / place).mkdir(parents=True)
        for photo in photos:
            shutil.copy(public_photos / photo, folder / place)
    return folder


def test_evaluate_distinguishes_members_strangers_and_copies(presidents: Path, tmp_path: Path) -> None:
    folders = (presidents / "gallery", presidents / "probes", "--strangers", presidents / "women")
    done = nugu("evaluate", *folders, "--trials", "2", "--json", "--out", tmp_path / "out", data=tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    record = json.loads(done.stdout)
    assert (record["group"], record["engine"], record["trials"], record["photos"]) == ("Presidents", "dlib-1", 2, 1.0)
    assert (record["probes"], record["strangers"]) == (2.0, {"Explorers": 1.0, "women": 1.0})
    assert record["rank_1"] == record["tpir"]["0.01"] == {"mean": 1.0, "deviation": 0.0}
    assert record["strangers_named"] == {name: {"mean": 0.0, "deviation": 0.0} for name in ("Explorers", "women")}
    assert record["wrong"]["mean"] == 0.0
    assert record["confusion"]["rows"] == ["Obama", "바이든", "Explorers", "women"]
    assert [sum(row) for row in record["confusion"]["counts"]] == [4, 0, 2, 2]
    with Image.open(tmp_path / "out" / "Presidents-evaluation.png") as image:
        assert image.format == "PNG"


@pytest.mark.thorough
def test_evaluate_prints_a_table_of_one_group(presidents: Path, tmp_path: Path) -> None:
    done = nugu("evaluate", presidents / "gallery/Presidents", presidents / "probes/Presidents", data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "Presidents, dlib-1: 2 members, 1.0 photos each, 2 photos asked about, strangers: none"
    )
    assert "right person likeliest (rank-1)           100.0 ± 0.0%" in done.stdout
    assert "right names at 1% strangers named (TPIR)  —" in done.stdout


@pytest.mark.thorough
def test_evaluate_says_when_nothing_is_left_to_ask_about(presidents: Path, tmp_path: Path) -> None:
    done = nugu("evaluate", presidents / "gallery", presidents / "gallery", data=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("nugu: Presidents can't be evaluated: no photo of a member is left to ask about.")
    (tmp_path / "empty").mkdir()
    done = nugu("evaluate", tmp_path / "empty", presidents / "probes", data=tmp_path)
    assert done.stderr.startswith("nugu: There are no photos in")
    done = nugu("evaluate", presidents / "gallery", presidents / "probes", "--engine", "eyes", data=tmp_path)
    assert "eyes" in done.stderr
    assert done.returncode == 1


@pytest.mark.thorough
def test_a_model_is_trained_listed_and_reported(enrolled: Path, tmp_path: Path) -> None:
    trained = nugu("train", data=enrolled)
    assert trained.returncode == 0, trained.stderr
    assert trained.stdout.startswith(
        "Presidents, for every server: model 1 of 2 members and 2 photos answers; it had no photo to be tried on; "
    )
    assert "too few for a classifier" in trained.stdout
    report = nugu("model", "report", "Presidents", "--out", tmp_path / "report.png", data=enrolled)
    assert report.stdout.splitlines()[0] == "Obama: 1 photo, not tried, needs more photos", report.stderr
    with Image.open(tmp_path / "report.png") as picture:
        assert picture.format == "PNG"
    refused = nugu("model", "rollback", "Presidents", data=enrolled)
    assert (refused.returncode, refused.stderr) == (1, "nugu: There is no earlier model to go back to.\n")
