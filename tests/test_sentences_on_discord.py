"""Each feature on Discord makes its sentences in one module, its `texts.py`."""

from __future__ import annotations

import ast
import re

from tests.support.sources import modules, name_of, tree_of

DISCORDS_WORDS = {"entity too large"}
"""Words that Discord writes, which a module looks for."""


def sentences(tree: ast.AST) -> list[str]:
    """The strings of a module with two plain words side by side, without docstrings, log lines and decorators' arguments."""
    left_out: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()):
                left_out.append(node)
            case ast.Call() if ast.unparse(node.func).startswith("log."):
                left_out.append(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                left_out += node.decorator_list
            case _:
                pass
    allowed = {id(inner) for node in left_out for inner in ast.walk(node)}
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in allowed
    ]
    return [text for text in strings if re.search(r"\b[a-z']+ [a-z']+\b", text) and text not in DISCORDS_WORDS]


def test_each_feature_makes_its_sentences_in_one_module() -> None:
    """Hints stand in `markup.py`, as `bot/commands/messages.py` has those for a terminal."""
    found = {
        name_of(module): sentences(tree_of(module))
        for module in modules("cogs")
        if module.name not in {"texts.py", "markup.py"}
    }
    assert not {module: wrong for module, wrong in found.items() if wrong}


def test_a_sentence_on_a_card_would_be_seen() -> None:
    text = """
@describe(name="the name of it")
def card(name):
    '''The card of it.'''
    log.info("it is %s", "quite new")
    return Message("that is {name}", name=f"of {name} alone, or so")
"""
    assert sentences(ast.parse(text)) == ["that is {name}", " alone, or so"]
