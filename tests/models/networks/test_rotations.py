"""Pictures are turned without loss of what they show, and faces return to their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.faces import Box, Face
from models.networks.rotations import MOST_PIXELS, Rotation, between, nearest_turn, roll, scan_turned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Picture

UPRIGHT = Face(Box(60, 40, 100, 90), 0.9, np.array([(70, 55), (90, 55), (80, 65), (72, 78), (88, 78)], np.float32))
"""A face of a picture of 200 by 150 pixels."""


def test_a_quarter_turn_keeps_each_pixel() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 31, 3), np.uint8)
    assert np.array_equal(Rotation(90, (31, 20)).apply(picture), np.rot90(picture))


@pytest.mark.parametrize("degrees", range(-180, 181, 45))
def test_a_face_that_is_turned_forth_and_back_is_where_it_was(degrees: int) -> None:
    rotation = Rotation(degrees, (200, 150))
    (back,) = rotation.back([rotation.forth(UPRIGHT)])
    assert np.allclose(back.landmarks, UPRIGHT.landmarks, atol=0.01)
    assert back.box.overlap(UPRIGHT.box) > (0.7 if degrees % 90 else 0.99)


@pytest.mark.parametrize("degrees", range(-165, 181, 15))
def test_the_roll_of_a_face_is_the_turn_that_makes_it_upright(degrees: int) -> None:
    lying = Rotation(-degrees, (200, 150)).forth(UPRIGHT)
    assert between(roll(lying), degrees) < 0.01
    assert between(nearest_turn(lying), degrees) <= 22.5


def test_a_box_stays_within_the_picture() -> None:
    corner = Face(Box(0, 0, 60, 60), 0.9, UPRIGHT.landmarks)
    assert Rotation(45, (200, 150)).back([corner])[0].box.left >= 0


class Counting:
    """A detector that refuses large pictures."""

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        raise NotImplementedError

    def thorough_scale(self, picture: Picture) -> float:
        raise NotImplementedError

    def detect_at_scale(self, picture: Picture, scale: float) -> list[Face]:
        assert scale == 1
        assert picture.shape[0] * picture.shape[1] <= 1.1 * MOST_PIXELS
        return []

    def close_ups(
        self, picture: Picture, faces: Sequence[Face], turns: Sequence[float]
    ) -> list[NDArray[np.float32] | None]:
        raise NotImplementedError


@pytest.mark.parametrize("size", [(20_000, 2), (2, 20_000), (9_000, 6_000), (640, 480), (1, 1)])
@pytest.mark.parametrize("degrees", [45, 90, 135])
def test_a_scan_of_a_turned_picture_is_of_bounded_size(size: tuple[int, int], degrees: int) -> None:
    width, height = size
    scan_turned(Counting(), np.zeros((height, width, 3), np.uint8), degrees, 1.5)


def test_a_turned_picture_of_usual_shape_keeps_its_scale() -> None:
    seen: list[tuple[int, ...]] = []

    class Looking(Counting):
        def detect_at_scale(self, picture: Picture, scale: float) -> list[Face]:
            seen.append(picture.shape[:2])
            return []

    scan_turned(Looking(), np.zeros((300, 400, 3), np.uint8), 45, 1.0)
    assert seen == [(495, 495)]
