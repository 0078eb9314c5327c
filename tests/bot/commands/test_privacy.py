"""On the machine: what other users can read of a data folder and of an export, and what the doctor says and mends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.infra.private_files import exposed_paths
from tests.bot.commands.processes import nugu
from tests.support.files import permissions

pytestmark = pytest.mark.slow


@contextmanager
def umask(mask: int) -> Generator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_nobody_else_reads_what_the_bot_and_its_workers_keep(enrolled: Path) -> None:
    kept = [path for path in enrolled.rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} >= {".sqlite3", ".jpg"}
    assert exposed_paths(enrolled) == []


def test_an_export_follows_the_persons_umask_and_a_new_data_folder_does_not(enrolled: Path, tmp_path: Path) -> None:
    with umask(0o022):
        out = tmp_path / "roster.zip"
        assert nugu("roster", "export", out, data=enrolled).returncode == 0
        nugu("roster", "list", data=tmp_path, env={"NUGU_DATA": str(tmp_path / "data")})
    made = (out, tmp_path / "data", tmp_path / "data/nugu.sqlite3")
    assert [permissions(path) for path in made] == [0o644, 0o700, 0o600]


def test_the_doctor_says_what_is_wider_and_narrows_it(enrolled: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(enrolled, data)
    (data / ".env").write_text("NUGU_WORKERS=1\n")
    key = tmp_path / "scheduler.key"
    key.touch()
    for path in (data, data / ".env", data / "nugu.sqlite3", key):
        path.chmod(0o755 if path.is_dir() else 0o644)
    named = {"NUGU_SCHEDULER_KEY": str(key)}
    found = nugu("doctor", data=data, env=named)
    assert found.returncode == 1
    assert f"✗ privacy: other users of this machine may use {data} and " in found.stdout
    fixed = nugu("doctor", "--fix", data=data, env=named)
    assert "✓ privacy: other users are kept out now: " in fixed.stdout
    assert fixed.returncode == 0
    assert exposed_paths(data, key) == []
