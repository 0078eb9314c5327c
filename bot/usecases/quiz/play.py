"""Playing the quiz: it begins, rounds are answered, and the next round follows."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.lookup import named_or_default_group
from bot.database.quiz import MemberProgress, QuizRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.quiz import Quiz, QuizAnswer, QuizRound
from bot.database.tables.rosters import Group
from bot.domain.messages import Hint, Mention, Message, SlashCommand, Strong
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import NoRosterError, PersonError
from bot.usecases.quiz.memory import QUICK, after_answer, after_confusion
from bot.usecases.quiz.rounds import members_of, next_question
from bot.usecases.quiz.view import GONE, QuizQuestion, RoundVerdict, round_of, show_question, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App

MIN_MEMBERS = 2
"""The members with a photo that a quiz needs."""

RACE_REPOST_SECONDS = timedelta(seconds=30)
"""Seconds after which anybody may repost the face or reveal the answer in a race.

The person who started the race may do so at once.
"""


class ForeignQuizError(PersonError):
    """A button of another person's quiz. `person`: the id of that person, 0 where their quizzes are forgotten."""

    def __init__(self, person: int) -> None:
        whose = Message("{person}'s", person=Mention(person)) if person else Message("somebody else's")
        super().__init__(
            "This is {whose} quiz. Start your own with {command}.", whose=whose, command=SlashCommand("quiz play")
        )


class LateAnswerError(PersonError):
    """An answer to a round of a race that is over; the pressed card is older than the verdict."""


@dataclass(frozen=True, slots=True)
class WrongRaceAnswer:
    """A wrong answer in a race that goes on for the others. `name`: the answer."""

    name: str


async def begin(
    app: App,
    server_id: int,
    channel_id: int | None,
    person: int,
    *,
    group: str | None = None,
    rounds: int,
    race: bool,
    now: datetime,
) -> QuizQuestion:
    """Begin a quiz about a group; returns its first question.

    `group`: its name; without one, the default group of the channel, or all groups. `rounds`: at most, since no crop is shown
    twice. Raises UnknownGroupError, NoRosterError, and PersonError where too few members have photos.
    """
    async with app.database.reading() as session:
        about = await named_or_default_group(session, server_id, channel_id, group)
    return await _begin(app, server_id, about, person, rounds, race=race, now=now)


async def begin_again(app: App, server_id: int, round_id: int, person: int, now: datetime) -> QuizQuestion:
    """Begin a quiz of the same kind as that of a round. Raises PersonError as `begin` does."""
    async with app.database.reading() as session:
        _, quiz = await round_of(session, server_id, round_id)
        about = await session.get(Group, quiz.group_id) if quiz.group_id is not None else None
    return await _begin(app, server_id, about, person, quiz.rounds, race=quiz.race, now=now)


async def answer(
    app: App, server_id: int, round_id: int, person: int, chosen: int | None, now: datetime
) -> RoundVerdict | WrongRaceAnswer:
    """Answer a round. `chosen`: the id of a member, None to reveal the answer.

    Raises ForeignQuizError, LateAnswerError, and PersonError for a second answer, a round that is gone, or a removed member.
    """
    async with app.database.writing() as session:
        round, quiz = await round_of(session, server_id, round_id)
        _check_person(quiz, person)
        if chosen is not None and chosen not in round.options:
            raise PersonError(GONE)
        if round.closed_at is None:
            missed = await _keep_answer(session, round, quiz, person, chosen, now)
            if missed is not None:
                return missed
        elif quiz.race:
            raise await _too_late(session, round, person)
    return await verdict(app, server_id, round_id)


async def next_card(app: App, server_id: int, round_id: int, person: int, now: datetime) -> QuizQuestion | RoundVerdict:
    """The question after a round, or the verdict of the last round where no crop is left.

    Where the quiz is beyond the round: its current card once more, of a race after `RACE_REPOST_SECONDS`, since its message may
    be lost. Raises ForeignQuizError, and PersonError where a race has its next question already, or is over.
    """
    async with app.database.reading() as session:
        round, quiz = await round_of(session, server_id, round_id)
        _check_person(quiz, person)
        last = await QuizRepository(session).last_round(quiz.id)
    assert last is not None
    if last.id == round.id and round.closed_at is not None:
        question = await next_question(app, quiz.id, now, after=quiz.asked)
        if question is not None:
            return question
        async with app.database.reading() as session:
            last = await QuizRepository(session).last_round(quiz.id) or last
    beyond = quiz.race and last.id != round.id
    if beyond and now < last.asked_at + RACE_REPOST_SECONDS:
        raise PersonError("The next face is there already, further down.")
    if last.closed_at is None:
        return await show_question(app, last.id)
    current = await verdict(app, server_id, last.id)
    if beyond and current.summary is not None:
        raise PersonError("This race is over: {command} has the leaderboard.", command=SlashCommand("quiz top"))
    if last.id == round.id and current.summary is None:
        raise PersonError("The next face was removed meanwhile: press Next again.")
    return current


async def forget(app: App, person: int) -> int:
    """Delete all quiz data of a person in all servers; returns the number of answers."""
    async with app.database.writing() as session:
        return await QuizRepository(session).forget(person)


