"""The quiz: a face is shown, somebody says who it is, and what they mix up comes back."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.quiz import QuizRepository, RememberedMember
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.quiz import Quiz, QuizAnswer, QuizRound
from bot.database.tables.rosters import Group
from bot.domain.messages import Hint, Mention, Message, SlashCommand, Strong
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import NoRosterError, PersonError
from bot.usecases.lookup import require_group
from bot.usecases.quiz.choosing import names_for, next_crop, next_member
from bot.usecases.quiz.memory import QUICK, answered, mistaken_for
from bot.usecases.quiz.view import GONE, LostCropError, QuizQuestion, Verdict, round_of, shown, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.domain.quiz import QuizMember

log = logging.getLogger(__name__)

FEWEST = 2
"""So many members with photos a quiz needs."""

PATIENCE = timedelta(seconds=30)
"""In a race, after this anybody may have the face posted again, or have it shown who it is, which who began it may at once."""


class NotTheirsError(PersonError):
    """Somebody pressed a button of another person's quiz."""

    def __init__(self, person: int) -> None:
        whose = Message("{person}'s", person=Mention(person)) if person else Message("somebody else's")
        super().__init__(
            "This is {whose} quiz. Start your own with {command}.", whose=whose, command=SlashCommand("quiz play")
        )


class TooLateError(PersonError):
    """Somebody answered in a race's round that is over: the card that they pressed is from before its verdict."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A wrong answer in a race, which goes on without who gave it; `name` is what they said."""

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
    """Begin a quiz about a group, the channel's where none is named, or else about all groups; its first question.

    There are as many rounds as there are crops, if these are fewer. Raises UnknownGroupError, NoRosterError, and PersonError
    where there are too few members.
    """
    async with app.database.reading() as session:
        about = await group_meant(session, server_id, channel_id, group)
    return await _begin(app, server_id, about, person, rounds, race=race, now=now)


async def again(app: App, server_id: int, round_id: int, person: int, now: datetime) -> QuizQuestion:
    """Begin another quiz like the one that this round is of, whoever's that was. Raises PersonError as `begin` does."""
    async with app.database.reading() as session:
        _, quiz = await round_of(session, server_id, round_id)
        about = await session.get(Group, quiz.group_id) if quiz.group_id is not None else None
    return await _begin(app, server_id, about, person, quiz.rounds, race=quiz.race, now=now)


async def answer(
    app: App, server_id: int, round_id: int, person: int, chosen: int | None, now: datetime
) -> Verdict | Missed:
    """A person says who it is, or that they don't know.

    Raises NotTheirsError, TooLateError, and PersonError for a second answer, or where the face or the member that was chosen
    is gone.
    """
    async with app.database.writing() as session:
        round, quiz = await round_of(session, server_id, round_id)
        _check_person(quiz, person)
        if chosen is not None and chosen not in round.options:
            raise PersonError(GONE)
        if round.closed_at is None:
            missed = await _take(session, round, quiz, person, chosen, now)
            if missed is not None:
                return missed
        elif quiz.race:
            raise await _too_late(session, round, person)
    return await verdict(app, server_id, round_id)


async def go_on(app: App, server_id: int, round_id: int, person: int, now: datetime) -> QuizQuestion | Verdict:
    """The question after this round, or how the quiz ended where no crop is left.

    Where the quiz is past this round, how it stands is shown again; of a race not before `PATIENCE`, since its last card may
    be lost. Raises NotTheirsError, and PersonError where a race has its next face already, or is over.
    """
    async with app.database.reading() as session:
        round, quiz = await round_of(session, server_id, round_id)
        _check_person(quiz, person)
        last = await QuizRepository(session).last_round(quiz.id)
    assert last is not None
    if last.id == round.id and round.closed_at is not None:
        question = await _ask(app, quiz.id, now, after=quiz.asked)
        if question is not None:
            return question
        async with app.database.reading() as session:
            last = await QuizRepository(session).last_round(quiz.id) or last
    further = quiz.race and last.id != round.id
    if further and now < last.asked_at + PATIENCE:
        raise PersonError("The next face is there already, further down.")
    if last.closed_at is None:
        return await shown(app, last.id)
    came = await verdict(app, server_id, last.id)
    if further and came.summary is not None:
        raise PersonError("This race is over: {command} has the leaderboard.", command=SlashCommand("quiz top"))
    if last.id == round.id and came.summary is None:
        raise PersonError("The next face was removed meanwhile: press Next again.")
    return came


