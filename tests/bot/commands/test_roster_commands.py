"""`nugu roster`, `nugu twins`, `nugu map` and `nugu model` about an enrolled group."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.bot.commands.processes import nugu

pytestmark = pytest.mark.slow


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
