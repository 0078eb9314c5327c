"""The tables of the quiz. Their rows are deleted with the server, the group or the member that they are about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.tables.base import NEVER_REUSED, Base
from bot.database.tables.rosters import Crop, Group, Member
from bot.database.tables.servers import Server


class Quiz(Base):
    """A quiz about a group, or about all groups that its server may see (None).

    `person_id`: the person who started it, 0 after they had their quizzes forgotten. `race`: everybody may answer, else only
    that person. `rounds`: their number in all. `asked`: their number so far. `seed`: the seed of its random choices. `alike`:
    the look-alikes of each member by id, the nearest first.
    """

    __tablename__ = "quiz"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(ForeignKey(Server.id, ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey(Group.id, ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(BigInteger, index=True)
    race: Mapped[bool]
    rounds: Mapped[int]
    asked: Mapped[int] = mapped_column(default=0)
    seed: Mapped[int] = mapped_column(BigInteger)
    alike: Mapped[dict[str, Any]]
    begun_at: Mapped[datetime]


class QuizRound(Base):
    """A round of a quiz: the crop `crop_id` shows the member `member_id`.

    `options`: the members to choose from, in the order of their buttons. `closed_at`: the time of the answer or of giving up,
    None while the round can be answered.
    """

    __tablename__ = "quiz_round"
    __table_args__ = (UniqueConstraint("quiz_id", "number"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    quiz_id: Mapped[int] = mapped_column(ForeignKey("quiz.id", ondelete="CASCADE"))
    number: Mapped[int]
    member_id: Mapped[int] = mapped_column(ForeignKey(Member.id, ondelete="CASCADE"), index=True)
    crop_id: Mapped[int | None] = mapped_column(ForeignKey(Crop.id, ondelete="SET NULL"), index=True)
    options: Mapped[list[Any]]
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class QuizAnswer(Base):
    """A person's only answer in a round. `chosen_id`: None if they didn't know, or if the member is gone."""

    __tablename__ = "quiz_answer"

    round_id: Mapped[int] = mapped_column(ForeignKey("quiz_round.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    chosen_id: Mapped[int | None] = mapped_column(ForeignKey(Member.id, ondelete="SET NULL"))
    correct: Mapped[bool]
    at: Mapped[datetime]


class QuizMemory(Base):
    """A person's memory of a member (`bot.domain.quiz.MemoryState`), and the numbers of their answers: all, and right ones."""

    __tablename__ = "quiz_memory"

    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey(Member.id, ondelete="CASCADE"), primary_key=True, index=True)
    state: Mapped[int]
    step: Mapped[int | None]
    stability: Mapped[float | None]
    difficulty: Mapped[float | None]
    due: Mapped[datetime]
    last_review: Mapped[datetime | None]
    seen: Mapped[int] = mapped_column(default=0)
    correct: Mapped[int] = mapped_column(default=0)


class QuizScore(Base):
    """A person's score in a server about a group. `streak`: the right answers since the last wrong one. `best`: the longest."""

    __tablename__ = "quiz_score"

    server_id: Mapped[int] = mapped_column(ForeignKey(Server.id, ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey(Group.id, ondelete="CASCADE"), primary_key=True, index=True)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    points: Mapped[int] = mapped_column(default=0)
    answers: Mapped[int] = mapped_column(default=0)
    streak: Mapped[int] = mapped_column(default=0)
    best: Mapped[int] = mapped_column(default=0)
