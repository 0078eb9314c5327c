"""/quiz: who is this, asked the other way round; what somebody mixes up comes back."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from simcord import MemberActor
from sqlalchemy import delete, func, select

from bot.database.crops import CropRepository
from bot.database.tables.quiz import Quiz, QuizAnswer, QuizMemory, QuizRound, QuizScore
from bot.database.tables.rosters import Crop, Member, Photo
from bot.database.tables.servers import Server
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError
from bot.usecases.identify import SubmittedFile
from bot.usecases.quiz import play
from bot.usecases.quiz.memory import AGAIN
from bot.usecases.quiz.view import QuizQuestion, Verdict
from bot.usecases.roster import enrolment
from bot.usecases.roster.groups import add_group
from tests.stories.conftest import Stage
from tests.stories.reading import alt_texts, answer, buttons, texts
from tests.support.galleries import ENGINE, add_photo
from tests.support.portraits import astronauts_head

MINUTE, DAY = 60.0, 86_400.0
NO_ROUND = "This round is no more: the quiz was forgotten, or the member removed. Start another with `/quiz play`."
TABLES = (Quiz, QuizRound, QuizAnswer, QuizMemory, QuizScore)


@pytest.fixture
async def astronauts(stage: Stage) -> Stage:
    """Three members: five photos of one of them, one each of the others."""
    await stage.moderator.slash(stage.channel, "group add", name="Americans")
    for name, photos in (("Obama", ["obama", "obama2", "obama3"]), ("Biden", ["biden"])):
        more = {f"photo{number}": stage.photo(f"{photo}.jpg") for number, photo in enumerate(photos[1:], 2)}
        first = stage.photo(f"{photos[0]}.jpg")
        await stage.moderator.slash(stage.channel, "member add", group="Americans", name=name, photo=first, **more)
    await stage.moderator.slash(
        stage.channel,
        "member add",
        group="Americans",
        name="Collins",
        photo=("collins.png", astronauts_head(stage.photos)),
    )
    return stage


async def start_quiz(stage: Stage, person: MemberActor, **options: Any) -> Any:
    return answer(await person.slash(stage.channel, "quiz play", **options))


def now(stage: Stage, card: Any) -> Any:
    """The message as it stands now."""
    from simcord.results import ResponseMessage

    return ResponseMessage(stage.env, stage.env.backend.get_message(card.channel_id, card.id))


async def rounds(stage: Stage) -> list[QuizRound]:
    async with stage.app.database.reading() as session:
        return list(await session.scalars(select(QuizRound).order_by(QuizRound.id)))


async def names(stage: Stage) -> dict[int, str]:
    async with stage.app.database.reading() as session:
        return {member.id: member.name for member in await session.scalars(select(Member))}


async def truth(stage: Stage) -> str:
    """Who it is that was shown last."""
    *_, last = await rounds(stage)
    return (await names(stage))[last.member_id]


async def wrong(stage: Stage) -> str:
    """A button that is wrong."""
    *_, last = await rounds(stage)
    return (await names(stage))[next(id for id in last.options if id != last.member_id)]


async def memory(stage: Stage, person: MemberActor, name: str) -> QuizMemory:
    async with stage.app.database.reading() as session:
        query = select(QuizMemory).join(Member).where(Member.name == name, QuizMemory.person_id == person.id)
        return (await session.scalars(query)).one()


async def count(stage: Stage, table: type[Any]) -> int:
    async with stage.app.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_face_four_names_and_the_answer_at_once(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.fan, rounds=3)
    assert not card.ephemeral
    assert "**Who is this?**" in texts(card)
    assert "Round 1 of 3" in texts(card)
    assert set(buttons(card)) == {"Obama", "Biden", "Collins", "I don't know"}
    who = await truth(stage)
    assert alt_texts(card) == ["A face; who is it?"]
    (file,) = card.attachments
    assert file.filename == "face.jpg"
    with Image.open(BytesIO(await file.read())) as picture:
        assert picture.size == (640, 640)
    assert who not in str(card.attachments)

    await stage.fan.click(card, label=who)
    told = now(stage, card)
    assert f"**✓ Right: this is {who}**" in texts(told)
    assert "1 point · streak 1" in texts(told)
    assert f"✓ {who}" in buttons(told)
    assert alt_texts(told)[0] == f"The face of this round: {who}"
    assert (f"Another photo of {who}" in alt_texts(told)) == (who == "Obama")

    await stage.fan.click(told, label="Next")
    second = await truth(stage)
    assert second != who
    mistaken = await wrong(stage)
    await stage.fan.click(now(stage, card), label=mistaken)
    told = now(stage, card)
    assert f"**✗ Wrong: this is {second}**, not {mistaken}" in texts(told)
    assert f"And this is **{mistaken}**:" in texts(told)
    assert {f"✓ {second}", f"✗ {mistaken}"} <= set(buttons(told))
    assert "1 point · streak 0" in texts(told)

    await stage.fan.click(told, label="Next")
    await stage.fan.click(now(stage, card), label="I don't know")
    told = now(stage, card)
    assert f"**✗ This is {await truth(stage)}**" in texts(told)
    assert "**1 of 3 right**" in texts(told)
    assert "Mixed up: " in texts(told)
    assert "Next" not in buttons(told)
    shown = [round.crop_id for round in await rounds(stage)]
    assert len(set(shown)) == 3


async def test_no_crop_twice_and_no_more_rounds_than_crops(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.fan, rounds=50)
    for _ in range(4):
        await stage.fan.click(now(stage, card), label=await truth(stage))
        await stage.fan.click(now(stage, card), label="Next")
    await stage.fan.click(now(stage, card), label=await truth(stage))
    assert "**5 of 5 right**" in texts(now(stage, card))
    assert "You mixed up nobody." in texts(now(stage, card))
    another = answer(await stage.other.click(now(stage, card), label="Play again"))
    assert f"<@{stage.other.id}>'s quiz" in texts(another)
    assert len({round.crop_id for round in await rounds(stage)}) == 5


async def test_what_is_mixed_up_comes_back_soon_and_what_is_known_days_later(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.fan, rounds=1)
    missed, mistaken = await truth(stage), await wrong(stage)
    await stage.fan.click(card, label=mistaken)
    start = stage.env.now()
    assert (await memory(stage, stage.fan, missed)).due - start <= AGAIN
    assert (await memory(stage, stage.fan, mistaken)).seen == 0
    # Both come before the third, whom nobody was asked about.
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
    assert all((one.due - stage.env.now()).days >= 0 and one.due > stage.env.now() for one in known)
    assert known[1].due - stage.env.now() > known[0].due - stage.env.now() >= AGAIN
    # The next day the one who was missed is due; who was known at once is not.
    await stage.env.advance_time(1.1 * DAY)
    card = await start_quiz(stage, stage.fan, rounds=1)
    assert await truth(stage) == missed
    await stage.env.advance_time(10)
    await stage.fan.click(card, label=missed)
    assert await count(stage, QuizMemory) == 2
    card = await start_quiz(stage, stage.fan, rounds=1)
    assert await truth(stage) not in {missed, mistaken}


async def test_who_is_known_comes_back_days_later(stage: Stage) -> None:
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


async def test_other_peoples_presses_are_refused_kindly(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.fan)
    for label in (await truth(stage), "I don't know"):
        refused = answer(await stage.other.click(card, label=label))
        assert refused.ephemeral
        assert texts(refused).strip() == f"This is <@{stage.fan.id}>'s quiz. Start your own with `/quiz play`."
    assert "**Who is this?**" in texts(now(stage, card))
    await stage.fan.click(card, label=await truth(stage))
    refused = answer(await stage.other.click(now(stage, card), label="Next"))
    assert "Start your own" in texts(refused)
    assert await count(stage, QuizAnswer) == 1


async def test_a_restart_in_the_middle_and_a_press_that_comes_twice(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.fan)
    who = await truth(stage)
    await stage.restart()
    await stage.fan.click(card, label=who)
    assert f"**✓ Right: this is {who}**" in texts(now(stage, card))
    # A second press was under way: the round is shown as it stands, and nothing counts again.
    first, *_ = await rounds(stage)
    other = next(id for id in first.options if id != first.member_id)
    late = await play.answer(stage.app, stage.guild.id, first.id, stage.fan.id, other, stage.env.now())
    assert isinstance(late, Verdict)
    assert late.right
    await stage.restart()
    await stage.fan.click(now(stage, card), label="Next")
    second = await play.go_on(stage.app, stage.guild.id, first.id, stage.fan.id, stage.env.now())
    assert isinstance(second, QuizQuestion)
    assert "Round 2 of 5" in texts(now(stage, card))
    assert second.progress.number == 2
    assert (await count(stage, QuizAnswer), await count(stage, QuizRound)) == (1, 2)


async def test_a_race_has_one_winner(astronauts: Stage) -> None:
    stage = astronauts
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


async def test_two_right_answers_at_the_same_moment(astronauts: Stage) -> None:
    stage = astronauts
    await start_quiz(stage, stage.moderator, rounds=1, mode="race")
    (round,) = await rounds(stage)
    people = [stage.fan.id, stage.other.id, stage.moderator.id, stage.fan.id]
    given = await asyncio.gather(
        *(
            play.answer(stage.app, stage.guild.id, round.id, person, round.member_id, stage.env.now())
            for person in people
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Verdict) for one in given) == 1
    assert sum(isinstance(one, PersonError) for one in given) == 3
    async with stage.app.database.reading() as session:
        (score,) = await session.scalars(select(QuizScore))
    assert (score.points, score.answers, score.streak, score.best) == (1, 1, 1, 1)


async def test_the_leaderboard_and_what_is_forgotten(astronauts: Stage) -> None:
    stage = astronauts
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
    # A server that goes takes the rest with it.
    async with stage.app.database.writing() as session:
        await session.execute(delete(Server).where(Server.id == stage.guild.id))
    assert [await count(stage, table) for table in TABLES] == [0] * len(TABLES)


async def test_what_somebody_knows_as_a_picture(astronauts: Stage) -> None:
    stage = astronauts
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
    (told,) = alt_texts(shown)
    assert f"{first} right 1 of 1 time, stays " in told
    assert f"{second} right 0 of 1 time, stays " in told
    assert "mixed up 1 time" in told
    (file,) = shown.attachments
    with Image.open(BytesIO(await file.read())) as picture:
        assert picture.width == 1100


async def test_a_quiz_without_enough_members(stage: Stage) -> None:
    nobody = answer(await stage.fan.slash(stage.channel, "quiz play"))
    assert "I don't know anybody here yet." in texts(nobody)
    await stage.moderator.slash(stage.channel, "group add", name="Soloists")
    few = answer(await stage.fan.slash(stage.channel, "quiz play", group="Soloists"))
    assert texts(few).strip().startswith("**Soloists** has too few members for a quiz: it takes two with a photo each.")
    unknown = answer(await stage.fan.slash(stage.channel, "quiz play", group="ITZY"))
    assert "I don't know a group called “ITZY”." in texts(unknown)


async def test_a_lost_crop_and_a_removed_member(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.fan, rounds=2)
    who = await truth(stage)
    async with stage.app.database.writing() as session:
        await session.execute(delete(Member).where(Member.name == who))
    gone = answer(await stage.fan.click(card, label=who))
    assert texts(gone).strip() == NO_ROUND
    for key in await stage.app.storage.keys("crops"):
        await stage.app.storage.delete(key)
    gone = answer(await stage.fan.slash(stage.channel, "quiz play"))
    assert "I have lost the photos of everybody here: add others with `/member add`." in texts(gone)


async def test_a_face_that_only_another_channel_may_show_by_now_is_shown_no_more(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.fan)
    (round,) = await rounds(stage)
    assert round.crop_id is not None
    async with stage.app.database.writing() as session:
        crop = await session.get_one(Crop, round.crop_id)
        await CropRepository(session).confine(crop, stage.channel.id + 1, spoiler=False)
    who = await truth(stage)
    await stage.fan.click(card, label=who)
    told = now(stage, card)
    assert f"**✓ Right: this is {who}**" in texts(told)
    assert f"The face of this round: {who}" not in alt_texts(told)


async def remove(stage: Stage, name: str) -> None:
    async with stage.app.database.writing() as session:
        await session.execute(delete(Member).where(Member.name == name))


async def test_a_name_that_was_removed_meanwhile_is_no_answer(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.fan)
    who, other = await truth(stage), await wrong(stage)
    await remove(stage, other)
    refused = answer(await stage.fan.click(card, label=other))
    assert refused.ephemeral
    assert "That member was removed meanwhile: choose another name." in texts(refused)
    assert await count(stage, QuizAnswer) == 0
    await stage.fan.click(card, label=who)
    assert f"**✓ Right: this is {who}**" in texts(now(stage, card))


async def test_a_press_on_a_card_without_its_verdict_brings_the_verdict(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.moderator, rounds=2, mode="race")
    (round,) = await rounds(stage)
    who = await truth(stage)
    # The answer counts, but the bot goes away before the card says so.
    await play.answer(stage.app, stage.guild.id, round.id, stage.fan.id, round.member_id, stage.env.now())
    await stage.restart()
    late = answer(await stage.other.click(card, label="Show who it is"))
    assert late.ephemeral
    assert f"Somebody was faster: it was **{who}**." in texts(late)
    assert f"**✓ <@{stage.fan.id}> was first: it is {who}**" in texts(now(stage, card))
    following = answer(await stage.other.click(now(stage, card), label="Next"))
    assert "Round 2 of 2" in texts(following)


async def test_a_face_that_nobody_sees_is_posted_again(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.moderator, rounds=3, mode="race")
    await stage.fan.click(card, label=await truth(stage))
    # The next face is asked, but the bot goes away before it is posted.
    (first,) = await rounds(stage)
    await play.go_on(stage.app, stage.guild.id, first.id, stage.fan.id, stage.env.now())
    early = answer(await stage.other.click(now(stage, card), label="Next"))
    assert early.ephemeral
    assert "The next face is there already, further down." in texts(early)
    await stage.env.advance_time(MINUTE)
    following = answer(await stage.other.click(now(stage, card), label="Next"))
    assert not following.ephemeral
    assert "Round 2 of 3" in texts(following)
    assert await count(stage, QuizRound) == 2
    # Its verdict can be lost as well.
    _, second = await rounds(stage)
    await play.answer(stage.app, stage.guild.id, second.id, stage.fan.id, second.member_id, stage.env.now())
    told = answer(await stage.other.click(now(stage, card), label="Next"))
    assert f"**✓ <@{stage.fan.id}> was first: it is {await truth(stage)}**" in texts(told)
    third = answer(await stage.other.click(told, label="Next"))
    assert "Round 3 of 3" in texts(third)
    await stage.env.advance_time(MINUTE)
    await stage.fan.click(third, label=await truth(stage))
    over = answer(await stage.other.click(now(stage, card), label="Next"))
    assert over.ephemeral
    assert "This race is over: `/quiz top` has the leaderboard." in texts(over)


@pytest.mark.parametrize("left", [1, 0], ids=["in the middle", "at the end"])
async def test_a_race_goes_on_when_the_open_face_is_removed(astronauts: Stage, left: int) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.moderator, rounds=2 + left, mode="race")
    await stage.fan.click(card, label=await truth(stage))
    following = answer(await stage.other.click(now(stage, card), label="Next"))
    who = await truth(stage)
    await remove(stage, who)
    gone = answer(await stage.other.click(following, label=who))
    assert gone.ephemeral
    pressed = await stage.other.click(now(stage, card), label="Next")
    if left:
        assert "Round 3 of 3" in texts(answer(pressed))
        await stage.fan.click(answer(pressed), label=await truth(stage))
        assert "**The race is over**" in texts(now(stage, answer(pressed)))
    else:
        # The card itself says that it was the last one, instead of another that says so at each press.
        assert not pressed.followups
        assert "**The race is over**" in texts(now(stage, card))
        assert "Next" not in buttons(now(stage, card))


async def test_quizzes_wait_for_their_turn_and_look_alikes_are_found_once(
    astronauts: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = astronauts
    found: list[str] = []
    run = stage.app.compute.run

    async def counted(job: Any, *parts: Any) -> Any:
        found.append(job.__name__)
        return await run(job, *parts)

    monkeypatch.setattr(type(stage.app.compute), "run", lambda _, job, *parts: counted(job, *parts))
    card = await start_quiz(stage, stage.fan, rounds=1)
    await stage.fan.click(card, label=await truth(stage))
    with stage.app.question_limit.slot(stage.fan.id), stage.app.question_limit.slot(stage.fan.id):
        for busy in (
            await stage.fan.slash(stage.channel, "quiz play"),
            await stage.fan.slash(stage.channel, "quiz stats"),
            await stage.fan.click(now(stage, card), label="Play again"),
        ):
            assert "I am still at work on what you asked before." in texts(answer(busy))
    assert await count(stage, Quiz) == 1
    await start_quiz(stage, stage.other)
    assert found.count("look_alikes_of_each") == 1
    removing = answer(await stage.moderator.slash(stage.channel, "member remove", group="Americans", member="Collins"))
    await stage.moderator.click(removing, label="Remove")
    await start_quiz(stage, stage.other)
    assert found.count("look_alikes_of_each") == 2


async def test_a_crop_that_is_no_picture_is_as_good_as_lost(astronauts: Stage) -> None:
    stage = astronauts
    whole, cut, odd = [
        key
        for key in await stage.app.storage.keys("crops")
        if key in {crop.key for crop in await crops(stage, "Obama")}
    ]
    data = await stage.app.storage.get(cut)
    assert data is not None
    await stage.app.storage.put(cut, data[: len(data) // 2])
    await stage.app.storage.put(odd, b"not a picture")
    await stage.app.storage.delete(whole)
    card = await start_quiz(stage, stage.fan, rounds=5)
    asked = {await truth(stage)}
    await stage.fan.click(card, label=await truth(stage))
    await stage.fan.click(now(stage, card), label="Next")
    asked.add(await truth(stage))
    assert asked == {"Biden", "Collins"}
    await stage.fan.click(now(stage, card), label=await truth(stage))
    await stage.fan.click(now(stage, card), label="Next")
    assert "**2 of 2 right**" in texts(now(stage, card))


async def crops(stage: Stage, name: str) -> list[Crop]:
    async with stage.app.database.reading() as session:
        query = select(Crop).join(Photo, Photo.crop_id == Crop.id).join(Member).where(Member.name == name)
        return list(await session.scalars(query))


async def test_a_press_after_the_quiz_was_forgotten(astronauts: Stage) -> None:
    stage = astronauts
    card = await start_quiz(stage, stage.fan)
    ask = answer(await stage.fan.slash(stage.channel, "quiz forget"))
    await stage.fan.click(ask, label="Forget")
    gone = answer(await stage.fan.click(card, label="I don't know"))
    assert gone.ephemeral
    assert texts(gone).strip() == NO_ROUND


async def test_another_server_has_its_own_leaderboard_and_presses(astronauts: Stage) -> None:
    stage = astronauts
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
    for press in (
        play.answer(stage.app, stage.guild.id, round.id, stranger.id, round.member_id, stage.env.now()),
        play.go_on(stage.app, stage.guild.id, round.id, stranger.id, stage.env.now()),
        play.again(stage.app, stage.guild.id, round.id, stranger.id, stage.env.now()),
    ):
        with pytest.raises(PersonError, match="This round is no more"):
            await press
    await stranger.click(card, label=await truth(stage))
    there = texts(answer(await stranger.slash(channel, "quiz top")))
    assert f"1. <@{stranger.id}> · **1 point** of 1 answer" in there
    here = texts(answer(await stage.fan.slash(stage.channel, "quiz top")))
    assert "Nobody has played yet." in here


async def test_the_names_beside_the_right_one_are_its_look_alikes(stage: Stage) -> None:
    await add_group(stage.app, stage.guild.id, "Dots")
    assert await stage.app.recognisers.engine() == ENGINE
    file = BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG")
    await stage.app.storage.put("crops/dot", file.getvalue())
    # Six members around one point, and six around another far away.
    for place in range(12):
        cluster, number = divmod(place, 6)
        angle = cluster * np.pi / 2 + number / 100
        vector = np.zeros(128, np.float32)
        vector[:2] = np.cos(angle), np.sin(angle)
        name = f"{'AB'[cluster]}{number}"
        await add_photo(stage.app.database, "Dots", name, vector.tobytes(), server=stage.guild.id, key="crops/dot")
    card = await start_quiz(stage, stage.fan, rounds=12)
    for _ in range(12):
        names = [label for label in buttons(now(stage, card)) if label != "I don't know"]
        assert len(set(names)) == 4
        assert {name[0] for name in names} == {(await truth(stage))[0]}
        await stage.fan.click(now(stage, card), label=await truth(stage))
        if "Next" in buttons(now(stage, card)):
            await stage.fan.click(now(stage, card), label="Next")
    assert "**12 of 12 right**" in texts(now(stage, card))
