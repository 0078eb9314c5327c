"""Engines: what finds faces in a picture and turns them into encodings.

An engine is one module here with a function `create(weights: Path) -> Engine` and the `VERSION: str` of what that makes; its
name is the module's. Where it needs files that the package index doesn't have, they are its `WEIGHTS: tuple[WeightFile, ...]`.
Whoever lists engines imports them all, the gateway too: what is heavy is imported inside `create`.
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


class UnknownEngineError(LookupError):
    """No engine has that name."""


class MissingWeightsError(FileNotFoundError):
    """A file of the engine's WEIGHTS isn't there."""

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
        """Where `folder` holds it, under whichever of its names comes first; None where it doesn't."""
        places = (folder / name for name in (self.path, *self.found_as))
        return next((place for place in places if place.is_file()), None)


class Engine(Protocol):
    """Finds and encodes faces. May be used by one thread at a time or by many."""

    @property
    def name(self) -> str:
        """What settings call it, for example "dlib"."""
        ...

    @property
    def version(self) -> str:
        """Stored with every encoding; encodings of two versions are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length d of an encoding."""
        ...

    @property
    def landmarks(self) -> Landmarks:
        """What the landmarks of its faces are."""
        ...

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """Every face of the picture, in reading order: rows from the top, each from left to right.

        `smallest`: faces narrower than so many pixels may be missed, which takes less time.
        """
        ...

    def refined(self, picture: Picture, face: Face) -> Face:
        """A face that was found in haste, with landmarks as exact as this engine's are."""
        ...

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        """One row a face: (n, d) float32 of unit length, each the mean of the face and its mirror image."""
        ...

    def chips(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """The faces upright and cut out, as `encode` sees them: (n, side, side, 3) uint8 RGB."""
        ...


def names() -> tuple[str, ...]:
    """Every engine that `load` knows, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def weights_of(name: str) -> tuple[WeightFile, ...]:
    """The files that the engine `name` needs in its weights folder; none where the package index has all.

    Raises UnknownEngineError.
    """
    return cast("tuple[WeightFile, ...]", getattr(_module(name), "WEIGHTS", ()))


def version_of(name: str) -> str:
    """The version of the engine `name`, without loading it. Raises UnknownEngineError."""
    return cast("str", _module(name).VERSION)


def load(name: str, weights: Path) -> Engine:
    """The engine called `name`; made at the first call in a process, the same object afterwards.

    `weights` is a folder for model files, made when it is missing. Raises UnknownEngineError, MissingWeightsError when files
    of `weights_of(name)` aren't there, and OSError when weights can't be read or written.
    """
    # lru_cache alone lets two threads load the same weights at once.
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
