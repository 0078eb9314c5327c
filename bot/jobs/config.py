"""The engine of a job, and the limits of its pictures."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.errors import EngineBrokenError, EngineMissingError

if TYPE_CHECKING:
    from pathlib import Path

    from models.engines import Engine

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """The engine of a job, and the limits of its pictures.

    `engine`: its name. `weights`: the folder of all engines' files. `picture_bytes`, `picture_pixels`: the largest picture.
    """

    engine: str
    weights: Path
    picture_bytes: int
    picture_pixels: int

    @property
    def version(self) -> str:
        """The engine's version, as encodings carry it, without loading the engine. Raises EngineMissingError."""
        from models.engines import UnknownEngineError, version_of

        try:
            return version_of(self.engine)
        except UnknownEngineError:
            raise EngineMissingError(self.engine) from None

    def with_engine(self, name: str) -> EngineConfig:
        """The same limits with the engine called `name`."""
        return replace(self, engine=name)


def engine_of(config: EngineConfig) -> Engine:
    """The configured engine. Raises EngineMissingError and EngineBrokenError."""
    import cv2

    # OpenCV's threads spin while they wait, on the cores of other workers. Each job sets this: only one worker warms up,
    # and a worker that died restarts.
    cv2.setNumThreads(1)
    return load_engine(config.engine, config.weights)


def load_engine(name: str, weights: Path) -> Engine:
    """The engine called `name`.

    Raises EngineMissingError without the engine or its files, and EngineBrokenError for an engine that can't be loaded.
    """
    from models.engines import MissingWeightsError, UnknownEngineError, load

    try:
        return load(name, weights)
    except (MissingWeightsError, UnknownEngineError):
        raise EngineMissingError(name) from None
    except Exception as error:
        # Each library refuses a damaged file in its own way.
        reason = " ".join(str(error).split()) or type(error).__name__
        log.error("the engine %s can't be loaded: %s: %s", name, type(error).__name__, reason)
        raise EngineBrokenError(name, reason) from error
