"""Nothing that can run code is read from a storage, a file or the network."""

from __future__ import annotations

import ast
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.infra.compute import Compute
from bot.jobs.maps import lay_out_and_draw
from bot.settings import Settings
from models.drawing import maps as map_pictures
from models.faces import ProjectionMethod
from models.similarity import maps
from tests.support.people import SyntheticPeople
from tests.support.sources import LAYERS, modules, name_of, tree_of

RUNS_CODE = re.compile(
    r"^(pickle|cPickle|_pickle|cloudpickle|dill|marshal|shelve|joblib|torch|jsonpickle|yaml|runpy|code)(\.|$)"
    r"|^(numba|umap|pynndescent)(\.|$)"  # their compiled functions are pickles in the folder NUMBA_CACHE_DIR
    r"|^pandas\.read_pickle$|^distributed\.protocol\.pickle"
)
"""Modules whose readers run what a file tells them to."""

CALLS_CODE = re.compile(
    r"^(eval|exec|compile|__import__|execfile)$|\b(load_model|model_from_json|import_module|exec_module)$"
    r"|\bos\.(system|popen)$"
)
"""Functions that run a text, or build objects that a file names."""

NAMES_CACHE = "NUMBA_CACHE_DIR"
"""The variable that names the folder from which numba reads pickles."""

PERMITTED = {
    (
        "bot.jobs.maps",
        NAMES_CACHE,
    ): "a new folder of the process or the run, as the last test here and tests/stories/test_map.py show",
    ("bot.gather.sources", "importlib.import_module"): "a module of this folder, whose name is among its files",
    ("models.engines", "importlib.import_module"): "a module of this folder, whose name is among its files",
    (
        "models.learning.isolation",
        "pickle",
    ): "between a worker and the process that it has started, over their own pipes",
    ("models.similarity.maps", "umap"): "in the process of bot.jobs.maps, which names that folder",
}
"""Uses by module, each with its reason. Dask's own pickles travel between our processes alone, by mutual TLS."""


def uses(tree: ast.AST) -> set[str]:
    """What a module imports, calls or names of these; a call of `np.load` that permits pickles, and of a shell."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                found |= {alias.name for alias in names if RUNS_CODE.search(alias.name)}
            case ast.ImportFrom(module=str(module)) if RUNS_CODE.search(module):
                found.add(module)
            case ast.Constant(value=str(text)) if text == NAMES_CACHE:
                found.add(text)
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
        "from umap import UMAP",
        "os.environ.setdefault('NUMBA_CACHE_DIR', str(folder))",
    ):
        assert uses(ast.parse(text)), text
    for text in ("re.compile(text)", "np.load(file, allow_pickle=False)", "json.loads(text)", "model.compile(loss)"):
        assert not uses(ast.parse(text)), text


def test_a_map_reads_compiled_functions_of_its_own_run_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """numba's folder is in the run's own, or new, empty and of this user alone, whatever folder was named before."""
    folders: list[Path] = []

    def look(*_: object) -> Any:
        folder = Path(os.environ[NAMES_CACHE])
        if folder != kept:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert list(folder.iterdir()) == []
        folders.append(folder)

    compute = Compute(Settings(data=tmp_path))
    run_folder = compute.run_folder
    assert run_folder is not None
    assert stat.S_IMODE(run_folder.stat().st_mode) == 0o700
    assert tmp_path not in run_folder.parents
    kept = run_folder / "numba"
    monkeypatch.setenv(NAMES_CACHE, str(tmp_path))
    monkeypatch.setattr(maps, "lay_out", look)
    monkeypatch.setattr(map_pictures, "map_chart", lambda *_, **__: b"png")
    gallery = SyntheticPeople(1).gallery({1: range(1)}, 3)
    for folder in (None, None, run_folder):
        lay_out_and_draw(gallery, ProjectionMethod.UMAP, "G", [], 0, folder)
    compute.close()
    first, second, third = folders
    assert first != second
    assert third == kept
    assert not any(folder == tmp_path or folder.exists() for folder in (first, second, run_folder))


def test_workers_elsewhere_get_no_folder_of_this_machine(tmp_path: Path) -> None:
    compute = Compute(Settings(data=tmp_path, scheduler="tcp://127.0.0.1:9", scheduler_private_network=True))
    assert compute.run_folder is None
    compute.close()
