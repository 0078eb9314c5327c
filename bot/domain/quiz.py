"""The quiz as values: what a person remembers of a member, and who may be asked about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Memory:
    """A card of FSRS. `stability`: days until the face is still known with 90%; None before the first answer."""

    state: int
    step: int | None
    stability: float | None
    difficulty: float | None
    due: datetime
    last_review: datetime | None


@dataclass(frozen=True, slots=True)
class QuizCrop:
    """A crop that may be asked about: where it is in the storage, how wide and how sharp the face is."""

    id: int
    key: str
    face_width: int
    sharpness: float | None


@dataclass(frozen=True, slots=True)
class QuizMember:
    """Somebody who may be asked about. `key` is what the name is found by; `crops`: those that are enrolled."""

    id: int
    name: str
    key: str
    group: int
    group_name: str
    crops: tuple[QuizCrop, ...]


@dataclass(frozen=True, slots=True)
class QuizHistory:
    """What a quiz showed so far: the ids of members and crops, in order."""

    members: tuple[int, ...] = ()
    crops: frozenset[int] = field(default_factory=frozenset[int])


@dataclass(frozen=True, slots=True)
class KnownMember:
    """How well a member is known, as `models.drawing.quiz_stats.MemberKnowledge` has it."""

    name: str
    stability: float | None
    seen: int
    right: int
    lasts: str
    due: str
