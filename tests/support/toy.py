"""Puts the engine `toy` among the engines, in this process or in those that it starts."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path

from models import engines
from models.encodings import background
from models.encodings.whitening import Whitening

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

_load = background.load


def put_in_place() -> None:
    """Let this process know the engine `toy`."""
    engines.__path__.append(str(HERE / "engines"))
    background.load = load_background


def take_away() -> None:
    """Undo `put_in_place`."""
    engines.__path__.remove(str(HERE / "engines"))
    background.load = _load


def environment(**more: str) -> dict[str, str]:
    """Variables under which every Python process knows it."""
    return {"PYTHONPATH": os.pathsep.join((str(HERE / "site"), str(ROOT))), **more}


def slow_down(weights: Path, seconds: float, marks: Path) -> Path:
    """Let each encoding of an engine with these weights take `seconds`, and leave a mark in a file; returns its setting."""
    weights.mkdir(parents=True, exist_ok=True)
    pace = weights / "toy.json"
    pace.write_text(json.dumps({"seconds": seconds, "marks": str(marks)}))
    return pace


@cache
def load_background(version: str) -> background.Background:
    """dlib's numbers turned round, for the toy; else what there is."""
    if version != "toy-1":
        return _load(version)
    dlib = _load("dlib-1")
    turned = Whitening(
        dlib.whitening.mean[::-1].copy(), dlib.whitening.directions[:, ::-1].copy(), dlib.whitening.gains
    )
    return replace(dlib, version=version, whitening=turned)
