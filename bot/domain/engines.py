"""The steps of getting an engine ready."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DownloadStep:
    """A file of the engine's weights is downloaded. `file`: its path below the folder of weights."""

    file: str


@dataclass(frozen=True, slots=True)
class EncodingStep:
    """The engine of this version encodes the crops on record."""

    version: str


EngineStep = DownloadStep | EncodingStep
