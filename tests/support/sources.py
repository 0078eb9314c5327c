"""The modules of the project: their names, syntax trees and imports."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = ("bot", "cogs", "models")


def modules(folder: str) -> list[Path]:
    """The modules of a folder of the project, however deep."""
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(module: Path) -> str:
    """The dotted name by which a module is imported."""
    return ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


PROJECT = {name_of(module) for layer in LAYERS for module in modules(layer)}


@cache
def tree_of(module: Path) -> ast.Module:
    """The syntax tree of a module, which many tests read; none changes it."""
    return ast.parse(module.read_text())


def imports(module: Path) -> set[str]:
    """The modules that a module imports anywhere, inside functions and for type checkers too, by their dotted names."""
    found: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & PROJECT) or {node.module}
    return found
