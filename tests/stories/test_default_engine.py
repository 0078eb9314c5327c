"""What an operator notices of the default engine: advice about an older one, and its answers."""

from __future__ import annotations

from sqlalchemy import update

from bot.database.tables.models import EngineInUse
from bot.usecases import engines
from models.engines import DEFAULT, version_of
from tests.stories.conftest import Stage
from tests.stories.reading import answer, texts


async def test_the_owner_is_told_once_how_to_change_an_older_engine(stage: Stage) -> None:
    owner = stage.env.create_user("owner")
    stage.bot.owner_ids = {owner.id}
    async with stage.app.database.writing() as session:
        await session.execute(update(EngineInUse).values(name="dlib", told=False))
    for _ in range(2):
        await engines.advise_operator(stage.app)
        await stage.env.settle()
    (told,) = [message.content for message in owner.dm_channel.history()]
    assert told.startswith(
        "A better engine than dlib, which names faces here, comes with me now: `nugu engine use sface`"
    )


async def test_a_new_installation_answers_by_the_default_engine(stage: Stage) -> None:
    await stage.enrol_presidents()
    shown = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    assert "① **Obama**" in texts(shown)
    details = answer(await stage.other.click(shown, label="Details"))
    assert f"Answered by `{version_of(DEFAULT)}`" in texts(details)
