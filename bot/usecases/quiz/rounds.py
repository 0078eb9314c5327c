"""The next round of a quiz: its member, its crop, and the names to choose from."""

from __future__ import annotations

import logging
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from bot.database.quiz import QuizRepository
from bot.database.tables.quiz import QuizRound
from bot.usecases.quiz.choosing import choose_crop, choose_member, choose_names
from bot.usecases.quiz.view import LostCropError, QuizQuestion, show_question

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.domain.quiz import QuizMember

log = logging.getLogger(__name__)


async def next_question(app: App, quiz_id: int, now: datetime, *, after: int = 0) -> QuizQuestion | None:
    """The question of round `after` + 1, about a crop whose file is there.

    None where no crop is left, the quiz is over, or another press has asked that question already.
    """
    lost: set[int] = set()
    while True:
        async with app.database.writing() as session:
            round_id = await _add_round(session, quiz_id, after, lost, now)
        if round_id is None:
            return None
        try:
            return await show_question(app, round_id)
        except LostCropError as error:
            log.warning("the storage has lost crop %s, so the quiz leaves it out", error.crop)
            lost |= {error.crop or 0}
            async with app.database.writing() as session:
                await QuizRepository(session).remove_round(round_id)


def members_of(members: Sequence[QuizMember], group: int | None) -> list[QuizMember]:
    """The members of a group; None: all of them."""
    return [member for member in members if group in (None, member.group)]


async def _add_round(
    session: AsyncSession, quiz_id: int, after: int, lost: Collection[int], now: datetime
) -> int | None:
    """The id of a new round. `lost`: ids of crops without a file."""
    quizzes = QuizRepository(session)
    quiz = await quizzes.get(quiz_id)
    if quiz is None or quiz.asked != after or quiz.asked >= quiz.rounds:
        return None
    # A race follows nobody's memory.
    person = None if quiz.race else quiz.person_id
    remembered = await quizzes.memories(person) if person is not None else {}
    everybody = await quizzes.members(quiz.server_id)
    history = await quizzes.history(quiz_id)
    history = replace(history, crops=history.crops | set(lost))
    chance = Random(f"{quiz.seed} {quiz.asked} {len(lost)}")
    memories = {id: one.memory for id, one in remembered.items()}
    member = choose_member(members_of(everybody, quiz.group_id), memories, history, now, chance)
    if member is None:
        await quizzes.end(quiz_id)
        return None
    if not await quizzes.count_round(quiz):
        return None
    mistakes = await quizzes.mistakes(person) if person is not None else []
    confused = [
        mistake.taken_for if mistake.member == member.id else mistake.member
        for mistake in mistakes
        if member.id in (mistake.member, mistake.taken_for)
    ]
    round = await quizzes.add_round(
        QuizRound(
            quiz_id=quiz_id,
            number=after + 1,
            member_id=member.id,
            crop_id=choose_crop(member, history, chance).id,
            options=choose_names(member, everybody, quiz.alike.get(str(member.id), []), confused, chance),
            asked_at=now,
        )
    )
    return round.id
