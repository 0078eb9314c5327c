"""Buttons pressed twice, by a person who is no longer trusted, or about something that is gone."""

from __future__ import annotations

import copy
from typing import Any

from sqlalchemy import delete, select, update

from bot.database.tables.questions import Annotation, Question
from bot.database.tables.rosters import Group, Member
from tests.stories.conftest import Stage
from tests.stories.questions import asked
from tests.stories.reading import answer, latest, option, texts


async def labels(stage: Stage) -> list[tuple[int, str | None]]:
    async with stage.app.database.reading() as session:
        return [
            (annotation.author_id, annotation.name)
            for annotation in await session.scalars(select(Annotation).order_by(Annotation.id))
        ]


async def forget(stage: Stage, table: type[Any], **which: Any) -> None:
    async with stage.app.database.writing() as session:
        await session.execute(delete(table).filter_by(**which))


async def test_an_event_comes_twice(stage: Stage) -> None:
    card = await asked(stage)
    parsers: dict[str, Any] = stage.bot._connection.parsers  # pyright: ignore[reportPrivateUsage]
    parse = parsers["INTERACTION_CREATE"]
    received: list[int] = []

    def twice(data: Any) -> None:
        received.append(data["id"])
        for _ in range(2):
            parse(copy.deepcopy(data))

    parsers["INTERACTION_CREATE"] = twice
    await stage.fan.click(card, label="All right")
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    form = await stage.moderator.select(who, [option(who, "Somebody else")])
    (label,) = form.modal["components"]  # pyright: ignore[reportOptionalSubscript]
    await stage.moderator.submit_modal(form, {label["component"]["custom_id"]: "biden"})
    await stage.moderator.slash(stage.channel, "group add", name="Senators")
    assert len(received) == 5
    answered = [request.path for request in stage.recorder.matching("POST", "/callback")]
    assert len(answered) == len(set(answered))
    assert await labels(stage) == [(stage.fan.id, "Obama"), (stage.moderator.id, "Biden")]


async def test_a_removed_role_no_longer_counts(stage: Stage) -> None:
    card = await asked(stage)
    experts = stage.guild.create_role("experts")
    expert = stage.guild.add_member(stage.env.create_user("expert"), roles=[experts])
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, [experts], custom_id="nugu:setup:trusted")
    who = answer(await expert.click(card, label="Fix a face"))
    await stage.moderator.select(setup, [], custom_id="nugu:setup:trusted")
    await expert.select(who, [option(who, "Biden")])
    assert "said by" not in texts(latest(stage.channel))
    async with stage.app.database.reading() as session:
        assert not (await session.scalars(select(Annotation))).one().counts


async def test_the_member_was_removed(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await forget(stage, Member, name="Biden")
    refused = answer(await stage.moderator.select(who, [option(who, "Biden")]))
    assert texts(refused).strip() == "That member has been removed since."
    await forget(stage, Member, name="Obama")
    refused = answer(await stage.moderator.click(who, label="It isn't Obama"))
    assert texts(refused).strip() == "That member has been removed since."
    assert await labels(stage) == []
    await stage.moderator.click(card, label="All right")
    assert "**Obama** ✓" in texts(latest(stage.channel))


async def test_the_group_was_removed(stage: Stage) -> None:
    card = await asked(stage)
    await stage.moderator.click(card, label="All right")
    await forget(stage, Group, name="Presidents")
    assert "Obama" in texts(answer(await stage.fan.click(card, label="Details")))
    await stage.moderator.click(card, label="Undo")
    assert "said by" not in texts(latest(stage.channel))


async def test_the_question_was_asked_in_another_server(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    form = await stage.moderator.select(who, [option(who, "Somebody else")])
    (label,) = form.modal["components"]  # pyright: ignore[reportOptionalSubscript]
    async with stage.app.database.writing() as session:
        await session.execute(update(Question).values(server_id=stage.guild.id + 1))
    attempts = [
        *[stage.moderator.click(card, label=label) for label in ("All right", "Fix a face", "Details", "Hide")],
        stage.moderator.click(who, label="Not a member"),
        stage.moderator.select(who, [option(who, "Biden")]),
        stage.moderator.submit_modal(form, {label["component"]["custom_id"]: "biden"}),
    ]
    for attempt in attempts:
        assert texts(answer(await attempt)).strip() == "I no longer know what was asked here."
    assert await labels(stage) == []


async def test_the_question_was_forgotten(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await forget(stage, Question)
    for message, label in ((card, "All right"), (card, "Details"), (who, "Not a face")):
        refused = answer(await stage.moderator.click(message, label=label))
        assert texts(refused).strip() == "I no longer know what was asked here."
