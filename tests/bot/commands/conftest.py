"""A data folder for the commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.bot.commands.processes import nugu


@pytest.fixture(scope="session")
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
