"""Who is asked next, with which crop, among which names. All chance is passed in, so that it can be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.usecases.quiz.memory import retrievability
from models.faces import flaw_of_example

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from random import Random

    from bot.domain.quiz import Memory, QuizCrop, QuizHistory, QuizMember

NAMES = 4
"""Buttons below a face."""

NEAREST = 5
"""The other names are drawn from so many look-alikes, so that they are not always the same three."""


def next_member(
    members: Sequence[QuizMember], memories: Mapping[int, Memory], asked: QuizHistory, now: datetime, chance: Random
) -> QuizMember | None:
    """Who is asked next: whose memory is due, the most overdue first; then who is new; then the least retrievable.

    Nobody twice in a row where there is another, and only who has a crop that was not shown yet; None where nobody has.
    """
    left = [member for member in members if any(crop.id not in asked.crops for crop in member.crops)]
    fresh = [member for member in left if member.id not in asked.members[-1:]]
    shuffled = chance.sample(fresh or left, len(fresh or left))

    def rank(member: QuizMember) -> tuple[int, float, float]:
        memory = memories.get(member.id)
        if memory is not None and memory.due <= now:
            return 0, memory.due.timestamp(), 0.0
        times = asked.members.count(member.id)
        if memory is None:
            return 1, times, 0.0
        return 2, retrievability(memory, now), times

    return min(shuffled, key=rank, default=None)


def next_crop(member: QuizMember, asked: QuizHistory, chance: Random) -> QuizCrop:
    """One of the member's crops that was not shown yet; a clear one where there is any."""
    left = [crop for crop in member.crops if crop.id not in asked.crops]
    return chance.choice([crop for crop in left if is_clear(crop)] or left)


def best_crops(member: QuizMember, shown: Collection[int] = ()) -> list[QuizCrop]:
    """The member's crops beside those `shown`, the best first: clear ones, the widest."""
    others = [crop for crop in member.crops if crop.id not in shown]
    return sorted(others, key=lambda crop: (not is_clear(crop), -crop.face_width, crop.id))


def names_for(
    member: QuizMember,
    everybody: Sequence[QuizMember],
    alike: Sequence[int],
    mistaken: Sequence[int],
    chance: Random,
) -> list[int]:
    """The ids of at most four members to choose from, in the order of the buttons, `member` among them.

    The others look alike: drawn from the nearest of the same group; from other groups where that has too few. `alike`: ids,
    the nearest first. `mistaken`: ids of those that the person took for the member, or the member for, before; one of them is
    always there. No two have the same name.
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
    choose(sorted((one for one in shuffled if one.id in before), key=lambda one: before[one.id]), 2)
    near = [one for one in shuffled if one.group == member.group and one.key not in keys]
    choose(chance.sample(near[:NEAREST], len(near[:NEAREST])), NAMES)
    far = [one for one in shuffled if one.group != member.group and one.key not in keys]
    choose(chance.sample(far[:NEAREST], len(far[:NEAREST])), NAMES)
    choose(far, NAMES)
    return chance.sample(chosen, len(chosen))


def is_clear(crop: QuizCrop) -> bool:
    """Whether the face is large and sharp enough to be known by."""
    return flaw_of_example(crop.face_width, crop.sharpness) is None
