"""The house stands: arrows point downward, and nobody carries what belongs elsewhere."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT

FORBIDDEN = {
    "models": {
        *(
            "bot",
            "cogs",
            "discord",
            "sqlalchemy",
            "aiosqlite",
            "distributed",
            "obstore",
            "aiohttp",
            "pydantic_settings",
        ),
        *("time", "datetime", "socket", "urllib", "http", "requests"),
    },
    "bot": {"cogs"},
    "cogs": {"models", "sqlalchemy", "distributed", "cv2", "dlib", "numpy"},
}
SPEAK_DISCORD = {
    *("bot/client.py", "bot/retries.py", "bot/commands/run.py", "bot/demo/run.py"),
    *("bot/demo/media.py", "bot/demo/opening.py", "bot/demo/page.py"),
}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(module: Path) -> set[str]:
    """The top-level packages that a module imports anywhere, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", FORBIDDEN)
def test_arrows_point_downward(room: str) -> None:
    upward = {str(m.relative_to(ROOT)): imports(m) & FORBIDDEN[room] for m in modules(room)}
    assert not {module: names for module, names in upward.items() if names}


def test_only_the_edge_of_the_bot_speaks_discord() -> None:
    speakers = {str(m.relative_to(ROOT)) for m in modules("bot") if imports(m) & {"discord", "simcord"}}
    assert speakers == SPEAK_DISCORD


def test_an_upward_arrow_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def later():\n    from cogs.who.cog import Who\n    import discord.ext\n")
    assert imports(module) == {"cogs", "discord"}


def test_every_module_says_what_it_is() -> None:
    silent = [m for room in FORBIDDEN for m in modules(room) if not ast.get_docstring(ast.parse(m.read_text()))]
    assert not silent


def test_the_bot_loads_every_cog_there_is() -> None:
    from bot.client import COGS

    there = {f"cogs.{m.stem}" for m in (ROOT / "cogs").glob("*.py") if "async def setup(" in m.read_text()}
    assert set(COGS) == there


def test_no_two_test_files_have_one_name() -> None:
    """pytest imports them by it, and collects nothing at all where two meet."""
    names = Counter(file.name for file in (ROOT / "tests").rglob("test_*.py"))
    assert not [name for name, count in names.items() if count > 1]
