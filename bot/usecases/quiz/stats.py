"""The results of quizzes: the leaderboard, and a person's knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import jobs
from bot.database.lookup import named_or_default_group
from bot.database.quiz import QuizRepository, merge_pairs
from bot.domain.messages import Message, SlashCommand, Strong
from bot.domain.quiz import QuizMemberStats
from bot.errors import PersonError
from bot.usecases.quiz.view import named_pairs

if TYPE_CHECKING:
    from datetime import datetime

    from bot.app import App
    from bot.database.quiz import MemberProgress
    from bot.domain.quiz import PersonScore

MOST = 10
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The leaderboard of a server. `group`: None for all groups. `best`: the highest scores, in order.

    `place`, `mine`: of the person who asks; None where they have never played.
    """

    group: str | None
    best: tuple[PersonScore, ...]
    place: int | None
    mine: PersonScore | None


@dataclass(frozen=True, slots=True)
class QuizStats:
    """A person's knowledge of a group, None: of all groups. `members`: the best known first. `picture`: the chart, a PNG.

    `mixed_up`: the names of two members, and the number of times that the person took one for the other.
    """

    group: str | None
    members: tuple[QuizMemberStats, ...]
    mixed_up: tuple[tuple[str, str, int], ...]
    picture: bytes


async def top(app: App, server_id: int, person: int, group: str | None = None) -> Leaderboard:
    """The leaderboard of a server. Raises UnknownGroupError."""
    async with app.database.reading() as session:
        # The default group of the channel has no bearing on the leaderboard.
        about = await named_or_default_group(session, server_id, None, group)
        scores = await QuizRepository(session).scores(server_id, about.id if about else None)
    place, mine = next(((place, one) for place, one in enumerate(scores, 1) if one.person == person), (None, None))
    return Leaderboard(about.name if about else None, tuple(scores[:MOST]), place, mine)


async def stats(
    app: App, server_id: int, channel_id: int | None, person: int, now: datetime, group: str | None = None
) -> QuizStats:
    """A person's knowledge of a group: the named one, else the default group of the channel, else all that the server sees.

    Raises UnknownGroupError, and PersonError where the person was never asked about a member.
    """
    async with app.database.reading() as session:
        quizzes = QuizRepository(session)
        about = await named_or_default_group(session, server_id, channel_id, group)
        members = [one for one in await quizzes.members(server_id) if about is None or one.group == about.id]
        known = await quizzes.memories(person)
        ids = {one.id for one in members}
        mistakes = [one for one in await quizzes.mistakes(person) if {one.member, one.taken_for} <= ids]
        mixed_up = await named_pairs(session, merge_pairs(mistakes))
    if not any(one.id in known for one in members):
        of = Message(" of {group}", group=Strong(about.name)) if about else Message("")
        raise PersonError(
            "I don't know yet whom{of} you know. {command} finds out.", of=of, command=SlashCommand("quiz play")
        )
    group_name = about.name if about else None
    knowledge = [known_member(member.name, known.get(member.id), now) for member in members]
    knowledge.sort(key=lambda one: (one.stability is None, -(one.stability or 0.0), one.name))
    picture = await app.compute.run(jobs.quiz_stats_chart, group_name, knowledge, mixed_up)
    return QuizStats(group_name, tuple(knowledge), mixed_up, picture)


def known_member(name: str, remembered: MemberProgress | None, now: datetime) -> QuizMemberStats:
    """A person's knowledge of the member called `name`. `remembered`: None where the person was never asked."""
    if remembered is None:
        return QuizMemberStats(name, None, 0, 0, None)
    memory, seen, right = remembered
    return QuizMemberStats(name, memory.stability, seen, right, (memory.due - now).total_seconds() / DAY)
