"""Folders of photos: the members of each file, and misplaced files."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from bot.commands.folders import photos_in

TWO = ["TWICE/Sana/1.jpg", "TWICE/Momo/1.jpg"]
BOTH = {("TWICE", "Sana"), ("TWICE", "Momo")}


def made(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"photo")
    return folder


def misplaced(folder: Path, group: str | None = None) -> list[str]:
    return [str(path.relative_to(folder)) for path in photos_in(folder, group).misplaced]


@pytest.mark.parametrize(
    ("paths", "others"),
    [
        (TWO, []),
        ([f"faces/{path}" for path in TWO], []),
        ([*TWO, "TWICE/cover.jpg", "readme.txt"], ["TWICE/cover.jpg", "readme.txt"]),
        ([*TWO, "TWICE/Momo/old/1.jpg"], ["TWICE/Momo/old/1.jpg"]),
        ([*TWO, "Letters/a.txt"], ["Letters/a.txt"]),
    ],
)
def test_two_members_of_a_folder(tmp_path: Path, paths: list[str], others: list[str]) -> None:
    assert set(photos_in(made(tmp_path, *paths), None).members) == BOTH
    assert misplaced(tmp_path) == others


def test_a_folder_of_one_group_is_the_group_by_its_name(tmp_path: Path) -> None:
    folder = made(tmp_path / "TWICE", "Sana/1.jpg", "Momo/1.jpg", "cover.jpg")
    assert set(photos_in(folder, None).members) == BOTH
    assert misplaced(folder) == ["cover.jpg"]


def test_the_group_option_names_the_group(tmp_path: Path) -> None:
    folder = made(tmp_path, "Sana/1.jpg", "Momo/1.jpg", "Momo/old/1.jpg")
    assert set(photos_in(folder, "TWICE").members) == BOTH
    assert misplaced(folder, "TWICE") == ["Momo/old/1.jpg"]


def test_files_of_operating_systems_are_misplaced(tmp_path: Path) -> None:
    litter = ["@eaDir/TWICE/Sana/1.jpg", "$RECYCLE.BIN/a/1.jpg", "TWICE/@eaDir/1.jpg", "TWICE/Sana/Thumbs.db"]
    litter += ["TWICE/desktop.ini", "TWICE/Icon\r", ".hidden/Sana/1.jpg", "TWICE/Sana/._1.jpg", "__MACOSX/Sana/1.jpg"]
    assert set(photos_in(made(tmp_path, *TWO, *litter), None).members) == BOTH
    assert misplaced(tmp_path) == []


def test_decomposed_names_of_macos_are_composed(tmp_path: Path) -> None:
    made(tmp_path, unicodedata.normalize("NFD", "트와이스/사나/1.jpg"), "트와이스/모모/1.jpg")
    assert set(photos_in(tmp_path, None).members) == {("트와이스", "사나"), ("트와이스", "모모")}


def test_a_symbolic_link_is_followed_and_a_circular_one_is_not(tmp_path: Path) -> None:
    folder = made(tmp_path / "faces", "TWICE/Sana/1.jpg")
    made(tmp_path / "elsewhere", "1.jpg")
    (folder / "TWICE" / "Momo").symlink_to(tmp_path / "elsewhere")
    (folder / "TWICE" / "Mina").symlink_to(folder)
    assert set(photos_in(folder, None).members) == BOTH
