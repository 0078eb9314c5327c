"""/map: all faces of a group as a picture for everybody. Outliers are marked; trusted people read how to correct them."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import discord
import numpy as np
import pytest
from PIL import Image
from simcord import ChannelHandle
from sqlalchemy import delete, select

from bot import jobs
from bot.database.rosters import RosterRepository
from bot.database.tables.questions import QuestionFace
from bot.database.tables.rosters import Crop, CropEncoding
from bot.infra.compute import Compute
from bot.usecases import maps
from models.faces import ProjectionMethod
from tests.stories.conftest import Stage
from tests.stories.reading import alt_texts, answer, latest, option, texts
from tests.support.galleries import add_photo


@pytest.fixture
async def presidents(stage: Stage) -> Stage:
    """Two portraits of Obama and one of Biden, by the moderators' commands."""
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    obama = {"name": "Obama", "photo": stage.photo("obama.jpg"), "photo2": stage.photo("obama3.jpg")}
    await stage.moderator.slash(stage.channel, "member add", group="Presidents", **obama)
    biden = {"name": "바이든", "photo": stage.photo("biden.jpg")}
    await stage.moderator.slash(stage.channel, "member add", group="Presidents", **biden)
    return stage


async def asked(stage: Stage, by: Any = None, **how: Any) -> Any:
    return answer(await (by or stage.fan).slash(stage.channel, "map", **({"group": "Presidents"} | how)))


async def wrong_label(stage: Stage) -> None:
    """Synthetic faces near the portraits, and a portrait of Obama that a moderator labels Biden."""
    async with stage.app.database.reading() as session:
        rows = await RosterRepository(session).encodings_in_use([stage.guild.id], await stage.app.recognisers.engine())
    shown = {row.name: np.frombuffer(row.vector, np.float32) for row in rows}
    chance = np.random.default_rng(3)
    for who in (*["Obama"] * 4, *["바이든"] * 5):
        face = shown[who] + chance.normal(scale=0.01, size=128)
        vector = (face / np.linalg.norm(face)).astype(np.float32).tobytes()
        await add_photo(stage.app.database, "Presidents", who, vector, server=stage.guild.id)
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    who = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    await stage.moderator.select(who, [option(who, "바이든")])


async def suspected(stage: Stage) -> int:
    async with stage.app.database.reading() as session:
        return len(list(await session.scalars(select(QuestionFace.id).where(QuestionFace.suspected))))


@pytest.mark.usefixtures("dlib_in_use")
@pytest.mark.slow
async def test_everybody_sees_the_map_of_public_photos_and_it_is_drawn_once(
    presidents: Stage, adults: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = presidents
    hidden = {"group": "Presidents", "name": "Obama"}
    await stage.moderator.slash(adults, "member add", **hidden, photo=stage.photo("obama2.jpg"))
    await stage.moderator.slash(stage.channel, "member add", **hidden, photo=stage.spoiler("obama_partial_face2.jpg"))
    async with stage.app.database.reading() as session:
        keys = list(await session.scalars(select(Crop.key).order_by(Crop.id)))
    portraits = [await stage.app.storage.get(key) for key in keys[:3]]
    drawn: list[object] = []
    faces: list[bytes | None] = []
    run_isolated = Compute.run_isolated

    async def counted(self: Compute, limit: float, job: Any, rows: Any, crops: Any, *args: Any) -> Any:
        # The pickles of compiled functions lie in a folder of this run.
        assert args[-1] == self.run_folder
        drawn.append(job)
        faces.extend(crops)
        return await run_isolated(self, limit, job, rows, crops, *args)

    monkeypatch.setattr(Compute, "run_isolated", counted)
    first, second = await asyncio.gather(*(maps.draw_map(stage.app, [stage.guild.id], "Presidents") for _ in range(2)))
    assert first.found is second.found
    card = await asked(stage, group="presidents", method="tsne")
    assert drawn == [jobs.draw_map]
    # The last submitted photos are points without a face.
    assert faces == [portraits[0], portraits[1], None, None, portraits[2]]
    assert not card.ephemeral
    assert "## Presidents, 5 photos" in texts(card)
    assert "Photos that lie near each other look alike." in texts(card)
    (described,) = alt_texts(card)
    assert described.startswith("Map of Presidents by t-SNE. ")
    (picture,) = card.attachments
    data = await picture.read()
    assert data == first.found.picture
    with Image.open(BytesIO(data)) as shown:
        assert shown.format == "PNG"
        assert shown.width == 1440
        assert shown.height > 1300
        # The portraits are on it: without them a dark picture has few colours.
        assert len(shown.convert("RGB").getcolors(1 << 24) or []) > 5000
    assert "these show " in texts(await asked(stage, method="pca"))
    assert len(drawn) == 2
    await stage.moderator.slash(stage.channel, "member rename", group="Presidents", member="바이든", name="Biden")
    renamed = await maps.draw_map(stage.app, [stage.guild.id], "Presidents", ProjectionMethod.PCA)
    assert [place.name for place in renamed.found.places] == ["Obama", "Biden"]
    assert len(drawn) == 3


@pytest.mark.slow
async def test_an_outlier_is_marked_and_trusted_people_read_how_to_correct_it(presidents: Stage) -> None:
    stage = presidents
    await wrong_label(stage)
    seen = texts(await asked(stage, method="pca"))
    assert "**1 photo** in a dashed ring looks unlike the others:\nA photo of 바이든 looks like Obama." in seen
    assert "/review" not in seen
    assert await suspected(stage) == 0
    card = await asked(stage, stage.moderator, method="pca")
    assert "`/review` asks about those that people confirmed; `/member photos` can remove any." in texts(card)
    assert "A photo of 바이든 looks like Obama." in alt_texts(card)[0]
    assert await suspected(stage) == 1


async def test_a_group_without_a_map(stage: Stage) -> None:
    text = texts(await asked(stage))
    assert "I don't know anybody here yet. A moderator adds the first group with `/group add`" in text
    await stage.enrol_presidents()
    text = texts(await asked(stage))
    assert "A map takes 3 different photos, and I have 2 different photos of **Presidents**." in text
    assert "Add more with `/member add`." in text
    await stage.moderator.slash(stage.channel, "group add", name="TWICE")
    assert "and I have no photo of **TWICE**" in texts(await asked(stage, group="TWICE"))
    assert "I don't know a group called “ITZY”. I know: Presidents, TWICE." in texts(await asked(stage, group="ITZY"))


@pytest.mark.parametrize("name", ["twins", "map", "quiz"])
async def test_a_server_without_the_bot_has_no_map(stage: Stage, name: str) -> None:
    """The bot as a person's own app offers other commands, but not these."""
    await asked(stage)
    command = stage.bot.tree.get_command(name)
    assert isinstance(command, discord.app_commands.Command | discord.app_commands.Group)
    assert command.allowed_installs is not None
    assert (command.allowed_installs.guild, command.allowed_installs.user) == (True, False)


async def test_photos_without_an_encoding_get_their_own_sentence(stage: Stage) -> None:
    await stage.enrol_presidents()
    async with stage.app.database.writing() as session:
        await session.execute(delete(CropEncoding))
    assert "`nugu engine use sface`" in texts(await asked(stage, group="Presidents"))
