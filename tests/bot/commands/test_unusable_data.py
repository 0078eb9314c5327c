"""A data folder that can't be used ends a command with one line on stderr, which names the step that ends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.bot.commands.processes import nugu
from tests.support.disks import filled, read_only, small_disk

TOKEN = {"DISCORD_TOKEN": "a.b.c"}


def complaint(*arguments: str | Path, data: Path, cwd: Path) -> str:
    done = nugu(*arguments, data=cwd, env={**TOKEN, "NUGU_DATA": str(data)})
    assert done.returncode == 1, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """A working folder that can be written."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", ["used", pytest.param("empty", marks=pytest.mark.slow)])
def test_a_bot_on_a_read_only_folder_ends_with_a_sentence(data: Path, away: Path, kind: str) -> None:
    if kind == "empty":
        (data / "nugu.sqlite3").unlink()
    else:
        (data / "files").mkdir()
    data.chmod(0o700)
    with read_only(data):
        line = complaint("run", data=data, cwd=away)
    assert line.startswith("nugu: ")
    assert " can only be read (" in line
    assert line.endswith("). Make it writable, and start me again.")
    assert str(data) in line


def test_a_command_on_a_full_disk_ends_with_a_sentence_and_keeps_nothing(
    tmp_path: Path, away: Path, migrated: Path
) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        shutil.copy(migrated, disk)
        with filled(disk):
            line = complaint("engine", "use", "sface", data=disk, cwd=away)
        assert line.startswith(f"nugu: No space is left for {disk}")


@pytest.mark.slow
def test_a_folder_without_room_for_a_database_is_named(tmp_path: Path, away: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk, filled(disk):
        disk.chmod(0o700)
        line = complaint("run", data=disk, cwd=away)
    assert line.startswith(f"nugu: No space is left for {disk}")
