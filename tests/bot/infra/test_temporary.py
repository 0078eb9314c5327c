"""Temporary folders: of their user alone, gone with their process, and swept after its sudden death, by owner."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bot.infra.temporary import PREFIX, TemporaryFolder, sweep
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

HOLDER = "from bot.infra.temporary import TemporaryFolder; print(TemporaryFolder().path, flush=True); input()"
"""A process that makes a folder, and then waits."""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files, in this process and its children."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_a_folder_is_its_users_alone_and_is_removed_at_the_end(temporary: Path) -> None:
    with TemporaryFolder() as folder:
        assert folder.parent == temporary
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        sweep()  # another start of the same process
        (folder / "file").touch()
    assert not folder.exists()


def test_a_folder_outlives_its_process_only_until_the_next_start() -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        (folder / "deep").mkdir()
        (folder / "deep" / "face.jpg").touch()
        sweep()
        assert (folder / "deep" / "face.jpg").exists()
    finally:
        holder.kill()
        holder.communicate()
    sweep()
    assert not folder.exists()


def test_no_link_is_followed(temporary: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "kept").touch()
    (temporary / f"{PREFIX}link").symlink_to(victim)
    dead = temporary / f"{PREFIX}dead"
    dead.mkdir()
    (dead / "link").symlink_to(victim)
    (dead / "file").symlink_to(victim / "kept")
    sweep()
    assert (victim / "kept").exists()
    assert (temporary / f"{PREFIX}link").is_symlink()
    assert not dead.exists()


def test_only_folders_of_this_user_and_this_name_go(temporary: Path) -> None:
    for name in ("nugu-bench-1", "other", f"x{PREFIX}1"):
        (temporary / name).mkdir()
    (temporary / f"{PREFIX}file").touch()
    sweep()
    assert len([*temporary.iterdir()]) == 4


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make folders of other users")
def test_a_folder_of_another_user_stays(temporary: Path) -> None:
    theirs = temporary / f"{PREFIX}theirs"
    theirs.mkdir()
    shutil.chown(theirs, 12345)
    sweep()
    assert theirs.exists()
