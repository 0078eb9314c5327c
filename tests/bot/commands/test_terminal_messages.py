"""Sentences on a terminal name no slash command, moderator or owner, and have no markup of Discord."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.messages import render_for_terminal
from bot.domain.photos import SeveralFaces
from bot.errors import NoRosterError, PersonError, UnknownGroupError, UnknownMemberError
from bot.usecases.roster.enrolment import NoUsablePhotoError
from tests.conftest import ROOT

ON_DISCORD_ALONE = {
    *(f"usecases/quiz/{name}.py" for name in ("play", "view", "stats")),
    *(f"usecases/roster/{name}.py" for name in ("pending", "photos", "labels")),
    *(f"usecases/{name}.py" for name in ("review", "correct", "setup", "clips/request", "clips/queue")),
    *("demo/run.py", "demo/opening.py", "client.py", "settings.py"),
}
"""Modules whose sentences never reach a terminal."""

OURS = {
    "Something broke on my side. If it stays so, tell my owner the reference {reference}.",
    "This makes more than the {most} that I may upload here. Export one group at a time with {option}, or my owner "
    "takes all with {command}.",
}
"""Sentences of modules for both that are said on Discord alone."""


def sentences(module: Path) -> Iterator[str]:
    """Every string of a module but its docstrings, with an X for each value."""
    tree = ast.parse(module.read_text())
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inner | alone:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)


def test_every_sentence_may_stand_on_a_terminal() -> None:
    wrong = {
        text
        for module in (ROOT / "bot").rglob("*.py")
        if str(module.relative_to(ROOT / "bot")) not in ON_DISCORD_ALONE
        for text in sentences(module)
        if " " in text and text.endswith((".", "X"))
        if re.search(r"(?<![\w/.])/[a-z]{3,}\b|\bowner\b|\*\*|`|\b(start|length|group):(?!\d)", text)
        if not re.search(r"https?://|nugu/|\(\?", text)
    }
    assert wrong == OURS


def test_slash_commands_are_named_on_discord_alone() -> None:
    named = {
        str(module.relative_to(ROOT / "bot"))
        for module in (ROOT / "bot").rglob("*.py")
        if re.search(r"\bCommand\(\"", module.read_text())
    }
    assert named <= ON_DISCORD_ALONE


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NoRosterError(), "nobody is enrolled yet; start with: nugu enrol FOLDER (FOLDER/GROUP/MEMBER/*.jpg)"),
        (UnknownGroupError("a_b*", ["f(x)", "A*B"]), "I don't know a group called “a_b*”. I know: f(x), A*B."),
        (UnknownGroupError("TWICE", []), "I don't know a group called “TWICE”. Add photos: nugu enrol FOLDER"),
        (
            UnknownMemberError("Obema", "Presidents", []),
            "I don't know a member called “Obema” of Presidents. See who is in it: nugu roster list",
        ),
        (
            NoUsablePhotoError("Sana", ["a`b**.jpg"], [SeveralFaces(2)]),
            "I need one photo of Sana that I can use.\na`b**.jpg: I see 2 faces in it; cut it to the one that is meant.",
        ),
    ],
)  # fmt: skip
def test_names_are_unchanged_and_hints_name_commands(error: PersonError, sentence: str) -> None:
    assert render_for_terminal(error) == sentence
