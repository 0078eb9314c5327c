"""The architecture of docs/architecture.md holds: layers, no circles, no loose files, and the folders that it lists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.sources import LAYERS, PROJECT, imports, modules, name_of, tree_of

FORBIDDEN = {
    "models": {
        *("bot", "cogs", "discord", "sqlalchemy", "aiosqlite", "distributed", "obstore", "aiohttp"),
        *("pydantic_settings", "time", "datetime", "socket", "urllib", "http", "requests"),
    },
    "bot": {"cogs"},
    "bot/domain": {"bot", "models", "discord", "sqlalchemy", "numpy"},
    "bot/database": {"bot.jobs", "bot.media", "bot.usecases", "bot.learning"},
    "bot/usecases": {"cogs", "discord"},
    "cogs": {"models", "bot.database", "bot.jobs", "sqlalchemy", "distributed", "cv2", "dlib", "numpy"},
}
"""What the modules of a folder never import, however deep. Of these, `ALLOWED` is imported all the same."""

ALLOWED = {"bot/domain": {"bot.domain", "models.faces"}, "cogs": {"models.faces"}}
ON_DISCORD = {
    *("bot/client.py", "bot/retries.py", "bot/commands/run.py"),
    *("bot/demo/media.py", "bot/demo/opening.py", "bot/demo/page.py", "bot/demo/run.py"),
}
MAX_LOOSE_FILES = 8
FOLDERS = {name_of(module) for layer in LAYERS for module in modules(layer) if module.name == "__init__.py"}


def is_within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def package_of(module: str, depth: int | None = None) -> str:
    """The folder that a module lies in, or the folder above it that lies `depth` parts deep.

    A loose module of a layer is a package of its own, since it wires the layer's folders together or gives them words.
    """
    folder = module if module in FOLDERS else module.rpartition(".")[0]
    return module if folder in LAYERS else ".".join(folder.split(".")[:depth])


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Nodes that lead to one another, the first one again at the end; none where nothing does."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_folders_import_only_what_lies_below_them(folder: str) -> None:
    allowed = ALLOWED.get(folder, set())
    wrong = {
        name_of(module): bad
        for module in modules(folder)
        if (
            bad := {one for one in imports(module) if is_within(one, FORBIDDEN[folder]) and not is_within(one, allowed)}
        )
    }
    assert not wrong


def test_only_the_edge_of_the_bot_imports_discord() -> None:
    found = {
        str(m.relative_to(ROOT))
        for m in modules("bot")
        if any(is_within(i, {"discord", "simcord"}) for i in imports(m))
    }
    assert found == ON_DISCORD


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {name_of(m): imports(m) & PROJECT - {name_of(m)} for layer in LAYERS for m in modules(layer)}
    assert not circle(graph)


@pytest.mark.parametrize("depth", [2, 3, None])
def test_no_package_imports_itself_by_way_of_others(depth: int | None) -> None:
    """A package is a folder without its subfolders, and a folder of each depth with them."""
    graph: dict[str, set[str]] = {}
    for layer in LAYERS:
        for module in modules(layer):
            package = package_of(name_of(module), depth)
            graph.setdefault(package, set()).update(package_of(one, depth) for one in imports(module) & PROJECT)
    assert not circle({package: found - {package, *LAYERS} for package, found in graph.items()})


def test_an_import_upward_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "def later():\n    from cogs.who.cog import WhoCog\n    import discord.ext\n    from bot import client\n"
    )
    assert imports(module) == {"cogs.who.cog", "discord.ext", "bot.client"}


def test_a_circle_would_be_seen() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) in (["b", "c", "b"], ["c", "b", "c"])


def test_a_folder_and_its_subfolder_are_two_packages() -> None:
    assert package_of("bot.database.engine") == "bot.database"
    assert package_of("bot.database.tables") == package_of("bot.database.tables.rosters") == "bot.database.tables"
    assert package_of("bot.database.tables.rosters", 2) == "bot.database"
    assert package_of("bot.settings") == "bot.settings"


def test_one_module_writes_questions() -> None:
    found = {
        name_of(module)
        for module in modules("bot")
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Question"
    }
    assert found == {"bot.usecases.questions.record"}


@pytest.mark.parametrize("folder", ["bot", "models"])
def test_few_files_lie_loose(folder: str) -> None:
    assert len(list((ROOT / folder).glob("*.py"))) <= MAX_LOOSE_FILES


def test_the_documentation_lists_every_folder_that_there_is() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    tree = text.split("```")[1]
    listed: list[str] = []
    path: list[str] = []
    for line in tree.splitlines():
        if (found := re.match(r"( *)([\w/]+)/(?: |$)", line)) is not None:
            depth = len(found.group(1)) // 2
            path = [*path[:depth], found.group(2)]
            listed.append("/".join(path))
    there = {str(module.parent.relative_to(ROOT)) for layer in LAYERS for module in modules(layer)}
    assert sorted(listed) == sorted(there)


def test_every_module_has_a_docstring() -> None:
    assert not [m for layer in LAYERS for m in modules(layer) if not ast.get_docstring(tree_of(m))]


def test_the_bot_loads_every_cog_that_there_is() -> None:
    from bot.client import COGS

    assert set(COGS) == {name_of(m) for m in modules("cogs") if "async def setup(" in m.read_text()}


def test_no_two_test_files_have_one_name() -> None:
    """pytest imports them by it, and collects nothing at all where two meet."""
    names = Counter(file.name for file in (ROOT / "tests").rglob("test_*.py"))
    assert not [name for name, count in names.items() if count > 1]


def test_no_two_public_classes_have_one_name() -> None:
    names = Counter(
        node.name
        for layer in LAYERS
        for module in modules(layer)
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert not [name for name, count in names.items() if count > 1]


LINK_READERS = {"bot/text/links.py": "parts_of", "bot/infra/untrusted_links.py": "url_of"}
"""The modules that read strangers' links, each by one function that takes any text."""

OWN_LINKS = {"bot/infra/downloads.py", "bot/infra/redaction.py"}
"""Modules that read the addresses of publishers, which stand in the code, and those in the operator's settings."""


def test_strangers_links_are_read_by_functions_that_take_any_text() -> None:
    found: set[str] = set()
    for module in [module for layer in LAYERS for module in modules(layer)]:
        for node in ast.walk(tree_of(module)):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name in {"urlsplit", "urlparse", "URL"}:
                found.add(str(module.relative_to(ROOT)))
    assert found == {*LINK_READERS, *OWN_LINKS}