async def forget(app: App, person: int) -> int:
    """Forget all that is kept of a person's quizzes, in all servers; how many answers that were."""
    async with app.database.writing() as session:
        return await QuizRepository(session).forget(person)


async def group_meant(session: AsyncSession, server_id: int, channel_id: int | None, name: str | None) -> Group | None:
    """The group called so, else the channel's; None where it has none. Raises UnknownGroupError."""
    servers = {SHARED_ROSTER, server_id}
    if name is not None:
        return await require_group(session, servers, name)
    default = await ServerRepository(session).default_group(channel_id) if channel_id else None
    group = await session.get(Group, default) if default is not None else None
    return group if group is not None and group.server_id in servers else None


async def _begin(
    app: App, server_id: int, about: Group | None, person: int, rounds: int, *, race: bool, now: datetime
) -> QuizQuestion:
    async with app.database.reading() as session:
        members = await QuizRepository(session).members(server_id)
        anybody = await RosterRepository(session).groups({SHARED_ROSTER, server_id})
        revisions = await RosterRepository(session).revisions({SHARED_ROSTER, server_id})
    pool = _pool(members, about.id if about else None)
    if len(pool) < FEWEST:
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
                rounds=min(rounds, len({crop.id for member in pool for crop in member.crops})),
                seed=secrets.randbits(32),
                alike={str(id): list(others) for id, others in alike.items()},
                begun_at=now,
            )
        )
    question = await _ask(app, quiz.id, now)
    if question is None:
        whose = Message("everybody in {group}", group=Strong(about.name)) if about else Message("everybody here")
        raise PersonError(
            "I have lost the photos of {whose}: add others with {command}.",
            whose=whose,
            command=SlashCommand("member add"),
        )
    return question


async def _look_alikes(app: App, groups: Sequence[int], engine: str) -> dict[int, tuple[int, ...]]:
    """Who looks like each member of these groups, as `jobs.look_alikes_of_each` finds them."""
    async with app.database.reading() as session:
        rows = await RosterRepository(session).rows_of(groups, engine)
    return await app.compute.run(jobs.look_alikes_of_each, rows, engine) if rows else {}


async def _too_late(session: AsyncSession, round: QuizRound, person: int) -> TooLateError:
    """The error for an answer to a round of a race that is over."""
    given = {one.person_id: one.correct for one in await QuizRepository(session).answers(round.id)}
    result = Message("Somebody was faster") if any(given.values()) else Message("This round is over")
    if given.get(person):
        result = Message("You won this round already")
    (truth,) = await RosterRepository(session).members_with([round.member_id])
    return TooLateError("{result}: it was {truth}.", result=result, truth=Strong(truth.name))


def _check_person(quiz: Quiz, person: int) -> None:
    if not quiz.race and person != quiz.person_id:
        raise NotTheirsError(quiz.person_id)


