"""A bot that was killed between a card and its row finds the card at its next start, or forgets what nobody can delete."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.database.tables.clips import ClipJob
from bot.database.tables.questions import Question, QuestionFace
from bot.errors import PersonError
from cogs.clips.texts import REQUEST_ACCEPTED
from cogs.common.requests import reply
from tests.conftest import LONG_ENOUGH
from tests.stories.clip_steps import until
from tests.stories.conftest import Stage
from tests.stories.reading import latest, texts


async def never(*_: object) -> None:
    """In place of a step that a killed bot didn't reach."""


async def faces(stage: Stage) -> int:
    """The faces that the bot still has an encoding of."""
    async with stage.app.database.reading() as session:
        return await session.scalar(select(func.count()).where(func.length(QuestionFace.vector) > 0)) or 0


async def jobs(stage: Stage) -> int:
    async with stage.app.database.reading() as session:
        return await session.scalar(select(func.count(ClipJob.id))) or 0


async def delete(stage: Stage, card: Any) -> None:
    stage.env.backend.delete_message(stage.channel.id, card.id)
    await stage.env.settle()


async def settled(stage: Stage, *, cards: int, hidden: int) -> None:
    """Wait until so many questions have a card, and so many are hidden."""

    async def is_so() -> bool:
        async with stage.app.database.reading() as session:
            query = select(func.count(Question.card_message_id), func.count(Question.hidden_at))
            return tuple((await session.execute(query)).one()) == (cards, hidden)

    async with asyncio.timeout(LONG_ENOUGH):
        while not await is_so():
            await asyncio.sleep(0.02)


async def test_the_card_of_a_command_is_known_before_it_is_posted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.enrol_presidents()
    monkeypatch.setattr("bot.usecases.questions.cards.save_card", never)
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    await stage.fan.context_menu(
        stage.channel, "Who is this?", await stage.other.send(stage.channel, "", attachments=[stage.photo("biden.jpg")])
    )
    posted, menu = [message for message in stage.channel.history() if message.author.bot]
    assert await faces(stage) == 2
    await delete(stage, posted)
    assert await faces(stage) == 1
    await delete(stage, menu)
    assert await faces(stage) == 0


async def test_the_card_of_a_message_is_found_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.enrol_presidents()
    with monkeypatch.context() as killed:
        killed.setattr("bot.usecases.questions.cards.save_card", never)
        for name in ("obama2.jpg", "biden.jpg"):
            await stage.fan.send(stage.channel, f"who? {stage.mention}", attachments=[stage.photo(name)])
    first, second = [message for message in stage.channel.history() if message.author.bot]
    assert await faces(stage) == 2
    await stage.restart()
    await settled(stage, cards=2, hidden=0)
    await delete(stage, first)
    assert await faces(stage) == 1
    await delete(stage, second)
    assert await faces(stage) == 0


async def test_a_question_without_a_card_is_forgotten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise PersonError("The line broke.")

    await stage.enrol_presidents()
    with monkeypatch.context() as killed:
        killed.setattr(sys.modules["cogs.who.cog"], "reply", fails)
        await stage.fan.send(stage.channel, f"who? {stage.mention}", attachments=[stage.photo("obama2.jpg")])
    assert await faces(stage) == 1
    await stage.restart()
    await settled(stage, cards=0, hidden=1)
    assert await faces(stage) == 0


async def test_a_clip_has_its_row_before_its_card(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    there: list[int] = []

    async def counted(*arguments: Any, **parts: Any) -> Any:
        there.append(await jobs(stage))
        return await reply(*arguments, **parts)

    await stage.enrol_presidents()
    monkeypatch.setattr("cogs.clips.requests.reply", counted)
    await stage.fan.send(stage.channel, stage.mention, attachments=[("mv.mp4", b"no video at all")])
    assert there == [1]
    await until(lambda: REQUEST_ACCEPTED not in texts(latest(stage.channel)), "the end of the work")


async def test_the_card_of_a_clip_is_found_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.enrol_presidents()
    with monkeypatch.context() as killed:
        killed.setattr("bot.usecases.clips.request.attach_card", never)
        await stage.fan.send(stage.channel, stage.mention, attachments=[("mv.mp4", b"no video at all")])
    card = latest(stage.channel)
    assert texts(card).strip() == REQUEST_ACCEPTED
    await stage.restart()
    await until(lambda: REQUEST_ACCEPTED not in texts(latest(stage.channel)), "the end of the work")
    assert latest(stage.channel).id == card.id
