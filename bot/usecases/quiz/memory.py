"""A person's memory of a member, by FSRS. Each function takes the time as `now`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fsrs import Card, Rating, Scheduler, State

from bot.domain.quiz import MemoryState

if TYPE_CHECKING:
    from datetime import datetime

AGAIN = timedelta(minutes=1)
"""The time after which a member comes back after a wrong answer, within the same quiz."""

QUICK = timedelta(seconds=5)
"""The time within which a right answer counts as easy. Loading the picture takes a second of it."""

_FSRS = Scheduler(learning_steps=(AGAIN,), relearning_steps=(AGAIN,), enable_fuzzing=False)
"""FSRS-6 with its published weights, at 90% wanted retention.

One learning step: a person who names a new face right knows the member from elsewhere, and isn't asked again ten minutes
later. No fuzz, so that the same answers give the same days.
"""


def after_answer(memory: MemoryState | None, *, right: bool, quick: bool, now: datetime) -> MemoryState:
    """The memory after an answer. `memory`: None before the first one. Right: Good, or Easy if quick. Wrong: Again."""
    rating = (Rating.Easy if quick else Rating.Good) if right else Rating.Again
    card, _ = _FSRS.review_card(_card(memory or _new(now)), rating, now)
    return MemoryState(card.state.value, card.step, card.stability, card.difficulty, card.due, card.last_review)


def after_confusion(memory: MemoryState | None, now: datetime) -> MemoryState:
    """The memory of a member who was confused with the member of a round: due within `AGAIN`, and otherwise unchanged."""
    memory = memory or _new(now)
    soon = now + AGAIN
    return replace(memory, due=min(memory.due, soon) if memory.last_review else soon)


def retrievability(memory: MemoryState, now: datetime) -> float:
    """The probability of the right name, in [0, 1]. FSRS counts whole days."""
    return _FSRS.get_card_retrievability(_card(memory), now)


def _new(now: datetime) -> MemoryState:
    return MemoryState(State.Learning.value, 0, None, None, now, None)


def _card(memory: MemoryState) -> Card:
    return Card(
        0, State(memory.state), memory.step, memory.stability, memory.difficulty, memory.due, memory.last_review
    )
