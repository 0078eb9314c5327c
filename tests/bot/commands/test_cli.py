"""The command line in processes of its own: arguments, errors, identify, evaluate and doctor."""

from __future__ import annotations

import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from tests.bot.commands.processes import nugu, python

pytestmark = pytest.mark.slow


def test_nobody_is_enrolled(public_photos: Path, tmp_path: Path) -> None:
    done = nugu("identify", public_photos / "biden.jpg", data=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "nugu: nobody is enrolled yet; start with: nugu enrol FOLDER (FOLDER/GROUP/MEMBER/*.jpg)\n"


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


def test_json_has_one_line_a_photo(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    photos = [public_photos / "obama2.jpg", public_photos / "biden.jpg"]
    done = nugu("identify", *photos, "--json", "--out", tmp_path / "out", data=enrolled)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    first, second = map(json.loads, done.stdout.splitlines())
    assert list(first) == ["photo", "size", "group", "faces", "left_out", "engine", "seconds"]
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
    assert "✓ engine: sface-2 sees and encodes" in done.stdout
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
    assert (record["group"], record["engine"], record["trials"], record["photos"]) == ("Presidents", "sface-2", 2, 1.0)
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
        "Presidents, sface-2: 2 members, 1.0 photos each, 2 photos asked about, strangers: none"
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


def test_an_address_that_no_store_knows_ends_without_its_password(tmp_path: Path) -> None:
    """The library's error has it: "Unable to recognise URL" with the whole address, twice."""
    done = nugu("roster", "list", data=tmp_path, env={"NUGU_STORAGE_URL": "nonsense://me:hunter%402@host/crops"})
    assert done.returncode != 0
    assert "nonsense://me:[secret]@host/crops" in done.stderr
    assert "hunter" not in done.stdout + done.stderr


def test_a_scheduler_that_any_user_reaches_is_refused_in_a_sentence(tmp_path: Path) -> None:
    done = nugu("doctor", data=tmp_path, env={"NUGU_SCHEDULER": "tcp://127.0.0.1:8786"})
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("nugu: wrong settings: NUGU_SCHEDULER: whoever reaches a scheduler without TLS runs code")
