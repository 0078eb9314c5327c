"""The start benchmark measures a stand-in for the bot, and shows the log of one that fails."""

from pathlib import Path

import pytest

from bench.start import measure, rounds, table

STAND_IN = """
import os, pathlib, sys
import discord
assert sys.argv[1:] == ["run"], sys.argv
pathlib.Path(os.environ["NUGU_DATA"], "nugu.db").touch()
discord.AutoShardedClient(intents=discord.Intents.default()).run(os.environ["DISCORD_TOKEN"])
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that starts as the bot does."""
    (tmp_path / "stand_in.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "stand_in"


@pytest.mark.thorough
async def test_both_starts_are_measured(stand_in: str) -> None:
    found = await rounds(1, stand_in, ["run"], settle=0.1)
    for (start,) in found.values():
        assert 0 < start.seconds < 30
        assert start.rss_ready > 10
    text = table(found, 0.1)
    assert "existing data folder, median" in text


async def test_a_bot_that_dies_shows_its_log(stand_in: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"stopped with 1:[\s\S]*AssertionError: .*'walk'"):
        await measure(tmp_path, stand_in, ["walk"], settle=0.1)
