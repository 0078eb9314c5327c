"""Each reason of a gathering has its words."""

from __future__ import annotations

from bot.domain.gathering import CandidateRefusal, GatherProgress, RefusalReason
from bot.text.gathering import REASONS, left_out_counts


def test_each_reason_has_words() -> None:
    assert set(REASONS) == {*CandidateRefusal, *RefusalReason}


def test_the_most_frequent_reason_comes_first() -> None:
    gathering = GatherProgress("TWICE", ("Momo",))
    gathering.refused[CandidateRefusal.COPY] += 1
    gathering.tally.refused[RefusalReason.SLOW] += 2
    assert left_out_counts(gathering) == [(2, "the site is too slow"), (1, "the same photo as another")]
