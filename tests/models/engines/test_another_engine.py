"""The engine that docs/engines.md adds: its file is listed, loaded and used."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models import engines
from models.engines import sface
from models.faces import Box, Face
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

SIDE = 112


@pytest.fixture
def arc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A further folder of engines with the file of docs/engines.md."""
    text = (ROOT / "docs" / "engines.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    folder = tmp_path / "engines"
    folder.mkdir()
    (folder / "arc.py").write_text(code)
    monkeypatch.setattr(engines, "__path__", [*engines.__path__, str(folder)])
    yield folder
    sys.modules.pop("models.engines.arc", None)


def varint(number: int) -> bytes:
    """A whole number in protobuf's encoding."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def field(number: int, value: bytes | int) -> bytes:
    """A field of a protobuf message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def plain_onnx() -> bytes:
    """An embedder in ONNX: the mean of each colour, (1, 3, 112, 112) → (1, 3). Field numbers are those of onnx.proto."""

    def value(name: bytes, shape: tuple[int, ...]) -> bytes:
        sizes = b"".join(field(1, field(1, size)) for size in shape)
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, sizes)))

    pool = field(1, b"x") + field(2, b"mean") + field(4, b"GlobalAveragePool")
    flatten = field(1, b"mean") + field(2, b"y") + field(4, b"Flatten")
    graph = field(1, pool) + field(1, flatten) + field(2, b"colours")
    graph += field(11, value(b"x", (1, 3, SIDE, SIDE))) + field(12, value(b"y", (1, 3)))
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 13))


def test_the_engine_of_the_guide_is_listed_with_its_files(arc: Path, tmp_path: Path) -> None:
    assert engines.names() == ("arc", "dlib", "sface", "trio")
    assert engines.version_of("arc") == "arc-1"
    assert [file.path for file in engines.weights_of("arc")] == [
        "yunet/face_detection_yunet_2023mar.onnx",
        "arc/embedder.onnx",
    ]
    with pytest.raises(engines.MissingWeightsError, match="nugu engine install arc"):
        engines.load("arc", tmp_path)


def test_the_engine_of_the_guide_encodes_with_a_plain_onnx_file(arc: Path, tmp_path: Path) -> None:
    for file in engines.weights_of("arc"):
        (tmp_path / file.path).parent.mkdir()
        (tmp_path / file.path).write_bytes(sface.YUNET.read() if "yunet" in file.path else plain_onnx())
    engine = engines.load("arc", tmp_path)
    assert (engine.name, engine.version, engine.dimensions) == ("arc", "arc-1", 3)
    picture = np.zeros((300, 300, 3), np.uint8)
    picture[:] = (255, 127, 0)
    face = Face(Box(100, 100, 200, 200), 1.0, np.array(np.random.default_rng(0).uniform(100, 200, (5, 2)), np.float32))
    ((red, green, blue),) = engine.encode(picture, [face])
    assert red > 0.6
    assert abs(green) < 0.02
    assert blue == pytest.approx(-red, abs=1e-3)
