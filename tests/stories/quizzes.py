"""Steps and look-ups of the stories about /quiz."""

from __future__ import annotations

from typing import Any

from simcord import MemberActor
from sqlalchemy import delete, func, select

from bot.database.tables.quiz import QuizMemory, QuizRound
from bot.database.tables.rosters import Crop, Member, Photo
from tests.stories.conftest import Stage
from tests.stories.reading import answer

MINUTE, DAY = 60.0, 86_400.0
NO_ROUND = "This round is no more: the quiz was forgotten, or the member removed. Start another with `/quiz play`."


async def start_quiz(stage: Stage, person: MemberActor, **options: Any) -> Any:
    return answer(await person.slash(stage.channel, "quiz play", **options))


async def rounds(stage: Stage) -> list[QuizRound]:
    async with stage.app.database.reading() as session:
        return list(await session.scalars(select(QuizRound).order_by(QuizRound.id)))


async def names(stage: Stage) -> dict[int, str]:
    async with stage.app.database.reading() as session:
        return {member.id: member.name for member in await session.scalars(select(Member))}


async def truth(stage: Stage) -> str:
    """The name of the last shown member."""
    *_, last = await rounds(stage)
    return (await names(stage))[last.member_id]


async def wrong(stage: Stage) -> str:
    """The name of a wrong button of the last round."""
    *_, last = await rounds(stage)
    return (await names(stage))[next(id for id in last.options if id != last.member_id)]


async def memory(stage: Stage, person: MemberActor, name: str) -> QuizMemory:
    async with stage.app.database.reading() as session:
        query = select(QuizMemory).join(Member).where(Member.name == name, QuizMemory.person_id == person.id)
        return (await session.scalars(query)).one()


async def count(stage: Stage, table: type[Any]) -> int:
    async with stage.app.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def remove(stage: Stage, name: str) -> None:
    async with stage.app.database.writing() as session:
        await session.execute(delete(Member).where(Member.name == name))


async def crops(stage: Stage, name: str) -> list[Crop]:
    async with stage.app.database.reading() as session:
        query = select(Crop).join(Photo, Photo.crop_id == Crop.id).join(Member).where(Member.name == name)
        return list(await session.scalars(query))
