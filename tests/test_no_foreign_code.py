"""Nothing that can run code is read from a storage, a file or the network."""

from __future__ import annotations

import ast
import re

from tests.support.sources import LAYERS, modules, name_of, tree_of

RUNS_CODE = re.compile(
    r"^(pickle|cPickle|_pickle|cloudpickle|dill|marshal|shelve|joblib|torch|jsonpickle|yaml|runpy|code)(\.|$)"
    r"|^pandas\.read_pickle$|^distributed\.protocol\.pickle"
)
"""Modules whose readers run what a file tells them to."""

CALLS_CODE = re.compile(
    r"^(eval|exec|compile|__import__|execfile)$|\b(load_model|model_from_json|import_module|exec_module)$"
    r"|\bos\.(system|popen)$"
)
"""Functions that run a text, or build objects that a file names."""

PERMITTED = {
    ("bot.gather.sources", "importlib.import_module"): "a module of this folder, whose name is among its files",
    ("models.engines", "importlib.import_module"): "a module of this folder, whose name is among its files",
    (
        "models.learning.isolation",
        "pickle",
    ): "between a worker and the process that it has started, over their own pipes",
}
"""Uses by module, each with its reason. Dask's own pickles travel between our processes alone, by mutual TLS."""


def uses(tree: ast.AST) -> set[str]:
    """What a module imports or calls of these; a call of `np.load` that permits pickles, and of a shell."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                found |= {alias.name for alias in names if RUNS_CODE.search(alias.name)}
            case ast.ImportFrom(module=str(module)) if RUNS_CODE.search(module):
                found.add(module)
            case ast.Call():
                name = ast.unparse(node.func)
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                if CALLS_CODE.search(name):
                    found.add(name)
                # `allow_pickle` is False by default only since NumPy 1.16.3, so each reader says so.
                if re.search(r"\b(np|numpy)\.(load|savez?\w*)$", name) and given.get("allow_pickle") != "False":
                    found.add(f"{name} without allow_pickle=False")
                if given.get("shell", "False") != "False" or given.get("safe_mode", "True") != "True":
                    found.add(f"{name} with {given}")
            case _:
                pass
    return found


def test_nothing_that_can_run_code_is_read() -> None:
    found = {(name_of(module), use) for layer in LAYERS for module in modules(layer) for use in uses(tree_of(module))}
    assert found == set(PERMITTED)


def test_a_reader_that_runs_code_would_be_seen() -> None:
    for text in (
        "import pickle",
        "from joblib import load",
        "import torch.serialization",
        "eval(text)",
        "np.load(file)",
        "np.load(file, allow_pickle=True)",
        "keras.models.load_model(path)",
        "keras.saving.load_model(path, safe_mode=False)",
        "subprocess.run(line, shell=True)",
        "os.system(line)",
    ):
        assert uses(ast.parse(text)), text
    for text in ("re.compile(text)", "np.load(file, allow_pickle=False)", "json.loads(text)", "model.compile(loss)"):
        assert not uses(ast.parse(text)), text
