"""What other users of the machine can read: none of the bot's files, and of what a person asked for, what their umask says."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from bot.infra import private_files
from tests.support.files import permissions


@pytest.fixture
def umask(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """A person's umask of 027, and that of this process afterwards as it was."""
    monkeypatch.setattr(private_files, "_user", private_files._User())  # pyright: ignore[reportPrivateUsage]
    before = os.umask(0o027)
    yield
    os.umask(before)


def test_files_and_folders_are_private(tmp_path: Path, umask: None) -> None:
    private_files.set_private_umask()
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    assert [permissions(tmp_path / "folder"), permissions(tmp_path / "file")] == [0o700, 0o600]


def test_what_a_person_asks_for_follows_their_own_umask(tmp_path: Path, umask: None) -> None:
    private_files.set_private_umask()
    private_files.set_private_umask()  # as a job does in the process of a command
    there = tmp_path / "there"
    there.touch()
    for path in (tmp_path / "new", there):
        with private_files.with_user_mode(path):
            path.write_text("a roster")
    private_files.make_user_folder(tmp_path / "a" / "b")
    assert [permissions(tmp_path / name) for name in ("new", "there", "a", "a/b")] == [0o640, 0o600, 0o750, 0o750]


def test_what_is_wider_is_found_and_narrowed(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for folder in (data, data / "files", elsewhere):
        folder.mkdir(mode=0o700)
    for name, wide in (("nugu.sqlite3", 0o644), ("files/crop.jpg", 0o666), ("files/private.jpg", 0o600)):
        (data / name).touch()
        (data / name).chmod(wide)
    (elsewhere / "weights").touch()
    (elsewhere / "weights").chmod(0o644)
    (data / "engines").symlink_to(elsewhere)
    (tmp_path / ".env").symlink_to(elsewhere / "weights")
    (data / "files").chmod(0o750)
    found = private_files.exposed_paths(data, tmp_path / ".env", tmp_path / "missing")
    assert set(found) == {data / "files", data / "nugu.sqlite3", data / "files/crop.jpg", elsewhere / "weights"}
    private_files.restrict(found)
    assert private_files.exposed_paths(data, tmp_path / ".env") == []
    assert [permissions(data / name) for name in ("files", "nugu.sqlite3", "files/crop.jpg")] == [0o700, 0o600, 0o600]


def test_a_link_in_place_of_a_file_is_not_narrowed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.touch()
    victim.chmod(0o644)
    (tmp_path / "swapped").symlink_to(victim)
    with pytest.raises(OSError, match="swapped"):
        private_files.restrict([tmp_path / "swapped"])
    assert permissions(victim) == 0o644
