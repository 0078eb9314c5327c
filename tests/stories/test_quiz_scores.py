"""/quiz top and forget: the points of each player in each server."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from bot.database.tables.quiz import Quiz, QuizAnswer, QuizMemory, QuizRound, QuizScore
from bot.database.tables.servers import Server
from bot.domain.files import SubmittedFile
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError
from bot.usecases.quiz import play
from bot.usecases.roster import enrolment
from bot.usecases.roster.groups import add_group
from tests.stories.conftest import Stage
from tests.stories.quizzes import (
    NO_ROUND,
    count,
    rounds,
    start_quiz,
    truth,
    wrong,
)
from tests.stories.reading import answer, buttons, now, texts

TABLES = (Quiz, QuizRound, QuizAnswer, QuizMemory, QuizScore)


async def test_a_button_of_a_forgotten_quiz(americans: Stage) -> None:
    stage = americans
    card = await start_quiz(stage, stage.fan)
    ask = answer(await stage.fan.slash(stage.channel, "quiz forget"))
    await stage.fan.click(ask, label="Forget")
    gone = answer(await stage.fan.click(card, label="I don't know"))
    assert gone.ephemeral
    assert texts(gone).strip() == NO_ROUND


async def test_the_leaderboard_and_forgetting(americans: Stage) -> None:
    stage = americans
    empty = answer(await stage.fan.slash(stage.channel, "quiz top"))
    assert "Nobody has played yet." in texts(empty)
    for person, answers in ((stage.fan, "rr"), (stage.other, "rw")):
        card = await start_quiz(stage, person, rounds=2)
        for place, each in enumerate(answers):
            label = await truth(stage) if each == "r" else await wrong(stage)
            await person.click(now(stage, card), label=label)
            if place == 0:
                await person.click(now(stage, card), label="Next")
    board = texts(answer(await stage.moderator.slash(stage.channel, "quiz top", group="Americans")))
    assert f"1. <@{stage.fan.id}> · **2 points** of 2 answers · best streak 2, now 2" in board
    assert f"2. <@{stage.other.id}> · **1 point** of 2 answers · best streak 1, now 0" in board

    ask = answer(await stage.fan.slash(stage.channel, "quiz forget"))
    assert ask.ephemeral
    await stage.fan.click(ask, label="Forget")
    assert "I forgot your quizzes: 2 answers" in texts(now(stage, ask))
    board = texts(answer(await stage.moderator.slash(stage.channel, "quiz top")))
    assert str(stage.fan.id) not in board.replace(str(stage.other.id), "")
    for table in TABLES:
        async with stage.app.database.reading() as session:
            column = getattr(table, "person_id", None)
            if column is not None:
                assert not (await session.scalars(select(table).where(column == stage.fan.id))).all()
    # The removal of the server deletes the rest.
    async with stage.app.database.writing() as session:
        await session.execute(delete(Server).where(Server.id == stage.guild.id))
    assert [await count(stage, table) for table in TABLES] == [0] * len(TABLES)


async def test_another_server_has_its_own_rounds_and_leaderboard(americans: Stage) -> None:
    stage = americans
    await add_group(stage.app, SHARED_ROSTER, "Everywhere")
    for name, photo in (("Obama", "obama.jpg"), ("Biden", "biden.jpg")):
        submitted = [SubmittedFile(photo, stage.photo(photo)[1])]
        await enrolment.add_member(stage.app, SHARED_ROSTER, "Everywhere", name, submitted, by=0)
    elsewhere = stage.env.create_guild("elsewhere")
    channel = elsewhere.create_text_channel("who")
    stranger = elsewhere.add_member(stage.env.create_user("stranger"))
    card = answer(await stranger.slash(channel, "quiz play", rounds=1))
    assert set(buttons(card)) == {"Obama", "Biden", "I don't know"}
    (round,) = await rounds(stage)
    for attempt in (
        play.answer(stage.app, stage.guild.id, round.id, stranger.id, round.member_id, stage.env.now()),
        play.next_card(stage.app, stage.guild.id, round.id, stranger.id, stage.env.now()),
        play.begin_again(stage.app, stage.guild.id, round.id, stranger.id, stage.env.now()),
    ):
        with pytest.raises(PersonError, match="This round is no more"):
            await attempt
    await stranger.click(card, label=await truth(stage))
    there = texts(answer(await stranger.slash(channel, "quiz top")))
    assert f"1. <@{stranger.id}> · **1 point** of 1 answer" in there
    here = texts(answer(await stage.fan.slash(stage.channel, "quiz top")))
    assert "Nobody has played yet." in here