async def _take(
    session: AsyncSession, round: QuizRound, quiz: Quiz, person: int, chosen: int | None, now: datetime
) -> Missed | None:
    """Keep an answer to an open round; Missed where it is wrong and the race goes on."""
    quizzes = QuizRepository(session)
    if any(one.person_id == person for one in await quizzes.answers(round.id)) and chosen is not None:
        raise PersonError("You have answered this round already: everybody has one answer.")
    members = {one.id: one for one in await RosterRepository(session).members_with({round.member_id, chosen or 0})}
    if chosen is not None and chosen not in members:
        raise PersonError("That member was removed meanwhile: choose another name.")
    right = chosen == round.member_id
    if quiz.race and chosen is None and person != quiz.person_id and now < round.asked_at + PATIENCE:
        raise PersonError("Give the others a moment: half a minute after the question anybody may have it shown.")
    if (right or not quiz.race or chosen is None) and not await quizzes.close(round.id, now):
        raise TooLateError("Somebody was faster.")
    if quiz.race and chosen is None:
        return None
    await quizzes.add_answer(QuizAnswer(round_id=round.id, person_id=person, chosen_id=chosen, correct=right, at=now))
    known = await quizzes.memories(person)
    before = known.get(round.member_id)
    quick = now - round.asked_at <= QUICK
    memory = answered(before.memory if before else None, right=right, quick=quick, now=now)
    seen, correct = (before.seen, before.correct) if before else (0, 0)
    await quizzes.remember(person, round.member_id, RememberedMember(memory, seen + 1, correct + int(right)))
    if chosen is not None and not right:
        other = known.get(chosen)
        soon = mistaken_for(other.memory if other else None, now)
        await quizzes.remember(person, chosen, other._replace(memory=soon) if other else RememberedMember(soon, 0, 0))
    await quizzes.score(quiz.server_id, members[round.member_id].group_id, person, right=right)
    return None if right or chosen is None or not quiz.race else Missed(members[chosen].name)


async def _ask(app: App, quiz_id: int, now: datetime, *, after: int = 0) -> QuizQuestion | None:
    """The question after `after` others, in which a crop is shown that the storage still has; None where there is none."""
    lost: set[int] = set()
    while True:
        async with app.database.writing() as session:
            round_id = await _next_round(session, quiz_id, after, lost, now)
        if round_id is None:
            return None
        try:
            return await shown(app, round_id)
        except LostCropError as error:
            log.warning("crop %s is gone from the storage, so nobody can be asked about it", error.crop)
            lost |= {error.crop or 0}
            async with app.database.writing() as session:
                await QuizRepository(session).take_back(round_id)


async def _next_round(
    session: AsyncSession, quiz_id: int, after: int, lost: Collection[int], now: datetime
) -> int | None:
    quizzes = QuizRepository(session)
    quiz = await quizzes.get(quiz_id)
    if quiz is None or quiz.asked != after or quiz.asked >= quiz.rounds:
        return None
    # What is asked in a race is nobody's own schedule.
    person = None if quiz.race else quiz.person_id
    known = await quizzes.memories(person) if person is not None else {}
    everybody = await quizzes.members(quiz.server_id)
    asked = await quizzes.asked(quiz_id)
    asked = replace(asked, crops=asked.crops | set(lost))
    chance = Random(f"{quiz.seed} {quiz.asked} {len(lost)}")
    memories = {id: one.memory for id, one in known.items()}
    member = next_member(_pool(everybody, quiz.group_id), memories, asked, now, chance)
    if member is None:
        await quizzes.end(quiz_id)
        return None
    if not await quizzes.step(quiz):
        return None
    mistakes = await quizzes.mistakes(person) if person is not None else []
    mistaken = [
        one.taken_for if one.member == member.id else one.member
        for one in mistakes
        if member.id in (one.member, one.taken_for)
    ]
    round = await quizzes.add_round(
        QuizRound(
            quiz_id=quiz_id,
            number=after + 1,
            member_id=member.id,
            crop_id=next_crop(member, asked, chance).id,
            options=names_for(member, everybody, quiz.alike.get(str(member.id), []), mistaken, chance),
            asked_at=now,
        )
    )
    return round.id


def _pool(members: Sequence[QuizMember], group: int | None) -> list[QuizMember]:
    return [member for member in members if group in (None, member.group)]
