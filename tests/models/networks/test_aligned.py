"""An aligned engine encodes faces by the landmarks of close-ups, in which they are upright."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from models.faces import Box, Face
from models.networks.aligned import OBLIQUE, AlignedEncoder, AlignedEngine
from models.networks.rotations import Rotation, roll

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Picture
    from models.networks.runtime import Embedder

PICTURE = np.zeros((300, 400, 3), np.uint8)
POINTS = np.array([(170, 130), (230, 130), (200, 150), (180, 180), (220, 180)], np.float32)
UPRIGHT = Face(Box(150, 100, 250, 200), 0.9, POINTS)


@dataclass
class ScriptedDetector:
    """Sees the landmarks of `shown` in each close-up, and records how the faces are turned there."""

    shown: NDArray[np.float32] | None
    turns: list[list[float]] = field(default_factory=list)

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        return [UPRIGHT]

    def thorough_scale(self, picture: Picture) -> float:
        return 1.0

    def detect_at_scale(self, picture: Picture, scale: float) -> list[Face]:
        return []

    def close_ups(
        self, picture: Picture, faces: Sequence[Face], turns: Sequence[float]
    ) -> list[NDArray[np.float32] | None]:
        self.turns.append(list(turns))
        return [self.shown for _ in faces]


def seen(detector: ScriptedDetector, face: Face) -> Face:
    engine = AlignedEngine("scripted", "scripted-1", detector, AlignedEncoder((), cast("Embedder", None)))
    (exact,) = engine.with_exact_landmarks(PICTURE, [face])
    return exact


def tilted(degrees: float) -> Face:
    return Rotation(degrees, (400, 300)).forth(UPRIGHT)


def test_the_landmarks_are_those_of_the_close_up_and_the_box_stays() -> None:
    detector = ScriptedDetector(POINTS + 3)
    face = seen(detector, UPRIGHT)
    assert (face.landmarks == POINTS + 3).all()
    assert face.box is UPRIGHT.box


def test_a_face_that_a_close_up_does_not_show_keeps_its_landmarks() -> None:
    assert seen(ScriptedDetector(None), UPRIGHT).landmarks is POINTS


def test_a_tilted_face_is_straightened_further_than_its_landmarks_say() -> None:
    lying = tilted(-20)
    detector = ScriptedDetector(lying.landmarks)
    seen(detector, lying)
    first, second = detector.turns
    assert first == [0]
    assert second[0] > roll(lying) > OBLIQUE


def test_a_face_that_lies_is_upright_in_the_first_close_up() -> None:
    lying = tilted(-90)
    detector = ScriptedDetector(lying.landmarks)
    seen(detector, lying)
    assert detector.turns == [[90], []]
