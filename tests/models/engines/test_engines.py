"""The list of engines and of their files, without loading one."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from models.engines import UnknownEngineError, WeightFile, names, version_of, weights_of
from tests.conftest import ROOT


def test_there_are_three_engines() -> None:
    assert names() == ("dlib", "sface", "trio")


def test_listing_engines_and_their_files_loads_none_of_them() -> None:
    listing = (
        "from models.engines import names, version_of, weights_of; "
        "print([(weights_of(name), version_of(name)) for name in names()])"
    )
    heavy = "import sys; print(sorted({'dlib', 'cv2', 'numpy', 'openvino'} & set(sys.modules)))"
    command = [sys.executable, "-c", f"{listing}; {heavy}"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_files_to_install_lie_in_the_folder_of_their_network() -> None:
    assert weights_of("dlib") == ()
    files = weights_of("trio")
    assert files
    for file in files:
        assert PurePosixPath(file.path).parts == ("retail", file.url.rpartition("/")[2])
        assert all(len(bytes.fromhex(digest)) == 32 for digest in (file.sha256, *file.equivalents))


def test_an_unknown_engine_has_neither_files_nor_a_version() -> None:
    for asked in (weights_of, version_of):
        with pytest.raises(UnknownEngineError, match="dlib, sface, trio"):
            asked("nobody")


def test_a_file_is_found_under_each_of_its_names(tmp_path: Path) -> None:
    file = WeightFile("one/a.onnx", "https://example.org/a.onnx", 1, "", "MIT", found_as=("two/b.onnx",))
    assert file.find(tmp_path) is None
    for name in ("two/b.onnx", "one/a.onnx"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
        assert file.find(tmp_path) == tmp_path / name


def test_the_telemetry_of_openvino_is_not_installed() -> None:
    """The import of openvino would send an event if its telemetry package were installed."""
    assert importlib.util.find_spec("openvino") is not None
    assert importlib.util.find_spec("openvino_telemetry") is None
