"""An aligned engine detects small faces again, in a thorough detection alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from models.faces import Box, Face
from models.networks.aligned import NARROW, AlignedEncoder, AlignedEngine

if TYPE_CHECKING:
    from models.faces import Picture
    from models.networks.runtime import Embedder

LARGE = Face(Box(200, 0, 200 + NARROW, NARROW), 0.9, np.zeros((5, 2), np.float32))
SMALL = Face(Box(0, 0, 40, 40), 0.9, np.zeros((5, 2), np.float32))
AGAIN = Face(Box(1, 1, 41, 41), 0.9, np.ones((5, 2), np.float32))


@dataclass
class ScriptedDetector:
    """Finds a small and a large face, and `close` in a picture of the small one's surroundings."""

    close: list[Face] = field(default_factory=lambda: [AGAIN])

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        return [SMALL, LARGE]

    def thorough_scale(self, picture: Picture) -> float:
        return 1.0

    def detect_at_scale(self, picture: Picture, scale: float) -> list[Face]:
        return self.close if picture.shape[0] <= 2 * SMALL.box.height else []


def engine(detector: ScriptedDetector) -> AlignedEngine:
    return AlignedEngine("scripted", "scripted-1", detector, AlignedEncoder((), cast("Embedder", None)))


PICTURE = np.zeros((300, 400, 3), np.uint8)


def test_a_thorough_detection_looks_at_a_small_face_again() -> None:
    small, large = engine(ScriptedDetector()).detect(PICTURE)
    assert small.landmarks.tolist() == AGAIN.landmarks.tolist()
    assert large is LARGE


def test_a_fast_detection_does_not() -> None:
    assert engine(ScriptedDetector()).detect(PICTURE, smallest=20) == [SMALL, LARGE]


def test_a_small_face_that_is_not_found_again_stays() -> None:
    assert engine(ScriptedDetector(close=[])).detect(PICTURE) == [SMALL, LARGE]
