"""The content of the quiz's cards: a question, or the verdict of a round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.quiz import QuizRepository, merge_pairs
from bot.database.rosters import RosterRepository
from bot.database.tables.quiz import Quiz, QuizRound
from bot.database.tables.rosters import Crop, Group
from bot.domain.messages import Message, SlashCommand
from bot.errors import PersonError
from bot.usecases.questions import crops
from bot.usecases.quiz.choosing import best_crops

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.app import App
    from bot.database.quiz import QuizMistake

MAX_MIXED_UP = 5
GONE = Message(
    "This round is no more: the quiz was forgotten, or the member removed. Start another with {command}.",
    command=SlashCommand("quiz play"),
)


class LostCropError(PersonError):
    """The file of a crop is lost. `crop`: its id; None where the database has lost it too."""

    def __init__(self, crop: int | None) -> None:
        super().__init__(
            "I have lost the photo of this round. Start another quiz with {command}.", command=SlashCommand("quiz play")
        )
        self.crop = crop


@dataclass(frozen=True, slots=True)
class QuizProgress:
    """The state of a quiz at a round.

    `person`: the id of the person who started it, 0 where their quizzes are forgotten. `group`: None for all groups. `number`:
    of the round, from 1. `points`: the right answers of the person who answers; `streak`: the last ones in a row.
    """

    person: int
    race: bool
    group: str | None
    number: int
    rounds: int
    points: int
    streak: int


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    """A face (a JPEG) and the members to choose from, as (id, name)."""

    round: int
    progress: QuizProgress
    picture: bytes
    names: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class QuizSummary:
    """The result of a quiz. `points`: (person, points), the most points first.

    `mixed_up`: (name, name, number of mistakes), without a race.
    """

    points: tuple[tuple[int, int], ...]
    mixed_up: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class RoundVerdict:
    """The verdict of a round that is over.

    `truth`, `chosen`: ids among `names`; `chosen` is None where nobody answered. `answered_by`: the id of the person who
    answered. `picture`: the face of the round; `other_photo`: another photo of the member; each None where there is none.
    `mistaken_photos`: up to two photos of the chosen member after a wrong answer. `due_again`: the time of the next question
    about the member for `answered_by`. `summary`: None before the last round.
    """

    round: int
    progress: QuizProgress
    names: tuple[tuple[int, str], ...]
    group_name: str
    truth: int
    chosen: int | None
    answered_by: int | None
    picture: bytes | None
    other_photo: bytes | None
    mistaken_photos: tuple[bytes, ...]
    due_again: datetime | None
    summary: QuizSummary | None

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return self.chosen == self.truth

    def name(self, member: int | None) -> str:
        """The name of the member with this id."""
        return dict(self.names).get(member or 0, "somebody")


async def show_question(app: App, round_id: int) -> QuizQuestion:
    """The question of a round. Raises LostCropError, and PersonError where the round is gone."""
    async with app.database.reading() as session:
        round = await session.get(QuizRound, round_id)
        quiz = await QuizRepository(session).get(round.quiz_id) if round else None
        if round is None or quiz is None:
            raise PersonError(GONE)
        progress = await _progress(session, round, quiz, quiz.person_id)
        names = await _names(session, round)
        crop = await session.get(Crop, round.crop_id) if round.crop_id else None
    (picture,) = await _pictures(app, [_key(crop)])
    if picture is None:
        raise LostCropError(round.crop_id)
    return QuizQuestion(round_id, progress, picture, names)


async def verdict(app: App, server_id: int, round_id: int) -> RoundVerdict:
    """The verdict of a round that is over. Raises PersonError where it is gone."""
    async with app.database.reading() as session:
        quizzes = QuizRepository(session)
        round, quiz = await round_of(session, server_id, round_id)
        answers = await quizzes.answers(round_id)
        # A race tells nobody about the wrong answers of others.
        given = next((one for one in answers if one.correct or not quiz.race), None)
        by = given.person_id if given else None
        progress = await _progress(session, round, quiz, by or quiz.person_id)
        names = await _names(session, round)
        members = {member.id: member for member in await quizzes.members(quiz.server_id)}
        truth = members.get(round.member_id)
        chosen = given.chosen_id if given else None
        known = (await quizzes.memories(by)).get(round.member_id) if by is not None else None
        group = (await RosterRepository(session).members_by_id([round.member_id]))[0].group.name
        crop = await session.get(Crop, round.crop_id) if round.crop_id else None
        keys = [_key(crop)]
        others = best_crops(truth, {round.crop_id or 0})[:1] if truth else []
        keys.append(others[0].key if others else None)
        mistaken = members.get(chosen) if chosen is not None and chosen != round.member_id else None
        keys += [one.key for one in best_crops(mistaken)[:2]] if mistaken else []
        # The last round is deleted with its member.
        last = await quizzes.last_round(quiz.id)
        over = quiz.asked >= quiz.rounds and last is not None and last.id == round.id
        summary = await _summary(session, quiz) if over else None
    picture, other, *taken_for = await _pictures(app, keys)
    return RoundVerdict(
        round=round_id,
        progress=progress,
        names=names,
        group_name=group,
        truth=round.member_id,
        chosen=chosen,
        answered_by=by,
        picture=picture,
        other_photo=other,
        mistaken_photos=tuple(one for one in taken_for if one is not None),
        due_again=known.memory.due if known else None,
        summary=summary,
    )


def _key(crop: Crop | None) -> str | None:
    """The place of a crop in the storage; None where the crop is gone, or is no longer public."""
    return crop.key if crop is not None and crop.is_public else None


async def _pictures(app: App, keys: Sequence[str | None]) -> list[bytes | None]:
    """The crops at these places in the storage, enlarged; None for a file that is lost or broken."""

    files = await crops.read(app, keys)
    enlarged = iter(await app.compute.run(jobs.enlarge_crops, [one for one in files if one is not None]))
    return [None if one is None else next(enlarged) for one in files]


async def _summary(session: AsyncSession, quiz: Quiz) -> QuizSummary:
    quizzes = QuizRepository(session)
    results = await quizzes.results(quiz.id)
    points = sorted(((person, sum(right)) for person, right in results.items()), key=lambda one: (-one[1], one[0]))
    pairs = [] if quiz.race else merge_pairs(await quizzes.mistakes(quiz.person_id, quiz_id=quiz.id))
    return QuizSummary(tuple(points), await named_pairs(session, pairs))


async def _progress(session: AsyncSession, round: QuizRound, quiz: Quiz, person: int) -> QuizProgress:
    right = (await QuizRepository(session).results(quiz.id)).get(person, [])
    group = await session.get(Group, quiz.group_id) if quiz.group_id is not None else None
    return QuizProgress(
        person=quiz.person_id,
        race=quiz.race,
        group=group.name if group else None,
        number=round.number,
        rounds=quiz.rounds,
        points=sum(right),
        streak=next((place for place, each in enumerate(reversed(right)) if not each), len(right)),
    )


async def named_pairs(session: AsyncSession, pairs: Sequence[QuizMistake]) -> tuple[tuple[str, str, int], ...]:
    """The first pairs of confused members, as (name, name, number of mistakes)."""
    pairs = pairs[:MAX_MIXED_UP]
    ids = {id for pair in pairs for id in (pair.member, pair.taken_for)}
    names = {one.id: one.name for one in await RosterRepository(session).members_by_id(ids)}
    return tuple((names[one.member], names[one.taken_for], one.times) for one in pairs)


async def round_of(session: AsyncSession, server_id: int, round_id: int) -> tuple[QuizRound, Quiz]:
    """A round and its quiz in a server. Raises PersonError where it is gone."""
    found = await QuizRepository(session).round(server_id, round_id)
    if found is None:
        raise PersonError(GONE)
    return found


async def _names(session: AsyncSession, round: QuizRound) -> tuple[tuple[int, str], ...]:
    names = {one.id: one.name for one in await RosterRepository(session).members_by_id(round.options)}
    return tuple((id, names[id]) for id in round.options if id in names)
