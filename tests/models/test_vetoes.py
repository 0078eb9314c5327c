"""What holds of what was said of faces: the later word, for one photo and its copies alone."""

from __future__ import annotations

import numpy as np
import pytest

from models.vetoes import NOBODY, Vetoes

ONE, COPY, OTHER = (1.0, 0.0), (0.998, np.sqrt(1 - 0.998**2)), (0.0, 1.0)
OBAMA, BIDEN = 1, 2


def standing(*said: tuple[tuple[float, float], int | None, int | None]) -> list[int]:
    """The members that are still denied, of (encoding, denied, granted), oldest first."""
    encodings = np.array([encoding for encoding, _, _ in said], np.float32)
    vetoes = Vetoes.standing(encodings, [no for _, no, _ in said], [yes for _, _, yes in said], "dlib-1")
    assert vetoes.encodings.shape == (len(vetoes.members), 2)
    return vetoes.members.tolist()


def test_a_no_holds_until_a_later_yes() -> None:
    assert standing((ONE, OBAMA, None)) == [OBAMA]
    assert standing((ONE, OBAMA, None), (ONE, None, OBAMA)) == []
    assert standing((ONE, None, OBAMA), (ONE, OBAMA, None)) == [OBAMA]


@pytest.mark.parametrize(("where", "left"), [(COPY, []), (OTHER, [OBAMA])])
def test_a_yes_is_for_its_photo_and_its_copies(where: tuple[float, float], left: list[int]) -> None:
    assert standing((ONE, OBAMA, None), (where, None, OBAMA)) == left


def test_that_it_is_one_member_says_nothing_of_another_no() -> None:
    assert standing((ONE, OBAMA, None), (ONE, OBAMA, BIDEN)) == [OBAMA, OBAMA]


def test_nobody_is_somebody_once_anybody_is_granted() -> None:
    assert standing((ONE, NOBODY, None), (ONE, OBAMA, None)) == [NOBODY, OBAMA]
    assert standing((ONE, NOBODY, None), (COPY, None, BIDEN)) == []
