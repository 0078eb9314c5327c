"""Pictures are turned without loss of what they show, and faces return to their places."""

from __future__ import annotations

import numpy as np
import pytest

from models.faces import Box, Face
from models.networks.rotations import Rotation, between, nearest_turn, roll

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
