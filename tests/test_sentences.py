"""Sentences for people are made at the edges, from templates that hold no text from outside."""

from __future__ import annotations

import ast
import re
import string
from functools import cache

import pytest

from tests.conftest import ROOT
from tests.support.sources import modules, name_of, tree_of

CARRIERS = {"Message", "PersonError", "OperatorError", "LinkError", "PictureError", "VideoError", "ArchiveError"}
"""Functions that take a template and its parameters."""

CARRIES_TEXT = r"(^(Message|SlashCommand|Code)|Error|^super\(\).__init__|^log\.\w+|^log_failure)$"
"""Calls whose first argument is a template, a command, a log line, or the text of an exception."""

HANDED_ON = {
    ("bot.errors", "message"),
    ("bot.infra.concurrency", "self._refusal"),
    ("bot.links.reasons", "message"),
    ("bot.links.reasons", "sentence"),
    ("bot.media.archives.reading", "reason"),
}
"""Variables that are the first argument of an error or a message, by module: each holds a `Message` or a carrier's own one."""

BELOW_THE_EDGES = (
    *("bot/domain", "bot/usecases", "bot/learning", "bot/gather"),
    *("bot/media", "bot/links", "bot/infra", "bot/jobs"),
)
OTHER_WORDS = {
    "bot.infra.dask_configuration": "a warning of Dask that is left out",
    "bot.infra.limited_process": "the exit of a child process, for the log",
    "bot.infra.storage": "messages of the stores' library",
    "bot.jobs.screen_time": "words in a drawn picture",
    "bot.jobs.twins": "words in a drawn picture",
    "bot.links.child": "messages of yt-dlp",
    "bot.links.egress": "reason phrases of HTTP",
    "bot.links.protocol": "names of failures on the wire",
    "bot.links.reasons": "patterns of messages by sites",
    "bot.links.sites": "an entry in a list of sites",
    "bot.media.archives.photo_folders": "names of folders on Windows",
    "bot.media.pictures.headers": "names of kinds of files",
    "bot.media.videos.survey": "a sound codec without a name",
}
"""Modules below the edges with words that are no sentence for people, and the reason."""

HINTED = {"sources", "setting", "remedy", "install", "use"}
"""Parameters that stand in the words of a hint alone."""


def constants(tree: ast.AST) -> list[str]:
    """The strings of a module that are no docstrings."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone
    ]


def test_markup_of_discord_is_made_on_its_edge() -> None:
    """Settings describe themselves in Markdown; the demo's welcome is a message on Discord."""
    wrong: dict[str, list[str]] = {}
    for module in modules("bot"):
        found = [string for string in constants(tree_of(module)) if re.search(r"\*\*|`/\w|`\w+:`|<@", string)]
        found += re.findall(r"(?<![\w.])plain\(", module.read_text())
        if found and str(module.relative_to(ROOT)) not in {"bot/settings.py", "bot/demo/opening.py"}:
            wrong[name_of(module)] = found
    assert not wrong


def sentences(tree: ast.AST) -> list[str]:
    """The strings of a module with two plain words side by side, without docstrings, templates, log lines and exceptions.

    Each of those but a docstring is the first argument of its call.
    """
    allowed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and re.search(CARRIES_TEXT, ast.unparse(node.func)):
            allowed |= {id(inner) for inner in ast.walk(node.args[0])}
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in allowed
    ]
    return [string for string in strings if re.search(r"\b[a-z']+ [a-z']+\b", string)]


@pytest.mark.parametrize("folder", BELOW_THE_EDGES)
def test_sentences_are_made_at_the_edges(folder: str) -> None:
    checked = [module for module in modules(folder) if name_of(module) not in OTHER_WORDS]
    found = {name_of(module): sentences(tree_of(module)) for module in checked}
    assert not {module: wrong for module, wrong in found.items() if wrong}


def test_modules_with_other_words_have_some() -> None:
    assert not [
        module for module in modules("bot") if name_of(module) in OTHER_WORDS and not sentences(tree_of(module))
    ]


def test_a_sentence_in_a_use_case_would_be_seen() -> None:
    text = """
LIMIT = 1
'''The limit of it.'''
GONE = Message("that is gone")
log.info("it is gone")
raise PersonError("it is {state}", state="quite gone")
reason = f"gone since {LIMIT} or so"
"""
    assert sentences(ast.parse(text)) == ["gone since ", " or so", "quite gone"]


@cache
def message_functions() -> set[str]:
    """The names of the functions that return a `Message`, wherever they are defined."""
    functions = [
        node
        for module in [*modules("bot"), *modules("cogs")]
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef)
    ]
    others = {one.name for one in functions if one.returns is None or ast.unparse(one.returns) != "Message"}
    return {one.name for one in functions} - others


def is_fixed(node: ast.expr, module: str) -> bool:
    """Whether an expression is a literal, a constant of a module, a message, or a call of a function that returns one."""
    match node:
        case ast.Constant(str()):
            return True
        case ast.Name(name) | ast.Attribute(ast.Name(), name) if name.isupper():
            return True
        case ast.Call(ast.Name(name)) | ast.Call(ast.Attribute(ast.Name(), name)):
            return name == "Message" or name in message_functions()
        case _:
            return (module, ast.unparse(node)) in HANDED_ON


def called(node: ast.Call) -> str:
    """The name of a called function, without its module."""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def loose_templates(module: str, tree: ast.AST) -> list[str]:
    """The first arguments of errors and messages that may hold text from outside, whose braces would be fields."""
    return [
        f"{module}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and called(node) in CARRIERS and not is_fixed(node.args[0], module)
    ]


def test_every_template_is_fixed() -> None:
    every = [*modules("bot"), *modules("cogs")]
    assert not [where for module in every for where in loose_templates(name_of(module), tree_of(module))]


def test_a_template_of_outside_text_would_be_seen() -> None:
    text = """
raise PersonError(f"{error} of yt-dlp")
raise PersonError(str(error))
raise PersonError("{error} of yt-dlp", error=str(error))
raise PersonError(GONE)
"""
    assert loose_templates("module", ast.parse(text)) == ["module:2", "module:3"]


def test_every_parameter_of_an_error_stands_in_its_template() -> None:
    wrong: list[str] = []
    for module in [*modules("bot"), *modules("cogs")]:
        for node in ast.walk(tree_of(module)):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            if not isinstance(node.args[0].value, str) or called(node) not in CARRIERS:
                continue
            fields = {field for _, field, _, _ in string.Formatter().parse(node.args[0].value) if field is not None}
            given = {keyword.arg for keyword in node.keywords} - {"hint", "again", "detail"}
            if not given - HINTED <= fields <= given:
                wrong.append(f"{name_of(module)}:{node.lineno}")
    assert not wrong
