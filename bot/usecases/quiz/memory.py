"""What a person remembers of a member: FSRS, with the moment passed in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fsrs import Card, Rating, Scheduler, State

from bot.domain.quiz import Memory

if TYPE_CHECKING:
    from datetime import datetime

AGAIN = timedelta(minutes=1)
"""After a wrong answer a member comes back within the same quiz."""

QUICK = timedelta(seconds=5)
"""A right answer within this of the question was easy; loading the picture takes one of them."""

_FSRS = Scheduler(learning_steps=(AGAIN,), relearning_steps=(AGAIN,), enable_fuzzing=False)
"""FSRS-6 with its published weights, at 90% wanted retention.

One learning step: whoever names a face right at first sight has seen the member elsewhere, and need not say so again ten
minutes later. No fuzz, so that the same answers give the same days.
"""


def answered(memory: Memory | None, *, right: bool, quick: bool, now: datetime) -> Memory:
    """The memory after an answer: right is Good, or Easy where it was quick; wrong is Again. None: the first answer."""
    rating = (Rating.Easy if quick else Rating.Good) if right else Rating.Again
    card, _ = _FSRS.review_card(_card(memory or _new(now)), rating, now)
    return Memory(card.state.value, card.step, card.stability, card.difficulty, card.due, card.last_review)


def mistaken_for(memory: Memory | None, now: datetime) -> Memory:
    """The memory of a member whose name another got: due within `AGAIN`, and else as it was, since no answer was theirs."""
    memory = memory or _new(now)
    soon = now + AGAIN
    return replace(memory, due=min(memory.due, soon) if memory.last_review else soon)


def retrievability(memory: Memory, now: datetime) -> float:
    """The probability in [0, 1] that the face is known, as FSRS has it: by whole days."""
    return _FSRS.get_card_retrievability(_card(memory), now)


def _new(now: datetime) -> Memory:
    return Memory(State.Learning.value, 0, None, None, now, None)


def _card(memory: Memory) -> Card:
    return Card(
        0, State(memory.state), memory.step, memory.stability, memory.difficulty, memory.due, memory.last_review
    )
