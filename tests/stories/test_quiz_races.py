"""/quiz as a race: the first right answer wins the round, and lost messages are shown again."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bot.database.tables.quiz import QuizRound, QuizScore
from bot.errors import PersonError
from bot.usecases.quiz import play
from bot.usecases.quiz.view import RoundVerdict
from tests.stories.conftest import Stage
from tests.stories.quizzes import (
    MINUTE,
    count,
    remove,
    rounds,
    start_quiz,
    truth,
    wrong,
)
from tests.stories.reading import answer, buttons, now, texts


async def test_two_right_answers_at_the_same_moment(americans: Stage) -> None:
    stage = americans
    await start_quiz(stage, stage.moderator, rounds=1, mode="race")
    (round,) = await rounds(stage)
    people = [stage.fan.id, stage.other.id, stage.moderator.id, stage.fan.id]
    results = await asyncio.gather(
        *(
            play.answer(stage.app, stage.guild.id, round.id, person, round.member_id, stage.env.now())
            for person in people
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, RoundVerdict) for result in results) == 1
    assert sum(isinstance(result, PersonError) for result in results) == 3
    async with stage.app.database.reading() as session:
        (score,) = await session.scalars(select(QuizScore))
    assert (score.points, score.answers, score.streak, score.best) == (1, 1, 1, 1)


async def test_a_race_has_one_winner(americans: Stage) -> None:
    stage = americans
    card = await start_quiz(stage, stage.moderator, group="americans", rounds=2, mode="race")
    assert "The first right answer wins the round" in texts(card)
    mistaken = await wrong(stage)
    missed = answer(await stage.other.click(card, label=mistaken))
    assert missed.ephemeral
    assert f"✗ Wrong: it isn't **{mistaken}**." in texts(missed)
    who = await truth(stage)
    refused = answer(await stage.other.click(card, label=who))
    assert "everybody has one answer" in texts(refused)
    early = answer(await stage.other.click(card, label="Show who it is"))
    assert "half a minute" in texts(early)
    await stage.fan.click(card, label=who)
    assert f"**✓ <@{stage.fan.id}> was first: it is {who}**" in texts(now(stage, card))
    (first,) = await rounds(stage)
    with pytest.raises(PersonError, match=f"Somebody was faster: it was {who}"):
        await play.answer(stage.app, stage.guild.id, first.id, stage.moderator.id, first.member_id, stage.env.now())

    following = answer(await stage.other.click(now(stage, card), label="Next"))
    assert not following.ephemeral
    assert "Round 2 of 2" in texts(following)
    refused = answer(await stage.fan.click(now(stage, card), label="Next"))
    assert "The next face is there already" in texts(refused)
    await stage.env.advance_time(MINUTE)
    await stage.other.click(following, label="Show who it is")
    over = texts(now(stage, following))
    assert f"**✗ Nobody: this is {await truth(stage)}**" in over
    assert "**The race is over**" in over
    assert f"1. <@{stage.fan.id}> 1 point" in over
    another = answer(await stage.other.click(now(stage, following), label="Play again"))
    assert "Round 1 of 2 · race about Americans" in texts(another)


async def test_the_next_button_shows_a_lost_verdict(americans: Stage) -> None:
    stage = americans
    card = await start_quiz(stage, stage.moderator, rounds=2, mode="race")
    (round,) = await rounds(stage)
    who = await truth(stage)
    # The answer counts, but the bot stops before it edits the card.
    await play.answer(stage.app, stage.guild.id, round.id, stage.fan.id, round.member_id, stage.env.now())
    await stage.restart()
    late = answer(await stage.other.click(card, label="Show who it is"))
    assert late.ephemeral
    assert f"Somebody was faster: it was **{who}**." in texts(late)
    assert f"**✓ <@{stage.fan.id}> was first: it is {who}**" in texts(now(stage, card))
    following = answer(await stage.other.click(now(stage, card), label="Next"))
    assert "Round 2 of 2" in texts(following)


async def test_a_lost_question_is_posted_again(americans: Stage) -> None:
    stage = americans
    card = await start_quiz(stage, stage.moderator, rounds=3, mode="race")
    await stage.fan.click(card, label=await truth(stage))
    # The next round begins, but the bot stops before it posts the card.
    (first,) = await rounds(stage)
    await play.next_card(stage.app, stage.guild.id, first.id, stage.fan.id, stage.env.now())
    early = answer(await stage.other.click(now(stage, card), label="Next"))
    assert early.ephemeral
    assert "The next face is there already, further down." in texts(early)
    await stage.env.advance_time(MINUTE)
    following = answer(await stage.other.click(now(stage, card), label="Next"))
    assert not following.ephemeral
    assert "Round 2 of 3" in texts(following)
    assert await count(stage, QuizRound) == 2
    # The verdict of that round is lost too.
    _, second = await rounds(stage)
    await play.answer(stage.app, stage.guild.id, second.id, stage.fan.id, second.member_id, stage.env.now())
    verdict = answer(await stage.other.click(now(stage, card), label="Next"))
    assert f"**✓ <@{stage.fan.id}> was first: it is {await truth(stage)}**" in texts(verdict)
    third = answer(await stage.other.click(verdict, label="Next"))
    assert "Round 3 of 3" in texts(third)
    await stage.env.advance_time(MINUTE)
    await stage.fan.click(third, label=await truth(stage))
    over = answer(await stage.other.click(now(stage, card), label="Next"))
    assert over.ephemeral
    assert "This race is over: `/quiz top` has the leaderboard." in texts(over)


@pytest.mark.parametrize("left", [1, 0], ids=["in the middle", "at the end"])
async def test_a_race_goes_on_when_the_open_face_is_removed(americans: Stage, left: int) -> None:
    stage = americans
    card = await start_quiz(stage, stage.moderator, rounds=2 + left, mode="race")
    await stage.fan.click(card, label=await truth(stage))
    following = answer(await stage.other.click(now(stage, card), label="Next"))
    who = await truth(stage)
    await remove(stage, who)
    gone = answer(await stage.other.click(following, label=who))
    assert gone.ephemeral
    result = await stage.other.click(now(stage, card), label="Next")
    if left:
        assert "Round 3 of 3" in texts(answer(result))
        await stage.fan.click(answer(result), label=await truth(stage))
        assert "**The race is over**" in texts(now(stage, answer(result)))
    else:
        # The card itself shows the end of the race; no second message does.
        assert not result.followups
        assert "**The race is over**" in texts(now(stage, card))
        assert "Next" not in buttons(now(stage, card))
