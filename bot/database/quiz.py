"""Quizzes: rounds, answers, scores, and each person's memory of members."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import and_, case, delete, func, or_, select, update

from bot.database.tables.questions import QuestionFace
from bot.database.tables.quiz import Quiz, QuizAnswer, QuizMemory, QuizRound, QuizScore
from bot.database.tables.rosters import Crop, Group, Member, Photo
from bot.domain.quiz import MemoryState, PersonScore, QuizCrop, QuizHistory, QuizMember
from bot.domain.rosters import SHARED_ROSTER

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession


STATES: Final = range(1, 4)
"""The states of a card of FSRS: learning, review, relearning."""


class MemberProgress(NamedTuple):
    """A person's memory of a member, and the numbers of their answers about the member: all (`seen`), and right ones."""

    memory: MemoryState
    seen: int
    correct: int


class QuizMistake(NamedTuple):
    """The number of times that a person took `member` for `taken_for` (ids)."""

    member: int
    taken_for: int
    times: int


class QuizRepository:
    """Statements over quizzes, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def members(self, server_id: int) -> list[QuizMember]:
        """The members that a quiz in a server may ask about: of its own groups and of the shared ones.

        Crops with a suspected label, and crops that aren't public, are left out. So is a shared group if the server has a
        group of that name.
        """
        own = select(Group.key).where(Group.server_id == server_id)
        searched = or_(Group.server_id == server_id, and_(Group.server_id == SHARED_ROSTER, Group.key.not_in(own)))
        query = (
            select(
                Member.id, Member.name, Member.key, Group.id, Group.name,
                Crop.id, Crop.key, Crop.face_width, Crop.sharpness,
            )
            .select_from(Photo)
            .join(Photo.member)
            .join(Member.group)
            .join(Photo.crop)
            .outerjoin(QuestionFace, Photo.face_id == QuestionFace.id)
            .where(searched, Crop.is_public, QuestionFace.suspected.is_not(True))
            .order_by(Member.id, Crop.id)
        )  # fmt: skip
        found: dict[int, tuple[str, str, int, str]] = {}
        crops: dict[int, list[QuizCrop]] = {}
        for member, name, key, group, group_name, crop, file, width, sharpness in await self._session.execute(query):
            found[member] = name, key, group, group_name
            crops.setdefault(member, []).append(QuizCrop(crop, file, width, sharpness))
        return [QuizMember(member, *names, tuple(crops[member])) for member, names in found.items()]

    async def add(self, quiz: Quiz) -> Quiz:
        """Add a quiz."""
        self._session.add(quiz)
        await self._session.flush()
        return quiz

    async def get(self, quiz_id: int) -> Quiz | None:
        """The quiz as it is now in the database."""
        return await self._session.get(Quiz, quiz_id, populate_existing=True)

    async def round(self, server_id: int, round_id: int) -> tuple[QuizRound, Quiz] | None:
        """A round of a quiz of a server, and the quiz, as they are now. The rows are locked until the transaction ends."""
        query = (
            select(QuizRound, Quiz)
            .join(Quiz, QuizRound.quiz_id == Quiz.id)
            .where(QuizRound.id == round_id, Quiz.server_id == server_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        row = (await self._session.execute(query)).one_or_none()
        return None if row is None else (row[0], row[1])

    async def last_round(self, quiz_id: int) -> QuizRound | None:
        """The latest round."""
        query = select(QuizRound).where(QuizRound.quiz_id == quiz_id).order_by(QuizRound.number.desc()).limit(1)
        return (await self._session.scalars(query.execution_options(populate_existing=True))).one_or_none()

    async def history(self, quiz_id: int) -> QuizHistory:
        """The members and crops that a quiz has asked about."""
        query = select(QuizRound.member_id, QuizRound.crop_id).where(QuizRound.quiz_id == quiz_id)
        rows = (await self._session.execute(query.order_by(QuizRound.number))).all()
        return QuizHistory(tuple(member for member, _ in rows), frozenset(crop for _, crop in rows if crop is not None))

    async def count_round(self, quiz: Quiz) -> bool:
        """Count one more round, unless somebody else did so meanwhile; returns whether it was counted."""
        stepped = await self._session.scalars(
            update(Quiz)
            .where(Quiz.id == quiz.id, Quiz.asked == quiz.asked, Quiz.asked < Quiz.rounds)
            .values(asked=Quiz.asked + 1)
            .returning(Quiz.id)
            .execution_options(synchronize_session=False)
        )
        return stepped.one_or_none() is not None

    async def end(self, quiz_id: int) -> None:
        """End a quiz after the rounds that it has asked."""
        await self._session.execute(
            update(Quiz)
            .where(Quiz.id == quiz_id)
            .values(rounds=Quiz.asked)
            .execution_options(synchronize_session=False)
        )

    async def add_round(self, round: QuizRound) -> QuizRound:
        """Add a round."""
        self._session.add(round)
        await self._session.flush()
        return round

    async def remove_round(self, round_id: int) -> None:
        """Delete a round that can't be shown, and that nobody has seen."""
        quiz = select(QuizRound.quiz_id).where(QuizRound.id == round_id).scalar_subquery()
        await self._session.execute(
            update(Quiz)
            .where(Quiz.id == quiz)
            .values(asked=Quiz.asked - 1)
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(delete(QuizRound).where(QuizRound.id == round_id))

    async def close(self, round_id: int, now: datetime) -> bool:
        """Close a round; returns False if it is closed already. Of two concurrent calls only one returns True."""
        closed = await self._session.scalars(
            update(QuizRound)
            .where(QuizRound.id == round_id, QuizRound.closed_at.is_(None))
            .values(closed_at=now)
            .returning(QuizRound.id)
            .execution_options(synchronize_session=False)
        )
        return closed.one_or_none() is not None

    async def add_answer(self, answer: QuizAnswer) -> None:
        """Add an answer."""
        self._session.add(answer)
        await self._session.flush()

    async def answers(self, round_id: int) -> list[QuizAnswer]:
        """The answers in a round, the earliest first."""
        query = select(QuizAnswer).where(QuizAnswer.round_id == round_id).order_by(QuizAnswer.at)
        return list(await self._session.scalars(query))

    async def results(self, quiz_id: int) -> dict[int, list[bool]]:
        """For each person who answered in a quiz, whether their answers were right, by round."""
        query = (
            select(QuizAnswer.person_id, QuizAnswer.correct)
            .join(QuizRound, QuizAnswer.round_id == QuizRound.id)
            .where(QuizRound.quiz_id == quiz_id)
            .order_by(QuizRound.number)
        )
        found: dict[int, list[bool]] = {}
        for person, correct in await self._session.execute(query):
            found.setdefault(person, []).append(correct)
        return found

    async def mistakes(self, person_id: int, *, quiz_id: int | None = None) -> list[QuizMistake]:
        """A person's mistakes in one quiz, or in all, the most frequent first."""
        query = (
            select(QuizRound.member_id, QuizAnswer.chosen_id, func.count())
            .join(QuizRound, QuizAnswer.round_id == QuizRound.id)
            .where(QuizAnswer.person_id == person_id, QuizAnswer.correct.is_(False), QuizAnswer.chosen_id.is_not(None))
            .group_by(QuizRound.member_id, QuizAnswer.chosen_id)
        )
        if quiz_id is not None:
            query = query.where(QuizRound.quiz_id == quiz_id)
        mistakes = [QuizMistake(*row) for row in await self._session.execute(query)]
        return sorted(mistakes, key=lambda mistake: (-mistake.times, mistake.member, mistake.taken_for))

    async def memories(self, person_id: int) -> dict[int, MemberProgress]:
        """A person's memory of each member, by the member's id; a damaged one is left out, and begins anew."""
        rows = await self._session.scalars(
            select(QuizMemory).where(QuizMemory.person_id == person_id).execution_options(populate_existing=True)
        )
        return {
            row.member_id: MemberProgress(_memory(row), row.seen, row.correct) for row in rows if row.state in STATES
        }

    async def remember(self, person_id: int, member_id: int, remembered: MemberProgress) -> None:
        """Write a person's new memory of a member."""
        memory, seen, correct = remembered
        await self._session.merge(
            QuizMemory(
                person_id=person_id,
                member_id=member_id,
                state=memory.state,
                step=memory.step,
                stability=memory.stability,
                difficulty=memory.difficulty,
                due=memory.due,
                last_review=memory.last_review,
                seen=seen,
                correct=correct,
            )
        )

    async def score(self, server_id: int, group_id: int, person_id: int, *, right: bool) -> None:
        """Count a person's answer about a group in their score."""
        key = (server_id, group_id, person_id)
        if await self._session.get(QuizScore, key) is None:
            self._session.add(QuizScore(server_id=server_id, group_id=group_id, person_id=person_id))
            await self._session.flush()
        streak = QuizScore.streak + 1
        won = {
            "points": QuizScore.points + 1,
            "streak": streak,
            "best": case((QuizScore.best < streak, streak), else_=QuizScore.best),
        }
        await self._session.execute(
            update(QuizScore)
            .where(QuizScore.server_id == server_id, QuizScore.group_id == group_id, QuizScore.person_id == person_id)
            .values(answers=QuizScore.answers + 1, **(won if right else {"streak": 0}))
            .execution_options(synchronize_session=False)
        )

    async def scores(self, server_id: int, group_id: int | None = None) -> list[PersonScore]:
        """The scores in a server, in one group or all groups: by points, then by the longest streak, then by fewer answers."""
        query = (
            select(
                QuizScore.person_id,
                func.sum(QuizScore.points),
                func.sum(QuizScore.answers),
                func.max(QuizScore.streak),
                func.max(QuizScore.best),
            )
            .where(QuizScore.server_id == server_id)
            .group_by(QuizScore.person_id)
        )
        if group_id is not None:
            query = query.where(QuizScore.group_id == group_id)
        scores = [PersonScore(*row) for row in await self._session.execute(query)]
        return sorted(scores, key=lambda score: (-score.points, -score.best, score.answers, score.person))

    async def forget(self, person_id: int) -> int:
        """Delete a person's quizzes, answers, scores and memories in all servers; returns the number of answers.

        Races that the person started go on without them.
        """
        deleted = await self._session.scalars(
            delete(QuizAnswer).where(QuizAnswer.person_id == person_id).returning(QuizAnswer.round_id)
        )
        count = len(deleted.all())
        for table in (QuizMemory, QuizScore):
            await self._session.execute(delete(table).where(table.person_id == person_id))
        await self._session.execute(delete(Quiz).where(Quiz.person_id == person_id, Quiz.race.is_(False)))
        await self._session.execute(update(Quiz).where(Quiz.person_id == person_id).values(person_id=0))
        return count


def merge_pairs(mistakes: Collection[QuizMistake]) -> list[QuizMistake]:
    """The mistakes with both directions of a pair of members added up, the most frequent first."""
    counts: Counter[tuple[int, int]] = Counter()
    for mistake in mistakes:
        pair = min(mistake.member, mistake.taken_for), max(mistake.member, mistake.taken_for)
        counts[pair] += mistake.times
    return [QuizMistake(*pair, times) for pair, times in counts.most_common()]


def _memory(row: QuizMemory) -> MemoryState:
    return MemoryState(row.state, row.step, row.stability, row.difficulty, row.due, row.last_review)
