"""What README and docs name is there: files, modules, functions, settings, and each dependency with its licence."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from bot.settings import Settings
from tests.conftest import ROOT
from tests.support.shown_commands import FENCE, PAGES, SPAN, page_name

LAYERS = ("bot", "cogs", "models")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)[^)]*\)|src=\"([^\"]+)\"")
FILE = re.compile(r"(?:[\w.-]+/)*[\w-]+\.(?:py|md|json|sh|toml|yaml|png)")
MEMBER = re.compile(r"((?:[a-z_]+/)*)(\w+)\.(\w+)")
"""`module.function`, `package/module.NAME` or `Class.attribute` in a sentence."""

VARIABLE = re.compile(r"NUGU_[A-Z_]*[A-Z]")
OF_TESTS = {"NUGU_SHARED"}
EXAMPLES = {
    *("bot/gather/sources/searxng.py", "models/engines/arc.py", "models/encodings/background/arc-1.json"),
    "roster.json",
}
"""Examples that a page shows whole, and files of the reader's own."""


def spans(page: Path) -> list[str]:
    return SPAN.findall(FENCE.sub("", page.read_text()))


@cache
def files() -> list[str]:
    folders = (*LAYERS, "tests", "bench", "docs", ".ci")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return [str(path.relative_to(ROOT)) for path in [*found, *ROOT.iterdir()] if path.is_file()]


@cache
def defined() -> dict[str, set[str]]:
    """The names that each module and each class of the project defines or imports, by its own name or its path."""
    found: dict[str, set[str]] = {}
    for layer in LAYERS:
        for path in (ROOT / layer).rglob("*.py"):
            module = path.parent if path.name == "__init__.py" else path.with_suffix("")
            tree = ast.parse(path.read_text())
            found.setdefault(str(module.relative_to(ROOT)), set()).update(names_in(tree))
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, set()).update(names_in(node))
    return found


def names_in(scope: ast.Module | ast.ClassDef) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
    return names


def is_defined(folder: str, owner: str, name: str) -> bool:
    """Whether a module or class of that name, or a module at that path, defines `name`."""
    wanted = f"{folder}{owner}"
    return any(name in names for path, names in defined().items() if f"/{path}".endswith(f"/{wanted}"))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [first or second for first, second in LINK.findall(FENCE.sub("", page.read_text()))]
    assert not [one for one in targets if one and not (page.parent / one).exists()]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_files_are_there(page: Path) -> None:
    named = {span for span in spans(page) if FILE.fullmatch(span)} - EXAMPLES
    assert not [one for one in named if not any(f"/{path}".endswith(f"/{one}") for path in files())]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_settings_are_there(page: Path) -> None:
    there = {Settings.variable(name) for name in Settings.model_fields} | OF_TESTS
    assert set(VARIABLE.findall(page.read_text())) <= there


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_functions_are_there(page: Path) -> None:
    """All of architecture.md; elsewhere those whose folder is named, as others may belong to libraries."""
    named = [MEMBER.fullmatch(span) for span in spans(page) if not FILE.fullmatch(span)]
    ours = [one for one in named if one and (one.group(1) or page.name == "architecture.md")]
    assert not [one.group() for one in ours if not is_defined(*one.groups())]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_examples_import_what_is_there(page: Path) -> None:
    """Under TYPE_CHECKING too, which no run of an example imports."""
    wrong: list[str] = []
    for example in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        for node in ast.walk(ast.parse(example)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in LAYERS:
                path = node.module.replace(".", "/")
                names = {alias.name for alias in node.names}
                gone = {name for name in names - defined().get(path, set()) if f"{path}/{name}" not in defined()}
                wrong += [f"{node.module}.{name}" for name in gone]
    assert not wrong


def test_the_glossary_is_short() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| .+ \|$", text.split("## Glossary")[1].split("## ")[0], re.MULTILINE)
    assert 20 < len(rows) - 1 <= 30


def test_a_function_that_is_gone_would_be_seen() -> None:
    assert is_defined("bot/usecases/questions/", "identify", "answer_question")
    assert is_defined("", "identify", "answer_question")
    assert is_defined("", "Settings", "forget_days")
    assert not is_defined("", "identify", "asked_no_more")
    assert not is_defined("bot/infra/", "identify", "answer_question")


def test_each_attack_has_a_test() -> None:
    """`test_files_are_there` looks for the named files."""
    page = (ROOT / "docs" / "security.md").read_text().partition("## What isn't held")[0]
    attacks = [row for row in re.findall(r"^\| (.*) \|$", page, re.MULTILINE) if not row.startswith("attack |")]
    assert len(attacks) > 20
    assert not [row for row in attacks if not re.search(r"`tests/[\w/]+\.py`$", row)]


def dependencies() -> set[str]:
    """Names of the packages that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"].values()
    return {
        Requirement(text).name for text in [*project["project"]["dependencies"], *(one for g in groups for one in g)]
    }


def cells(page: str) -> list[list[str]]:
    """The cells of each row of all tables of a page."""
    lines = (ROOT / "docs" / page).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def packages(page: str, column: int) -> set[str]:
    named = {name for row in cells(page) if len(row) > column for name in row[column].split(", ")}
    return named & dependencies()


def test_each_dependency_has_its_line() -> None:
    assert packages("dependencies.md", 0) | packages("dependencies.md", 1) == dependencies()
    assert packages("licences.md", 0) == dependencies()


def test_licences_are_those_of_the_installed_packages() -> None:
    """Packages that say it as an SPDX expression; the others say it in words, in a classifier, or not at all."""
    wrong: dict[str, tuple[str, str]] = {}
    for name, licence in [(name, row[1]) for row in cells("licences.md") for name in row[0].split(", ")]:
        if name not in dependencies():
            continue
        try:
            said = metadata(name)["License-Expression"]
        except PackageNotFoundError:  # of another machine, or of a group that isn't installed
            continue
        except KeyError:  # importlib_metadata, which distributed brings, takes the place of importlib.metadata
            continue
        if said and said != licence:
            wrong[name] = (licence, said)
    assert not wrong


def test_every_weight_file_has_its_licence() -> None:
    from models import engines

    rows = {row[0]: row[1] for row in cells("licences.md")}
    for name in engines.names():
        for file in engines.weights_of(name):
            stem = Path(file.path).name.removesuffix(".xml").removesuffix(".bin")
            assert file.licence in [licence for label, licence in rows.items() if f"`{stem}`" in label]


def test_the_landmarks_for_non_commercial_use_are_not_loaded() -> None:
    """Importing face_recognition would load them; the bot opens two files of its models by name."""
    sources = {path: path.read_text() for layer in (*LAYERS, "bench") for path in (ROOT / layer).rglob("*.py")}
    assert not [path for path, text in sources.items() if re.search(r"68_face|pose_predictor|import face_recog", text)]


def test_pre_commit_runs_what_ci_runs() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    checks = [
        line.removeprefix("uv run ") for line in ci.splitlines() if line.startswith("uv run ") and "pytest" not in line
    ]
    assert checks
    assert re.findall(r"entry: uv run --all-groups (.*)", hooks) == checks


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
