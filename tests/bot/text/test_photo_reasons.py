"""Whether a photo is doubted that is handed in as one member and looks like another."""

from __future__ import annotations

import pytest

from bot.domain.photos import find_resemblance
from bot.text.photos import photo_reason
from models.faces import ConfidenceBand, Guess, MemberCandidate

SANA, MOMO, MINA = 1, 2, 3


def looks_like_sana(*others: int) -> Guess:
    candidates = (MemberCandidate(SANA, "Sana", 0.9), *(MemberCandidate(other, f"M{other}", 0.02) for other in others))
    return Guess(SANA, "Sana", 0.9, ConfidenceBand.SURE, candidates)


@pytest.mark.parametrize(
    ("known", "doubt"), [((MOMO, MINA), "it looks more like Sana (90%) than Momo"), ((MINA,), None), ((), None)]
)
def test_a_photo_is_held_against_others_where_there_is_one_of_her_own(
    known: tuple[int, ...], doubt: str | None
) -> None:
    found = find_resemblance(looks_like_sana(*known), MOMO, "Momo")
    assert (found and photo_reason(found)) == doubt


def test_a_photo_of_herself_is_not_doubted() -> None:
    assert find_resemblance(looks_like_sana(MOMO), SANA, "Sana") is None
