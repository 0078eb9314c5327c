"""/quiz remembers what a player knows: the time of the next question, and /quiz stats."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from bot.database.tables.quiz import QuizMemory
from bot.usecases.quiz.memory import AGAIN
from tests.stories.conftest import Stage
from tests.stories.quizzes import (
    DAY,
    MINUTE,
    count,
    memory,
    start_quiz,
    truth,
    wrong,
)
from tests.stories.reading import alt_texts, answer, now, texts


async def test_a_quick_answer_comes_back_later_than_a_slow_one(stage: Stage) -> None:
    await stage.enrol_presidents()
    card = await start_quiz(stage, stage.fan, rounds=2)
    due: dict[str, float] = {}
    for quick in (False, True):
        who = await truth(stage)
        await stage.env.advance_time(2 if quick else 20)
        await stage.fan.click(now(stage, card), label=who)
        due[who] = ((await memory(stage, stage.fan, who)).due - stage.env.now()).total_seconds() / DAY
        if not quick:
            await stage.fan.click(now(stage, card), label="Next")
    slow, fast = due.values()
    assert 1.5 < slow < 4
    assert fast > 2 * slow


async def test_a_confused_member_comes_back_soon_and_a_known_one_days_later(americans: Stage) -> None:
    stage = americans
    card = await start_quiz(stage, stage.fan, rounds=1)
    missed, mistaken = await truth(stage), await wrong(stage)
    await stage.fan.click(card, label=mistaken)
    start = stage.env.now()
    assert (await memory(stage, stage.fan, missed)).due - start <= AGAIN
    assert (await memory(stage, stage.fan, mistaken)).seen == 0
    # Both come before the third member, who was not asked about.
    await stage.env.advance_time(2 * MINUTE)
    again = {missed, mistaken}
    for _ in range(2):
        await stage.env.advance_time(10)
        card = await start_quiz(stage, stage.fan, rounds=1)
        who = await truth(stage)
        again.remove(who)
        await stage.env.advance_time(10)
        await stage.fan.click(card, label=who)
    known = [await memory(stage, stage.fan, name) for name in (missed, mistaken)]
    assert all(row.due > stage.env.now() for row in known)
    assert known[1].due - stage.env.now() > known[0].due - stage.env.now() >= AGAIN
    # The next day the missed member is due; the one who was known at once is not.
    await stage.env.advance_time(1.1 * DAY)
    card = await start_quiz(stage, stage.fan, rounds=1)
    assert await truth(stage) == missed
    await stage.env.advance_time(10)
    await stage.fan.click(card, label=missed)
    assert await count(stage, QuizMemory) == 2
    card = await start_quiz(stage, stage.fan, rounds=1)
    assert await truth(stage) not in {missed, mistaken}


async def test_a_players_knowledge_as_a_picture(americans: Stage) -> None:
    stage = americans
    nothing = answer(await stage.fan.slash(stage.channel, "quiz stats", group="Americans"))
    assert "`/quiz play` finds out." in texts(nothing)
    card = await start_quiz(stage, stage.fan, rounds=2)
    await stage.fan.click(card, label=await truth(stage))
    first = await truth(stage)
    await stage.fan.click(now(stage, card), label="Next")
    second, mistaken = await truth(stage), await wrong(stage)
    await stage.fan.click(now(stage, card), label=mistaken)
    shown = answer(await stage.fan.slash(stage.channel, "quiz stats", group="Americans"))
    assert shown.ephemeral
    assert "You were asked about 2 of 3 members." in texts(shown)
    (alt,) = alt_texts(shown)
    assert f"{first} right 1 of 1 time, stays " in alt
    assert f"{second} right 0 of 1 time, stays " in alt
    assert "mixed up 1 time" in alt
    (file,) = shown.attachments
    with Image.open(BytesIO(await file.read())) as picture:
        assert picture.width == 1100
