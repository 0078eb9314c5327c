"""The choice of the next member, of the crop, and of the names below it. `chance` makes each choice repeatable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.usecases.quiz.memory import retrievability
from models.faces import flaw_of_example

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from random import Random

    from bot.domain.quiz import MemoryState, QuizCrop, QuizHistory, QuizMember

NAMES = 4
"""Names below a face."""

NEAREST = 5
"""The number of look-alikes to draw the other names from, so that they are not always the same three."""


def choose_member(
    members: Sequence[QuizMember],
    memories: Mapping[int, MemoryState],
    history: QuizHistory,
    now: datetime,
    chance: Random,
) -> QuizMember | None:
    """The next member: one whose memory is due, the most overdue first; then a new one; then the least retrievable.

    No member comes twice in a row if there is another, and each needs a crop that was not shown yet. None where none has one.
    """
    left = [member for member in members if any(crop.id not in history.crops for crop in member.crops)]
    fresh = [member for member in left if member.id not in history.members[-1:]]
    shuffled = chance.sample(fresh or left, len(fresh or left))

    def rank(member: QuizMember) -> tuple[int, float, float]:
        memory = memories.get(member.id)
        if memory is not None and memory.due <= now:
            return 0, memory.due.timestamp(), 0.0
        times = history.members.count(member.id)
        if memory is None:
            return 1, times, 0.0
        return 2, retrievability(memory, now), times

    return min(shuffled, key=rank, default=None)


def choose_crop(member: QuizMember, history: QuizHistory, chance: Random) -> QuizCrop:
    """A crop of the member that was not shown yet; a clear one if there is one."""
    left = [crop for crop in member.crops if crop.id not in history.crops]
    return chance.choice([crop for crop in left if is_clear(crop)] or left)


def best_crops(member: QuizMember, shown: Collection[int] = ()) -> list[QuizCrop]:
    """The member's crops without those `shown` (ids): clear ones first, then by width."""
    others = [crop for crop in member.crops if crop.id not in shown]
    return sorted(others, key=lambda crop: (not is_clear(crop), -crop.face_width, crop.id))


def choose_names(
    member: QuizMember,
    everybody: Sequence[QuizMember],
    alike: Sequence[int],
    mistaken: Sequence[int],
    chance: Random,
) -> list[int]:
    """The ids of at most four members to choose from, `member` among them, in the order of the buttons.

    The others are drawn from the look-alikes in the same group; from other groups where those are too few. `alike`: ids of the
    look-alikes, the nearest first. `mistaken`: ids of members whom the person has confused with the member; one of them is
    always among the names. No two members have the same name.
    """
    nearness = {id: place for place, id in enumerate(alike)}
    shuffled = chance.sample(everybody, len(everybody))
    shuffled.sort(key=lambda other: (other.group != member.group, nearness.get(other.id, len(nearness))))
    chosen, keys = [member.id], {member.key}

    def choose(options: Sequence[QuizMember], most: int) -> None:
        for other in options:
            if len(chosen) < most and other.key not in keys:
                chosen.append(other.id)
                keys.add(other.key)

    before = {id: place for place, id in enumerate(mistaken)}
    confused = [other for other in shuffled if other.id in before]
    choose(sorted(confused, key=lambda other: before[other.id]), 2)
    near = [other for other in shuffled if other.group == member.group and other.key not in keys]
    choose(chance.sample(near[:NEAREST], len(near[:NEAREST])), NAMES)
    far = [other for other in shuffled if other.group != member.group and other.key not in keys]
    choose(chance.sample(far[:NEAREST], len(far[:NEAREST])), NAMES)
    choose(far, NAMES)
    return chance.sample(chosen, len(chosen))


def is_clear(crop: QuizCrop) -> bool:
    """Whether the face is large and sharp enough to be recognised."""
    return flaw_of_example(crop.face_width, crop.sharpness) is None