async def _begin(
    app: App, server_id: int, about: Group | None, person: int, rounds: int, *, race: bool, now: datetime
) -> QuizQuestion:
    async with app.database.reading() as session:
        members = await QuizRepository(session).members(server_id)
        anybody = await RosterRepository(session).groups({SHARED_ROSTER, server_id})
        revisions = await RosterRepository(session).revisions({SHARED_ROSTER, server_id})
    candidates = members_of(members, about.id if about else None)
    if len(candidates) < MIN_MEMBERS:
        if not anybody:
            raise NoRosterError
        whose = Message("{group} has", group=Strong(about.name)) if about else Message("There are")
        raise PersonError(
            "{whose} too few members for a quiz: it takes two with a photo each.", whose=whose, hint=Hint.ADD_MEMBERS
        )
    engine = await app.recognisers.engine()
    groups = sorted({member.group for member in members})
    key = tuple(groups), engine, revisions
    alike = await app.caches.look_alike_ids.get(key, partial(_look_alikes, app, groups, engine))
    async with app.database.writing() as session:
        await ServerRepository(session).ensure(server_id)
        quiz = await QuizRepository(session).add(
            Quiz(
                server_id=server_id,
                group_id=about.id if about else None,
                person_id=person,
                race=race,
                rounds=min(rounds, len({crop.id for member in candidates for crop in member.crops})),
                seed=secrets.randbits(32),
                alike={str(id): list(others) for id, others in alike.items()},
                begun_at=now,
            )
        )
    question = await next_question(app, quiz.id, now)
    if question is None:
        whose = Message("everybody in {group}", group=Strong(about.name)) if about else Message("everybody here")
        raise PersonError(
            "I have lost the photos of {whose}: add others with {command}.",
            whose=whose,
            command=SlashCommand("member add"),
        )
    return question


async def _look_alikes(app: App, groups: Sequence[int], engine: str) -> dict[int, tuple[int, ...]]:
    """The look-alikes of each member of these groups (`jobs.look_alikes_of_each`)."""
    async with app.database.reading() as session:
        rows = await RosterRepository(session).encodings_of_groups(groups, engine)
    return await app.compute.run(jobs.look_alikes_of_each, rows, engine) if rows else {}


async def _too_late(session: AsyncSession, round: QuizRound, person: int) -> LateAnswerError:
    """The error for an answer to a round of a race that is over."""
    given = {one.person_id: one.correct for one in await QuizRepository(session).answers(round.id)}
    result = Message("Somebody was faster") if any(given.values()) else Message("This round is over")
    if given.get(person):
        result = Message("You won this round already")
    (truth,) = await RosterRepository(session).members_by_id([round.member_id])
    return LateAnswerError("{result}: it was {truth}.", result=result, truth=Strong(truth.name))


def _check_person(quiz: Quiz, person: int) -> None:
    if not quiz.race and person != quiz.person_id:
        raise ForeignQuizError(quiz.person_id)


async def _keep_answer(
    session: AsyncSession, round: QuizRound, quiz: Quiz, person: int, chosen: int | None, now: datetime
) -> WrongRaceAnswer | None:
    """Keep an answer to an open round. Returns WrongRaceAnswer for a wrong answer in a race, which goes on."""
    quizzes = QuizRepository(session)
    if any(one.person_id == person for one in await quizzes.answers(round.id)) and chosen is not None:
        raise PersonError("You have answered this round already: everybody has one answer.")
    members = {one.id: one for one in await RosterRepository(session).members_by_id({round.member_id, chosen or 0})}
    if chosen is not None and chosen not in members:
        raise PersonError("That member was removed meanwhile: choose another name.")
    right = chosen == round.member_id
    if quiz.race and chosen is None and person != quiz.person_id and now < round.asked_at + RACE_REPOST_SECONDS:
        raise PersonError("Give the others a moment: half a minute after the question anybody may have it shown.")
    if (right or not quiz.race or chosen is None) and not await quizzes.close(round.id, now):
        raise LateAnswerError("Somebody was faster.")
    if quiz.race and chosen is None:
        return None
    await quizzes.add_answer(QuizAnswer(round_id=round.id, person_id=person, chosen_id=chosen, correct=right, at=now))
    known = await quizzes.memories(person)
    before = known.get(round.member_id)
    quick = now - round.asked_at <= QUICK
    memory = after_answer(before.memory if before else None, right=right, quick=quick, now=now)
    seen, correct = (before.seen, before.correct) if before else (0, 0)
    await quizzes.remember(person, round.member_id, MemberProgress(memory, seen + 1, correct + int(right)))
    if chosen is not None and not right:
        other = known.get(chosen)
        soon = after_confusion(other.memory if other else None, now)
        await quizzes.remember(person, chosen, other._replace(memory=soon) if other else MemberProgress(soon, 0, 0))
    await quizzes.score(quiz.server_id, members[round.member_id].group_id, person, right=right)
    return None if right or chosen is None or not quiz.race else WrongRaceAnswer(members[chosen].name)
