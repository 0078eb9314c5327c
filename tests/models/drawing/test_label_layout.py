"""The placement of labels: beside their own face, clear of each other and of other faces, inside the picture."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from models.drawing.layout import is_beside, place_labels
from models.faces import Box

if TYPE_CHECKING:
    pass


def shared_area(one: Box, other: Box) -> int:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(width, 0) * max(height, 0)


def assert_no_overlap(frame: tuple[int, int], labels: Sequence[Box | None]) -> None:
    """Every label lies inside the frame, and no two overlap."""
    placed = [label for label in labels if label is not None]
    for label in placed:
        assert label.left >= 0
        assert label.top >= 0
        assert label.right <= frame[0]
        assert label.bottom <= frame[1]
    for one, other in combinations(placed, 2):
        assert shared_area(one, other) == 0


def test_a_single_label_lies_below_the_chin() -> None:
    face = Box(200, 100, 280, 200)
    (label,) = place_labels((640, 480), [face], [(120, 24)], gap=6)
    assert label == Box(180, 206, 300, 230)


def test_a_label_at_the_lower_border_goes_above() -> None:
    face = Box(200, 380, 280, 479)
    (label,) = place_labels((640, 480), [face], [(120, 24)], gap=6)
    assert label is not None
    assert label.bottom <= face.top


def test_a_face_that_fills_the_picture_carries_its_label() -> None:
    (label,) = place_labels((300, 300), [Box(0, 0, 300, 300)], [(120, 24)], gap=6)
    assert label is not None
    assert_no_overlap((300, 300), [label])


def test_nine_faces_in_a_row_have_every_label_beside_its_face_and_on_none() -> None:
    frame = (1000, 700)
    faces = [Box(20 + 108 * i, 300, 90 + 108 * i, 380) for i in range(9)]
    labels = place_labels(frame, faces, [(135, 26)] * 9, gap=6)
    assert_no_overlap(frame, labels)
    for label, face in zip(labels, faces, strict=True):
        assert label is not None
        assert is_beside(label, face, 6)
        assert not any(shared_area(label, other) for other in faces)


@pytest.mark.parametrize("seed", range(40))
def test_labels_of_random_crowds_stay_inside_and_apart(seed: int) -> None:
    dice = random.Random(seed)
    frame = (dice.randint(60, 1600), dice.randint(60, 1200))
    faces: list[Box] = []
    for _ in range(dice.randint(1, 40)):
        side = dice.randint(8, max(9, min(frame) // 3))
        left, top = dice.randrange(frame[0] - side + 1), dice.randrange(frame[1] - side + 1)
        faces.append(Box(left, top, left + side, top + side))
    sizes = [(dice.randint(20, 220), dice.randint(12, 40)) for _ in faces]
    labels = place_labels(frame, faces, sizes, gap=5)
    assert_no_overlap(frame, labels)
    for label, size in zip(labels, sizes, strict=True):
        assert label is None or (label.width, label.height) == size


def test_sparse_faces_always_get_their_label() -> None:
    dice = random.Random(1)
    for _ in range(30):
        faces = [Box(x, y, x + 70, y + 80) for x, y in ((100, 100), (500, 120), (900, 90), (300, 400), (700, 420))]
        faces = [Box(f.left + (d := dice.randint(-60, 60)), f.top, f.right + d, f.bottom) for f in faces]
        labels = place_labels((1100, 700), faces, [(150, 28)] * 5, gap=6)
        assert_no_overlap((1100, 700), labels)
        assert not any(shared_area(label, face) for label in labels if label for face in faces)
        assert None not in labels


def test_a_label_larger_than_the_picture_has_no_place() -> None:
    assert place_labels((100, 100), [Box(10, 10, 50, 50)], [(101, 20)], gap=4) == [None]
    assert place_labels((100, 100), [], [], gap=4) == []


def test_wrong_input_to_place_is_refused() -> None:
    with pytest.raises(ValueError, match="1 faces, but 0"):
        place_labels((100, 100), [Box(0, 0, 9, 9)], [], gap=4)
    with pytest.raises(ValueError, match="without pixels"):
        place_labels((100, 100), [Box(5, 5, 5, 9)], [(20, 10)], gap=4)
