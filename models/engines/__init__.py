"""Engines: detection and encoding of faces.

An engine is a module of this package; its name is the module's. It has a function `create(weights: Path) -> Engine`, the
`VERSION: str` of that engine, and `WEIGHTS: tuple[WeightFile, ...]` where it needs files outside the package index. The gateway
imports all engines to list them, so imports that take long belong inside `create`.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from models.faces import Encodings, Face, Landmarks, Picture


DEFAULT = "sface"
"""The engine of new installations. An installation in use keeps its engine."""

OUTDONE = frozenset({"dlib"})
"""Engines that the default outdoes by far, which an operator is told once."""


class UnknownEngineError(LookupError):
    """No engine has that name."""


class MissingWeightsError(FileNotFoundError):
    """A file of the engine's WEIGHTS is missing."""

    def __init__(self, engine: str) -> None:
        super().__init__(f"the engine {engine} is not installed: `nugu engine install {engine}`")


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A model file of an engine that isn't on the package index.

    `path`: relative to the weights folder, with forward slashes, as `<engine>/<file>`. `url`: at its publisher. `size`: bytes.
    `sha256`: of the publisher's file. `licence`: its SPDX identifier. `equivalents`: sha256 of files with the same content in
    another revision or precision, which are accepted from a folder too. `found_as`: further relative paths in a folder.
    """

    path: str
    url: str
    size: int
    sha256: str
    licence: str
    equivalents: tuple[str, ...] = ()
    found_as: tuple[str, ...] = ()

    def find(self, folder: Path) -> Path | None:
        """The path of the file in `folder`, under the first of its names that exists; None where there is none."""
        places = (folder / name for name in (self.path, *self.found_as))
        return next((place for place in places if place.is_file()), None)


class Engine(Protocol):
    """Detects and encodes faces. It is thread-safe."""

    @property
    def name(self) -> str:
        """The name in settings, for example "dlib"."""
        ...

    @property
    def version(self) -> str:
        """The version, stored with each encoding. Encodings of different versions are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length d of an encoding."""
        ...

    @property
    def landmarks(self) -> Landmarks:
        """The meaning of a face's landmarks."""
        ...

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """All faces of the picture, in reading order: rows from the top, each from left to right.

        `smallest`: faces narrower than so many pixels may be missing, which saves time.
        """
        ...

    def refined(self, picture: Picture, face: Face, known: Face | None = None) -> Face:
        """A face of a fast detection (`smallest`), with the landmarks of a thorough one.

        `known`: the same face in another frame of a video, whose direction may help.
        """
        ...

    def look_again(self, picture: Picture, known: Face) -> Face | None:
        """The face of another frame of a video, near its place in this one; None where it isn't found.

        It may have turned since, if the engine detects turned faces.
        """
        ...

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """Encodings of the faces: (n, d) float32, rows of unit length, each the mean over the face and its mirror image."""
        ...

    def chips(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Aligned crops of the faces, the input of `encode`: (n, side, side, 3) uint8 RGB."""
        ...


def names() -> tuple[str, ...]:
    """The names of all engines, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def weights_of(name: str) -> tuple[WeightFile, ...]:
    """The weight files of the engine `name`; none where the package index has brought all. Raises UnknownEngineError."""
    return cast("tuple[WeightFile, ...]", getattr(_module(name), "WEIGHTS", ()))


def version_of(name: str) -> str:
    """The version of the engine `name`, without loading it. Raises UnknownEngineError."""
    return cast("str", _module(name).VERSION)


def load(name: str, weights: Path) -> Engine:
    """The engine `name`: created at the first call in a process, then the same object.

    `weights`: the folder of model files. Raises UnknownEngineError, MissingWeightsError for missing files of
    `weights_of(name)`, and OSError for weights that can't be read.
    """
    # lru_cache alone would let two threads load the same weights at once.
    with _loading:
        return _load(name, weights.resolve())


_loading = Lock()


@lru_cache(maxsize=4)
def _load(name: str, weights: Path) -> Engine:
    create: Callable[[Path], Engine] = _module(name).create
    return create(weights)


def _module(name: str) -> ModuleType:
    if name not in names():
        raise UnknownEngineError(f"no engine is called {name!r}; there are {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")
