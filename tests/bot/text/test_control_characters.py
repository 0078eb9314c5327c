"""No text from outside moves the cursor of a terminal, begins a line of the log, or leaves its folder."""

from __future__ import annotations

import ast
import re

import pytest

from bot.commands import terminal
from bot.text.control_characters import escaped, removed
from bot.usecases.roster.manifests import folder_of
from tests.support.hostile import HOSTILE
from tests.support.sources import modules, name_of, tree_of

PRINTERS = {
    "bot.commands.terminal": "the terminal of the command line",
    "bot.demo.opening": "fixed sentences",
    "bot.demo.run": "fixed sentences, and the own address",
    "bot.infra.redaction": "the traceback that ends a process",
    "bot.links.child": "JSON for the process that started it",
    "bot.settings": ".env.example",
    "models.learning.background": "a path that a developer gave",
}
"""Modules that write to stdout or stderr."""


@pytest.mark.parametrize(
    ("text", "line", "gone"),
    [
        ("쯔위 é ❤️\u200d🔥", "쯔위 é ❤️\u200d🔥", "쯔위 é ❤️\u200d🔥"),
        ("a\x1b[2Jb\x9bc", "a\\x1b[2Jb\\x9bc", "a [2Jb c"),
        ("a\r\nb\u2028c\x85d", "a\\r\\nb\\u2028c\\x85d", "a  b c d"),
        ("gnp\u202eexe\u2066\u2069", "gnp\\u202eexe\\u2066\\u2069", "gnpexe"),
        ("caf\udce9", "caf\\udce9", "caf "),
    ],
)
def test_control_characters_are_escaped_or_taken_away(text: str, line: str, gone: str) -> None:
    assert (escaped(text), removed(text)) == (line, gone)


def prints(tree: ast.AST) -> bool:
    """Whether a module writes to stdout or stderr: by print, a stream, typer or a console of rich."""
    calls = (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(
        call == "print" or re.search(r"std(out|err)\.write|typer\.(echo|secho)|onsole\.(print|log)$", call)
        for call in calls
    )


def test_the_terminal_alone_prints_text_from_outside() -> None:
    found = {
        name_of(module) for layer in ("bot", "cogs", "models") for module in modules(layer) if prints(tree_of(module))
    }
    assert found == set(PRINTERS)


def test_a_module_that_prints_by_itself_would_be_seen() -> None:
    assert prints(ast.parse("def show(name): print(name)"))
    assert prints(ast.parse("sys.stdout.write(name)"))
    assert not prints(ast.parse("terminal.print_lines(name)"))


def test_who_sets_up_a_log_lets_it_escape() -> None:
    for module in modules("bot"):
        calls = {ast.unparse(node.func) for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)}
        if any(call.endswith(("basicConfig", "setup_logging", "dictConfig", ".addHandler")) for call in calls):
            assert "redact_logs" in calls, name_of(module)


def test_a_progress_bar_shows_escaped_names() -> None:
    """Where a bar's words hold a name, they come from `terminal.printable`."""
    for module in modules("bot/commands"):
        source = module.read_text()
        for described in re.findall(r"description=(.*)", source):
            names = re.match(r"[\"']|terminal\.printable\(", described)
            assert names or "description = terminal.printable(" in source or module.name == "terminal.py", module


def test_a_line_of_the_terminal_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_lines(f"{HOSTILE} 97%")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.rstrip("\n").isprintable()


@pytest.mark.parametrize("name", [HOSTILE, "..", "../../etc", "a/b\\c", "/root", "nul", " . ", "a\x00b"])
def test_a_folder_of_a_name_is_one_folder(name: str) -> None:
    folder = folder_of(name, set())
    assert folder.strip(" .")
    assert not re.search(r'[\x00-\x1f/\\:*?"<>|]', folder)
