"""A person's knowledge of members, as words without markup: the same on Discord and in pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.text.formatting import approximate_duration

if TYPE_CHECKING:
    from bot.domain.quiz import QuizMemberStats


def stats_title(group: str | None) -> str:
    """The title of the chart about a group; None: about all groups."""
    return f"{group or 'All groups'}: whom you know"


def retention_time(known: QuizMemberStats) -> str:
    """The time for which the face stays in mind: `4 months`."""
    return "not asked yet" if known.stability is None else approximate_duration(known.stability)


def next_question_time(known: QuizMemberStats) -> str:
    """The time until the next question about the member: `now`, `in 3 days`; a dash before the first question."""
    if known.days_until_due is None:
        return "—"
    return "now" if known.days_until_due <= 0 else f"in {approximate_duration(known.days_until_due)}"
