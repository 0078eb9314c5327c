"""The remembered engine returns the results of the engine behind it, and runs that once on the same pixels."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.infra.compute import Compute
from models.faces import Box, Face, Landmarks
from tests.support.remembered_engine import RememberedEngine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.faces import Encodings, Picture

PICTURE = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
FACE = Face(Box(0, 0, 5, 5), 1.0, np.zeros((5, 2), np.float32))


@dataclass
class CountingEngine:
    """Finds one face, and lists the calls."""

    name: str = "dlib"
    version: str = "dlib-1"
    dimensions: int = 2
    landmarks: Landmarks = Landmarks.EYE_CORNERS_NOSE_BASE
    calls: list[str] = field(default_factory=list[str])

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        self.calls.append(f"detect {smallest}")
        return [FACE] if picture.any() else []

    def refined(self, picture: Picture, face: Face, known: Face | None = None) -> Face:
        return face

    def look_again(self, picture: Picture, known: Face) -> Face | None:
        return None

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        self.calls.append(f"encode {len(faces)}")
        return np.full((len(faces), 2), picture.mean(), np.float32)

    def chips(self, picture: Picture, faces: Sequence[Face]) -> Any:
        raise NotImplementedError


def test_the_engine_runs_once_on_the_same_pixels() -> None:
    behind = CountingEngine()
    engine = RememberedEngine(behind)
    for picture in (PICTURE, PICTURE.copy()):
        found = engine.detect(picture)
        assert found == [FACE]
        found.clear()
        encodings = engine.encode(picture, [FACE])
        assert encodings.tolist() == [[PICTURE.mean(dtype=np.float32)] * 2]
        encodings[:] = 0
    assert behind.calls == ["detect 0", "encode 1"]


def test_other_pixels_faces_or_sizes_are_another_call() -> None:
    behind = CountingEngine()
    engine = RememberedEngine(behind)
    assert engine.detect(PICTURE) == [FACE]
    assert engine.detect(np.zeros_like(PICTURE)) == []
    assert engine.detect(PICTURE.reshape(5, 20, 3)) == [FACE]
    engine.detect(PICTURE, 80)
    engine.encode(PICTURE, [FACE])
    engine.encode(PICTURE, [FACE, FACE])
    engine.encode(PICTURE, [FACE.moved(1, 0)])
    assert behind.calls == ["detect 0", "detect 0", "detect 0", "detect 80", "encode 1", "encode 2", "encode 1"]


async def test_the_workers_of_tests_have_a_remembered_engine(compute: Compute) -> None:
    assert await compute.run(engine_in_worker) == "RememberedEngine"
    assert os.getpid() not in compute.worker_pids()


def engine_in_worker() -> str:
    from pathlib import Path

    from models.engines import load

    return type(load("dlib", Path())).__name__
