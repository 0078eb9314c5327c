"""/quiz alone: a face, names and a verdict; a restart, lost crops and removed members."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import delete

from bot.database.crops import CropRepository
from bot.database.tables.quiz import Quiz, QuizAnswer, QuizRound
from bot.database.tables.rosters import Crop, Member
from bot.usecases.quiz import play
from bot.usecases.quiz.view import QuizQuestion, RoundVerdict
from bot.usecases.roster.groups import add_group
from tests.stories.conftest import Stage
from tests.stories.quizzes import (
    NO_ROUND,
    count,
    crops,
    remove,
    rounds,
    start_quiz,
    truth,
    wrong,
)
from tests.stories.reading import alt_texts, answer, buttons, now, texts
from tests.support.galleries import ENGINE, add_photo


async def test_a_round_shows_a_face_names_and_a_verdict(americans: Stage) -> None:
    stage = americans
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
    card = now(stage, card)
    assert f"**✓ Right: this is {who}**" in texts(card)
    assert "1 point · streak 1" in texts(card)
    assert f"✓ {who}" in buttons(card)
    assert alt_texts(card)[0] == f"The face of this round: {who}"
    assert (f"Another photo of {who}" in alt_texts(card)) == (who == "Obama")

    await stage.fan.click(card, label="Next")
    second = await truth(stage)
    assert second != who
    mistaken = await wrong(stage)
    await stage.fan.click(now(stage, card), label=mistaken)
    card = now(stage, card)
    assert f"**✗ Wrong: this is {second}**, not {mistaken}" in texts(card)
    assert f"And this is **{mistaken}**:" in texts(card)
    assert {f"✓ {second}", f"✗ {mistaken}"} <= set(buttons(card))
    assert "1 point · streak 0" in texts(card)

    await stage.fan.click(card, label="Next")
    await stage.fan.click(now(stage, card), label="I don't know")
    card = now(stage, card)
    assert f"**✗ This is {await truth(stage)}**" in texts(card)
    assert "**1 of 3 right**" in texts(card)
    assert "Mixed up: " in texts(card)
    assert "Next" not in buttons(card)
    shown = [round.crop_id for round in await rounds(stage)]
    assert len(set(shown)) == 3


async def test_no_crop_twice_and_no_more_rounds_than_crops(americans: Stage) -> None:
    stage = americans
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


async def test_other_people_cannot_answer(americans: Stage) -> None:
    stage = americans
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


async def test_a_restart_in_the_middle_and_a_repeated_answer(americans: Stage) -> None:
    stage = americans
    card = await start_quiz(stage, stage.fan)
    who = await truth(stage)
    await stage.restart()
    await stage.fan.click(card, label=who)
    assert f"**✓ Right: this is {who}**" in texts(now(stage, card))
    # A repeated answer: the verdict is the first one, and nothing counts again.
    first, *_ = await rounds(stage)
    other = next(id for id in first.options if id != first.member_id)
    late = await play.answer(stage.app, stage.guild.id, first.id, stage.fan.id, other, stage.env.now())
    assert isinstance(late, RoundVerdict)
    assert late.right
    await stage.restart()
    await stage.fan.click(now(stage, card), label="Next")
    second = await play.next_card(stage.app, stage.guild.id, first.id, stage.fan.id, stage.env.now())
    assert isinstance(second, QuizQuestion)
    assert "Round 2 of 5" in texts(now(stage, card))
    assert second.progress.number == 2
    assert (await count(stage, QuizAnswer), await count(stage, QuizRound)) == (1, 2)


async def test_a_quiz_without_enough_members(stage: Stage) -> None:
    nobody = answer(await stage.fan.slash(stage.channel, "quiz play"))
    assert "I don't know anybody here yet." in texts(nobody)
    await stage.moderator.slash(stage.channel, "group add", name="Soloists")
    few = answer(await stage.fan.slash(stage.channel, "quiz play", group="Soloists"))
    assert texts(few).strip().startswith("**Soloists** has too few members for a quiz: it takes two with a photo each.")
    unknown = answer(await stage.fan.slash(stage.channel, "quiz play", group="ITZY"))
    assert "I don't know a group called “ITZY”." in texts(unknown)


async def test_a_lost_crop_and_a_removed_member(americans: Stage) -> None:
    stage = americans
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


async def test_a_face_confined_to_another_channel_meanwhile_is_not_shown(americans: Stage) -> None:
    stage = americans
    card = await start_quiz(stage, stage.fan)
    (round,) = await rounds(stage)
    assert round.crop_id is not None
    async with stage.app.database.writing() as session:
        crop = await session.get_one(Crop, round.crop_id)
        await CropRepository(session).confine(crop, stage.channel.id + 1, spoiler=False)
    who = await truth(stage)
    await stage.fan.click(card, label=who)
    card = now(stage, card)
    assert f"**✓ Right: this is {who}**" in texts(card)
    assert f"The face of this round: {who}" not in alt_texts(card)


async def test_a_member_removed_meanwhile_is_no_answer(americans: Stage) -> None:
    stage = americans
    card = await start_quiz(stage, stage.fan)
    who, other = await truth(stage), await wrong(stage)
    await remove(stage, other)
    refused = answer(await stage.fan.click(card, label=other))
    assert refused.ephemeral
    assert "That member was removed meanwhile: choose another name." in texts(refused)
    assert await count(stage, QuizAnswer) == 0
    await stage.fan.click(card, label=who)
    assert f"**✓ Right: this is {who}**" in texts(now(stage, card))


async def test_quizzes_count_toward_the_limit_and_look_alikes_are_computed_once(
    americans: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = americans
    found: list[str] = []
    run = stage.app.compute.run

    async def counted(job: Any, *parts: Any) -> Any:
        found.append(job.__name__)
        return await run(job, *parts)

    monkeypatch.setattr(type(stage.app.compute), "run", lambda _, job, *parts: counted(job, *parts))
    card = await start_quiz(stage, stage.fan, rounds=1)
    await stage.fan.click(card, label=await truth(stage))
    with stage.app.question_limit.slot(stage.fan.id), stage.app.question_limit.slot(stage.fan.id):
        for refused in (
            await stage.fan.slash(stage.channel, "quiz play"),
            await stage.fan.slash(stage.channel, "quiz stats"),
            await stage.fan.click(now(stage, card), label="Play again"),
        ):
            assert "I am still at work on what you asked before." in texts(answer(refused))
    assert await count(stage, Quiz) == 1
    await start_quiz(stage, stage.other)
    assert found.count("look_alikes_of_each") == 1
    removing = answer(await stage.moderator.slash(stage.channel, "member remove", group="Americans", member="Collins"))
    await stage.moderator.click(removing, label="Remove")
    await start_quiz(stage, stage.other)
    assert found.count("look_alikes_of_each") == 2


async def test_a_broken_crop_counts_as_lost(americans: Stage) -> None:
    stage = americans
    lost, cut, invalid = [
        key
        for key in await stage.app.storage.keys("crops")
        if key in {crop.key for crop in await crops(stage, "Obama")}
    ]
    data = await stage.app.storage.get(cut)
    assert data is not None
    await stage.app.storage.put(cut, data[: len(data) // 2])
    await stage.app.storage.put(invalid, b"not a picture")
    await stage.app.storage.delete(lost)
    card = await start_quiz(stage, stage.fan, rounds=5)
    asked = {await truth(stage)}
    await stage.fan.click(card, label=await truth(stage))
    await stage.fan.click(now(stage, card), label="Next")
    asked.add(await truth(stage))
    assert asked == {"Biden", "Collins"}
    await stage.fan.click(now(stage, card), label=await truth(stage))
    await stage.fan.click(now(stage, card), label="Next")
    assert "**2 of 2 right**" in texts(now(stage, card))


async def test_the_names_beside_the_right_one_are_its_look_alikes(stage: Stage) -> None:
    await add_group(stage.app, stage.guild.id, "Dots")
    assert await stage.app.recognisers.engine() == ENGINE
    file = BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG")
    await stage.app.storage.put("crops/dot", file.getvalue())
    # Six members near one point, and six near another far away.
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
