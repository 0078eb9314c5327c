"""Confirmed faces make models. A model that is not worse answers; moderators are notified, and can roll back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from simcord import ChannelHandle, SetupError
from sqlalchemy import select, update

from bot.app import App
from bot.clock import utc_now
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.models import Model
from bot.database.tables.questions import QuestionFace
from bot.database.tables.servers import Server
from bot.domain.enums import FaceOrigin
from bot.domain.models import GateVerdict, GroupModel, ModelFigures, NameCounts
from bot.domain.trust import Trust
from bot.learning.notifications import Notification
from bot.learning.recognisers import RecogniserCache
from bot.learning.trainer import Trainer
from bot.usecases import models, setup
from tests.conftest import LONG_ENOUGH
from tests.stories.conftest import Stage
from tests.stories.reading import answer, latest, texts
from tests.stories.test_roster import show_to_everybody
from tests.support.galleries import add_photo

MAX_TRAININGS_PER_HOUR = 100
AFTER = 3


@asynccontextmanager
async def learning(stage: Stage, after: int = AFTER) -> AsyncGenerator[App]:
    """Let the bot train by itself after `after` labels."""
    app = stage.app
    app.database.listeners.clear()
    async with Trainer.open(
        app.database,
        app.storage,
        app.compute,
        app.engine_config,
        app.notifications,
        after=after,
        max_trainings_per_hour=MAX_TRAININGS_PER_HOUR,
        quiet=0.2,
    ) as trainer:
        recognisers = RecogniserCache(app.database, app.compute, app.engine_config, trainer)
        stage.bot.app = replace(app, trainer=trainer, recognisers=recognisers)
        yield stage.bot.app


async def asked(stage: Stage, photo: str) -> str:
    return texts(answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo(photo))))


async def vectors(app: App) -> dict[str, np.ndarray]:
    """Encodings: of each member's first photo by the member's name, and of the last question's face under an empty name."""
    async with app.database.reading() as session:
        servers = await RosterRepository(session).servers()
        rows = await RosterRepository(session).encodings_in_use(servers, await app.recognisers.engine())
        last = (await session.scalars(select(QuestionFace.vector).order_by(QuestionFace.id.desc()))).first()
    found = {row.name: np.frombuffer(row.vector, np.float32) for row in reversed(rows)}
    return found | ({"": np.frombuffer(last, np.float32)} if last else {})


async def confirmed(stage: Stage, who: str, shown: np.ndarray, count: int = 1, *, seed: int = 0) -> None:
    """Label `count` synthetic faces near `shown` as `who`, as if people had asked about as many pictures."""
    chance = np.random.default_rng(seed)
    for _ in range(count):
        face = shown + chance.normal(scale=0.01, size=len(shown))
        vector = (face / np.linalg.norm(face)).astype(np.float32).tobytes()
        await add_photo(stage.app.database, "Presidents", who, vector, FaceOrigin.ASKED, server=stage.guild.id)


async def notices_of(stage: Stage) -> ChannelHandle:
    """A channel that the server chose for notifications."""
    channel = stage.guild.create_text_channel("moderators")
    async with stage.app.database.writing() as session:
        await ServerRepository(session).ensure(stage.guild.id)
        await session.execute(update(Server).values(notices_channel_id=channel.id))
    return channel


async def notification(channel: ChannelHandle, *, after: int = 0) -> str:
    """The last notification, once the channel has more than `after` messages."""
    async with asyncio.timeout(LONG_ENOUGH):
        while len(channel.history()) <= after:
            await asyncio.sleep(0.05)
    return texts(latest(channel))


async def first_model(stage: Stage) -> None:
    """Train the first model of the submitted photos."""
    stage.bot.app.trainer.schedule(stage.guild.id)
    async with asyncio.timeout(LONG_ENOUGH):
        while "**Model 1** · ✅ answers" not in await status(stage):
            await asyncio.sleep(0.1)


async def status(stage: Stage) -> str:
    return texts(answer(await stage.moderator.slash(stage.channel, "model status")))


async def history(stage: Stage) -> Any:
    return answer(await stage.moderator.slash(stage.channel, "model history", group="Presidents"))


