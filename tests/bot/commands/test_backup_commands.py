"""`nugu backup`, `nugu restore` and `nugu check` in processes of their own: the same answers before and after."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from tests.bot.commands.processes import nugu

pytestmark = pytest.mark.thorough


def answers(data: Path, photos: Path) -> list[object]:
    """The answers about three pictures, without the pictures' paths."""
    done = nugu("identify", photos / "obama2.jpg", photos / "biden.jpg", photos / "astronaut.png", "--json", data=data)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["faces"] for line in done.stdout.splitlines()]


def test_a_restored_bot_gives_the_same_answers(enrolled: Path, public_photos: Path, tmp_path: Path) -> None:
    backup, secret, restored = tmp_path / "bot.backup", tmp_path / "passphrase", tmp_path / "restored"
    secret.write_text("누구 correct horse\n")
    done = nugu("backup", backup, "--passphrase-file", secret, data=enrolled)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{backup}: the database, 2 crops, 0 classifiers, ")
    assert first.endswith(" MiB, encrypted")
    assert second == "Not in it: engines' files (nugu engine install brings them), videos, clips and .env."
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600

    refused = nugu("restore", backup, data=restored)
    sentence = "nugu: give the passphrase with --passphrase-file; there is no terminal to ask at\n"
    assert (refused.returncode, refused.stderr) == (1, sentence)
    done = nugu("restore", backup, "--passphrase-file", secret, data=restored)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{restored}: the database, 2 crops, 0 classifiers, ")
    assert answers(restored, public_photos) == answers(enrolled, public_photos)
    assert nugu("check", data=restored).stdout == "All fits together.\n"


def test_damage_is_told_by_the_exit_status(enrolled: Path, tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "bot.backup"
    shutil.copytree(enrolled, data)
    crop = next((data / "files" / "crops").iterdir())
    crop.unlink()
    done = nugu("backup", backup, data=data)
    assert (done.returncode, done.stderr) == (1, f"a crop is missing: crops/{crop.name}\n")
    again = nugu("backup", backup, data=data)
    assert again.stderr == f"nugu: {backup} is there already. Choose another name, or write over it with --force.\n"
    assert nugu("backup", backup, "--force", data=data).returncode == 1
    done = nugu("restore", backup, data=tmp_path / "restored")
    assert (done.returncode, done.stderr) == (0, f"a crop is missing: crops/{crop.name}\n")
    done = nugu("check", "--json", data=data)
    assert done.returncode == 1
    record = json.loads(done.stdout)
    assert record["detail"] in {"Presidents, Obama", "Presidents, 바이든"}
    assert {name: record[name] for name in ("fault", "subject", "mendable", "mended")} == {
        "fault": "missing-crop",
        "subject": f"crops/{crop.name}",
        "mendable": False,
        "mended": False,
    }
    done = nugu("check", "--fix", data=data)
    line = f"a crop is missing: crops/{crop.name} ({record['detail']})\n1 thing wrong\n"
    assert (done.returncode, done.stdout) == (1, line)
    cut = tmp_path / "cut.backup"
    cut.write_bytes(backup.read_bytes()[:5000])
    done = nugu("restore", cut, data=tmp_path / "other")
    sentence = f"nugu: {cut}: This backup is cut short or was changed, so I leave it alone.\n"
    assert (done.returncode, done.stderr) == (1, sentence)
    done = nugu("restore", backup, data=data)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "is not empty. Restore into a new folder: set NUGU_DATA to one that is not there yet.\n"
    )
