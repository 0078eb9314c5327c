"""Every command that README and docs show can be typed as it stands there."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import TYPE_CHECKING

import pytest
from discord import app_commands
from discord.ext import commands

from bot.client import COGS
from tests.conftest import ROOT
from tests.support.shown_commands import (
    FENCE,
    PAGES,
    SPAN,
    ShownCommand,
    WrongCommandError,
    check,
    page_name,
    shown_commands,
    verbs_of_nugu,
)

if TYPE_CHECKING:
    from pathlib import Path

SLASH = re.compile(r"/[a-z]+( [a-z]+)?")
"""A command of Discord in a sentence, such as `/quiz play`."""


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_commands_of_the_shell_can_be_typed(page: Path) -> None:
    wrong: list[str] = []
    for shown in shown_commands(page):
        try:
            check(shown)
        except WrongCommandError as error:
            wrong.append(f"{shown}: {error}")
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_block_says_its_language(page: Path) -> None:
    assert "" not in [language for language, _ in FENCE.findall(page.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_commands_of_discord_are_there(page: Path) -> None:
    there = slash_commands()
    named = {span for span in SPAN.findall(FENCE.sub("", page.read_text())) if SLASH.fullmatch(span)}
    assert named <= there.keys(), named - there.keys()


def test_docs_name_every_command_of_discord() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    groups = {name.split()[0] for name in slash_commands() if " " in name}
    assert not [name for name in slash_commands().keys() - groups if f"`{name}`" not in text]


def test_options_of_commands_of_discord_are_there() -> None:
    wrong: list[str] = []
    for line in (ROOT / "docs" / "commands.md").read_text().splitlines():
        options = set(re.findall(r"`(\w+):`", line))
        named = [options_of for name, options_of in slash_commands().items() if f"| `{name}` |" in line]
        if options and not (named and options <= named[0]):
            wrong.append(line)
    assert not wrong


def test_docs_show_every_command_of_the_shell() -> None:
    text = (ROOT / "docs" / "operating.md").read_text() + (ROOT / "README.md").read_text()
    assert not [name for name in verbs_of_nugu() if f"nugu {name}" not in text]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "nugu identfy PHOTO",
            "nugu roster drop TWICE",
            "nugu identify PHOTO --outt TAGGED",
            "nugu map --out map.png",
        ),
        *(
            "nugu map TWICE --out map.png --method mds",
            "nugu evaluate GALLERY PROBES --photos five",
            "nugu train TWICE",
        ),
        *("python -m bench.nothing", "python -m bench.gate --trails 3", "python -m bench.pictures", "python nugu.py"),
        *("python -m bench.gate --trials many", "python -m bot.settings --all", "uv run nugo run", "uv install"),
        *("uv run pytest -m quik", "uv run pytest tests/test_nothing.py", "uv run --groups tests nugu run", "make"),
    ],
)
def test_a_wrong_command_is_seen(text: str) -> None:
    with pytest.raises(WrongCommandError):
        check(ShownCommand(ROOT / "README.md", text, whole=True))


def test_commands_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`nugu` and `nugu run`, `nuguru`\n```sh\npip install uv && uv run nugu demo  # try\n```\n```python\nx = 1\n```\n"
    )
    assert [(one.text, one.whole) for one in shown_commands(page)] == [
        ("pip install uv", True),
        ("uv run nugu demo", True),
        ("nugu run", False),
    ]


def slash_commands() -> dict[str, set[str]]:
    """The options of every command and group of commands that the cogs define: `/who`, `/quiz`, `/quiz play`."""
    found: dict[str, set[str]] = {}
    for name in COGS:
        for _, cog in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if not issubclass(cog, commands.Cog) or cog.__module__ != name:
                continue
            group = f"/{cog.__cog_group_name__}" if issubclass(cog, commands.GroupCog) else ""
            if group:
                found[group] = set()
            for one in cog.__cog_app_commands__:
                assert isinstance(one, app_commands.Command)
                options = {parameter.display_name for parameter in one.parameters}
                found[f"{group} {one.name}" if group else f"/{one.name}"] = options
    return found