async def test_a_confirmed_face_waits_for_the_next_model(stage: Stage) -> None:
    await stage.enrol_presidents()
    assert "No model yet; 2 photos that moderators handed in answer." in await status(stage)
    assert "has no model yet" in texts(await history(stage))
    await asked(stage, "obama2.jpg")
    await stage.moderator.click(latest(stage.channel), label="All right")
    assert "1 new label, the next training after 9 more" in await status(stage)
    trained = texts(answer(await stage.moderator.slash(stage.channel, "model train", group="presidents")))
    assert trained.strip().startswith("Model 1 of **Presidents** answers from now on with 1 new label.")
    assert "**Model 1** · ✅ answers" in (text := await status(stage))
    assert "0 new labels, the next training after 10 more" in text
    again = texts(answer(await stage.moderator.slash(stage.channel, "model train", group="Presidents")))
    assert "Nothing is new: the model of Presidents that answers knows all its photos." in again
    assert f"by <@{stage.moderator.id}>\n3 photos of 2 members" in texts(await history(stage))


async def test_two_moderators_train_at_once(stage: Stage) -> None:
    await stage.enrol_presidents()
    shown, made = await asyncio.gather(
        stage.moderator.slash(stage.channel, "model train", group="Presidents"),
        models.train(stage.app, stage.guild.id, "Presidents", by=2),
    )
    assert texts(answer(shown)).strip().startswith("Model 1 of **Presidents** answers")
    assert made.number == 1
    assert texts(await history(stage)).count("**Model") == 1


async def test_enough_labels_change_the_next_answer(stage: Stage) -> None:
    await stage.enrol_presidents()
    channel = await notices_of(stage)
    async with learning(stage) as app:
        await first_model(stage)
        assert "someone I don't know" in await asked(stage, "astronaut.png")
        face = (await vectors(app))[""]
        await confirmed(stage, "Collins", face, AFTER)
        assert "Model 2 of **Presidents** answers from now on with 3 new labels." in await notification(channel)
        assert "**Collins**" in await asked(stage, "astronaut.png")
        await stage.restart()
        stage.bot.app = app
        assert "**Collins**" in await asked(stage, "astronaut.png")


