"""All pictures that the bot draws have legible names, and no overlapping texts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bench.pictures import GROUP, MEMBERS, BotPicture, charts, contact_sheet
from tests.conftest import ROOT
from tests.support.drawn import Drawing, drawings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made() -> tuple[list[BotPicture], dict[str, Drawing]]:
    """The charts, and the texts of each."""
    with drawings() as saved:
        drawn = charts()
    written = [drawing for drawing in saved if not drawing.words[0].startswith("The twins of")]
    return drawn, dict(zip([picture.name for picture in drawn], written, strict=True))


@pytest.mark.parametrize(
    ("name", "members", "times"),
    [
        ("report.png", MEMBERS, 2),
        ("distances.png", MEMBERS, 2),
        ("map.png", (MEMBERS[0], *MEMBERS[2:]), 2),
        ("evaluation.png", MEMBERS, 2),
        ("screen-time.png", (*MEMBERS[:7], "unknown"), 1),
        ("quiz.png", MEMBERS, 1),
    ],
)
def test_names_are_legible_in_every_chart(
    made: tuple[list[BotPicture], dict[str, Drawing]], name: str, members: tuple[str, ...], times: int
) -> None:
    chart = made[1][name]
    chart.check(margin=16)
    assert [chart.words.count(member) for member in members] == [times] * len(members)
    assert chart.words[0].startswith(GROUP)
    assert chart.size[0] >= 1000


@pytest.mark.thorough
def test_the_sheet_has_all_pictures(tmp_path: Path, public_photos: Path) -> None:
    command = [sys.executable, "-m", "bench.pictures", "--out", str(tmp_path / "new")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    files = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert len(files) == int(done.stdout.split()[0]) + 1
    assert {"all.png", "who.jpg", "members.jpg", "twins.png", "look-alikes.png", "distances.png"} <= set(files)
    for file in files:
        Image.open(tmp_path / "new" / file).load()


def test_the_sheet_names_the_commands(made: tuple[list[BotPicture], dict[str, Drawing]]) -> None:
    drawn, _ = made
    with drawings() as saved:
        contact_sheet(drawn)
    saved[0].check(margin=16)
    assert {picture.shown for picture in drawn} <= set(saved[0].words)
