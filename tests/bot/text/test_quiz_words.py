"""A person's knowledge of a member in words."""

from __future__ import annotations

import pytest

from bot.domain.quiz import QuizMemberStats
from bot.text.quiz import next_question_time, retention_time, stats_title


@pytest.mark.parametrize(
    ("stability", "due", "words"),
    [
        (None, None, ("not asked yet", "—")),
        (None, -1.0, ("not asked yet", "now")),
        (0.001, 0.0, ("1 min", "now")),
        (130.0, 2.2, ("4 months", "in 2 days")),
    ],
)
def test_memory_in_words(stability: float | None, due: float | None, words: tuple[str, str]) -> None:
    known = QuizMemberStats("Momo", stability, 1, 1, due)
    assert (retention_time(known), next_question_time(known)) == words


def test_the_title_names_the_group() -> None:
    assert [stats_title("TWICE"), stats_title(None)] == ["TWICE: whom you know", "All groups: whom you know"]