async def test_the_history_has_pages_and_the_way_back_a_choice(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.moderator.slash(stage.channel, "model train", group="Presidents")
    async with stage.app.database.writing() as session:
        first = (await session.scalars(select(Model))).one()
        kept = {name: value for name, value in vars(first).items() if name in Model.__table__.c}
        session.add_all(Model(**(kept | {"id": number, "number": number})) for number in range(2, 6))
    shown = await history(stage)
    assert "**Model 5** · answered once" in texts(shown)
    assert "**Model 1**" not in texts(shown)
    await stage.moderator.click(shown, label="Older")
    assert "**Model 1** · ✅ answers" in texts(shown)
    offered = await stage.moderator.autocomplete(stage.channel, "model rollback", "number", "", group="Presidents")
    assert [choice["value"] for choice in offered] == [5, 4, 3, 2]
    never = answer(await stage.moderator.slash(stage.channel, "model rollback", group="Presidents", number=9))
    assert "Model 9 never answered. There are 5, 4, 3, 2." in texts(never)


async def test_without_a_chosen_channel_the_news_channel_gets_notifications(stage: Stage) -> None:
    await stage.enrol_presidents()
    channel = stage.guild.create_text_channel("updates")
    stage.env.backend.guilds[stage.guild.id].public_updates_channel_id = channel.id
    await stage.restart()
    judged = GateVerdict(
        probes=16, old=NameCounts(15, 0), new=NameCounts(10, 1), fallen=("Biden",), fresh=True, passes=False
    )
    model = GroupModel(
        id=2,
        number=2,
        group=1,
        group_name="Presidents",
        server=stage.guild.id,
        engine="dlib-1",
        labels=3,
        figures=ModelFigures(18, 2, judged, None),
        accepted=False,
        made_by=0,
        made_at=utc_now(),
        answers=False,
    )
    stage.app.notifications.send(Notification(stage.guild.id, model))
    assert (await notification(channel)).startswith(
        "A model of **Presidents** with 3 new labels was refused: Biden would be"
    )


@pytest.mark.thorough
async def test_a_rollback_takes_effect_at_once_and_is_not_undone_by_the_next_training(stage: Stage) -> None:
    await stage.enrol_presidents()
    channel = await notices_of(stage)
    async with learning(stage) as app:
        await first_model(stage)
        assert "someone I don't know" in await asked(stage, "astronaut.png")
        known = await vectors(app)
        await confirmed(stage, "Collins", known[""], AFTER)
        await notification(channel)
        assert "**Collins**" in await asked(stage, "astronaut.png")

        card, late = [
            answer(await stage.moderator.slash(stage.channel, "model rollback", group="Presidents")) for _ in range(2)
        ]
        assert "Go back to model 1 of Presidents?" in texts(card)
        assert "**Collins**" in await asked(stage, "astronaut.png")
        await stage.restart()
        stage.bot.app = app
        await stage.moderator.click(card, label="Go back to model 1")
        assert "someone I don't know" in await asked(stage, "astronaut.png")
        assert "**Model 2** · answered once" in texts(await history(stage))

        await confirmed(stage, "Obama", known["Obama"], AFTER, seed=2)
        assert "Model 3 of **Presidents** answers" in await notification(channel, after=1)
        assert "someone I don't know" in await asked(stage, "astronaut.png")
        refused = answer(await stage.moderator.click(late, label="Go back to model 1"))
        assert "Another model came to answer since I asked." in texts(refused)


@pytest.mark.thorough
async def test_a_model_of_wrong_labels_is_refused_and_moderators_are_notified(stage: Stage) -> None:
    await stage.enrol_presidents()
    channel = await notices_of(stage)
    async with learning(stage, after=6) as app:
        await first_model(stage)
        known = await vectors(app)
        for name in ("Obama", "Biden"):
            await confirmed(stage, name, known[name], 3)
        assert "Model 2 of **Presidents** answers from now on with 6 new labels." in await notification(channel)
        for name, other in (("Obama", "Biden"), ("Biden", "Obama")):
            await confirmed(stage, name, known[other], 3, seed=1)
        text = await notification(channel, after=1)
        assert text.startswith("A model of **Presidents** with 6 new labels was refused: ")
        assert "`/model report` shows labels that look wrong." in text
        assert "**Obama**" in await asked(stage, "obama2.jpg")
        assert "⚠️ refused" in texts(await history(stage))
        assert "The newest is model 3; `/model history` has it." in await status(stage)


async def test_only_moderators_use_the_model_commands(stage: Stage) -> None:
    commands = {"model status", "model history", "model train", "model rollback", "model report"}
    assert commands <= set(stage.moderator.available_commands(stage.channel))
    assert not commands & set(stage.fan.available_commands(stage.channel))
    with pytest.raises(SetupError):
        await stage.fan.slash(stage.channel, "model status")


async def test_a_button_reads_the_users_trust_again(stage: Stage) -> None:
    """The user was a moderator when the card came, and is none any more."""
    await stage.enrol_presidents()
    async with learning(stage) as app:
        await first_model(stage)
        await confirmed(stage, "Obama", (await vectors(app))["Obama"])
        await stage.moderator.slash(stage.channel, "model train", group="Presidents")
    helpers = stage.guild.create_role("helpers")
    helper = stage.guild.add_member(stage.env.create_user("helper"), roles=[helpers])
    await setup.choose_roles(stage.app, stage.guild.id, Trust.MODERATOR, [helpers.id])
    show_to_everybody(stage, "model")
    card = answer(await helper.slash(stage.channel, "model rollback", group="Presidents"))
    await setup.choose_roles(stage.app, stage.guild.id, Trust.TRUSTED, [helpers.id])
    refused = answer(await helper.click(card, label="Go back to model 1"))
    assert texts(refused).strip().startswith("Only moderators (Manage Server")
    refused = answer(await helper.slash(stage.channel, "model train", group="Presidents"))
    assert texts(refused).strip().startswith("Only moderators (Manage Server")
    assert "**Model 2** · ✅ answers" in await status(stage)
