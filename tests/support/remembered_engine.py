"""Workers for tests, which use the same few photos again and again: each runs the engine once on the same pixels."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.infra.compute import Compute
from bot.infra.workers import WorkerConnection
from models.engines import dlib, sface

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Encodings, Face, Landmarks, Picture

    Key = tuple[Hashable, ...]


class RememberedEngine:
    """An engine that keeps its results in memory, by the pixels and all other arguments.

    Each result is the engine's own, so a test sees no difference except in time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._found: dict[Key, list[Face]] = {}
        self._encoded: dict[Key, Encodings] = {}
        self.name: str = engine.name
        self.version: str = engine.version
        self.dimensions: int = engine.dimensions
        self.landmarks: Landmarks = engine.landmarks

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        key = (*_pixels(picture), smallest)
        if key not in self._found:
            self._found[key] = self._engine.detect(picture, smallest)
        return list(self._found[key])

    def refined(self, picture: Picture, face: Face, known: Face | None = None) -> Face:
        return self._engine.refined(picture, face, known)

    def look_again(self, picture: Picture, known: Face) -> Face | None:
        return self._engine.look_again(picture, known)

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        key = (*_pixels(picture), *((face.box, face.landmarks.tobytes()) for face in faces))
        if key not in self._encoded:
            self._encoded[key] = self._engine.encode(picture, faces)
        return self._encoded[key].copy()

    def chips(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        return self._engine.chips(picture, faces)


class RememberingWorkers(WorkerConnection):
    """Worker processes with a `RememberedEngine` in place of each engine that needs no files.

    A worker that restarts has the plain engines.
    """

    def connect(self) -> Any:
        client = super().connect()
        client.run(remember)
        return client


class RememberingCompute(Compute):
    """Jobs in `RememberingWorkers`."""

    def _workers_in(self, folder: Path, *, serves: bool) -> WorkerConnection:
        return RememberingWorkers(self._settings, folder, own_processes=self._own_processes, serves=serves)


def remember() -> None:
    """Let this process make a `RememberedEngine` for each engine that needs no files."""
    dlib.create = partial(_remembered, dlib.create)
    sface.create = partial(_remembered, sface.create)


def _remembered(create: Callable[[Path], Engine], weights: Path) -> RememberedEngine:
    return RememberedEngine(create(weights))


def _pixels(picture: Picture) -> Key:
    return picture.shape, sha256(picture.tobytes()).digest()
