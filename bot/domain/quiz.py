"""The quiz as values: a person's memory of members, and the members and crops of a quiz."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class MemoryState:
    """A card of FSRS. `stability`: days until the probability of the right name falls to 90%; None before the first answer."""

    state: int
    step: int | None
    stability: float | None
    difficulty: float | None
    due: datetime
    last_review: datetime | None


@dataclass(frozen=True, slots=True)
class QuizCrop:
    """A crop that a quiz may show. `key`: its place in the storage. `face_width`: in pixels of the original picture."""

    id: int
    key: str
    face_width: int
    sharpness: float | None


@dataclass(frozen=True, slots=True)
class QuizMember:
    """A member whom a quiz may ask about. `key`: the name in searches (`bot.text.names.search_key`). `crops`: enrolled ones."""

    id: int
    name: str
    key: str
    group: int
    group_name: str
    crops: tuple[QuizCrop, ...]


@dataclass(frozen=True, slots=True)
class QuizHistory:
    """The ids of the members, in order, and of the crops that a quiz has shown."""

    members: tuple[int, ...] = ()
    crops: frozenset[int] = field(default_factory=frozenset[int])


@dataclass(frozen=True, slots=True)
class QuizMemberStats:
    """A person's knowledge of a member.

    `stability`: days until the probability of the right name falls to 90%, None before the first answer. `seen`: answers.
    `right`: right answers. `days_until_due`: until the next question, 0 or less where it is due; None before the first one.
    """

    name: str
    stability: float | None
    seen: int
    right: int
    days_until_due: float | None


class PersonScore(NamedTuple):
    """A person's score. `streak`: the right answers in a row until now; `best`: the longest streak.

    Over several groups, both are the maximum of the groups.
    """

    person: int
    points: int
    answers: int
    streak: int
    best: int
