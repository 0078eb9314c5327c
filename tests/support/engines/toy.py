"""An engine for tests: dlib's faces, encodings that are dlib's turned round, and one file of weights of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from models.engines import Engine, MissingWeightsError, WeightFile

CONTENT = bytes(range(256)) * 1024
TWIN = CONTENT[::-1]

VERSION = "toy-1"
PACE = "toy.json"
"""Seconds of an encoding, and the file in which each leaves a mark. Workers inherit no variable for it."""

WEIGHTS = (
    WeightFile(
        path="toy/weights.bin",
        url=os.environ.get("TOY_URL", "http://127.0.0.1:9/weights.bin"),
        size=len(CONTENT),
        sha256=sha256(CONTENT).hexdigest(),
        licence="MIT",
        equivalents=(sha256(TWIN).hexdigest(),),
        found_as=("elsewhere/twin.bin",),
    ),
)


def create(weights: Path) -> ToyEngine:
    """Raises MissingWeightsError, and ValueError for a file of another size."""
    file = WEIGHTS[0].find(weights)
    if file is None:
        raise MissingWeightsError("toy")
    if file.stat().st_size != WEIGHTS[0].size:
        raise ValueError("a network of\n  another size")
    return ToyEngine(load_dlib(weights), weights / PACE)


def load_dlib(weights: Path) -> Engine:
    """dlib's own, since `load` holds a lock while it makes an engine."""
    from models.engines.dlib import create

    return create(weights)


class ToyEngine:
    """Works as dlib does, at the pace of the file PACE beside its weights, as `tests.support.toy.slow_down` writes it."""

    name = "toy"
    version = VERSION

    def __init__(self, dlib: Engine, pace: Path) -> None:
        self._dlib = dlib
        self._pace = json.loads(pace.read_text()) if pace.exists() else {}
        self.dimensions = dlib.dimensions
        self.landmarks = dlib.landmarks

    def detect(self, picture: Any, smallest: int = 0) -> list[Any]:
        return self._dlib.detect(picture, smallest)

    def refined(self, picture: Any, face: Any, known: Any = None) -> Any:
        return self._dlib.refined(picture, face, known)

    def look_again(self, picture: Any, known: Any) -> Any:
        return self._dlib.look_again(picture, known)

    def encode(self, picture: Any, faces: Sequence[Any]) -> Any:
        if self._pace:
            with Path(self._pace["marks"]).open("a") as file:
                file.write(".")
            time.sleep(self._pace["seconds"])
        return self._dlib.encode(picture, faces)[:, ::-1].copy()

    def chips(self, picture: Any, faces: Sequence[Any]) -> Any:
        return self._dlib.chips(picture, faces)
