"""/model report: a group's recognition, and its labels that look wrong, which moderators see and correct."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from simcord import ChannelHandle
from sqlalchemy import select, update

from bot.clock import utc_now
from bot.database.rosters import RosterRepository
from bot.database.tables.questions import Annotation
from bot.database.tables.rosters import Crop, Member, Photo
from bot.domain.enums import FaceOrigin
from tests.stories.conftest import Stage
from tests.stories.reading import alt_texts, answer, buttons, covered, latest, option, options, texts
from tests.support.galleries import add_photo
from tests.support.people import SyntheticPeople


@pytest.fixture
async def presidents(dlib_in_use: None, stage: Stage) -> Stage:
    """Four photos each of two members, three of them synthetic; a moderator mixed up one of each."""
    await stage.enrol_presidents()
    async with stage.app.database.reading() as session:
        rows = await RosterRepository(session).encodings_in_use([stage.guild.id], await stage.app.recognisers.engine())
    shown = {row.name: np.frombuffer(row.vector, np.float32) for row in rows}
    chance = np.random.default_rng(3)
    for who, looks in (*[("Obama", "Obama")] * 4, *[("Biden", "Biden")] * 4, ("Obama", "Biden")):
        face = shown[looks] + chance.normal(scale=0.01, size=128)
        vector = (face / np.linalg.norm(face)).astype(np.float32).tobytes()
        await add_photo(stage.app.database, "Presidents", who, vector, server=stage.guild.id, engine="dlib-1")
    return stage


async def report(stage: Stage) -> Any:
    return answer(await stage.moderator.slash(stage.channel, "model report", group="Presidents"))


async def doubt(stage: Stage, card: Any, label: str) -> Any:
    return answer(await stage.moderator.select(card, [option(card, label)], custom_id="nugu:doubt:1"))


async def photos(stage: Stage, who: str) -> list[Photo]:
    async with stage.app.database.reading() as session:
        return list(await session.scalars(select(Photo).join(Member).where(Member.name == who).order_by(Photo.id)))


@pytest.mark.slow
async def test_a_report_shows_a_picture_and_the_slip_that_a_moderator_made(presidents: Stage) -> None:
    stage = presidents
    card = await report(stage)
    assert card.ephemeral
    text = texts(card)
    assert "## Presidents, 11 photos" in text
    assert "**1 label looks wrong**" in text
    assert options(card) == ["Obama: looks like Biden"]
    (described,) = alt_texts(card)
    assert described.startswith("Obama: 6 photos")
    (picture,) = card.attachments
    with Image.open(BytesIO(await picture.read())) as drawn:
        assert drawn.width > 300
    (figures,) = re.findall(r"I name (\d+ of \d+ unseen photos right and \d+ wrong)", text)
    await stage.moderator.slash(stage.channel, "model train", group="Presidents")
    assert figures in texts(answer(await stage.moderator.slash(stage.channel, "model status"))), "they count the same"
    assert sum(int(right) for right in re.findall(r"(\d+) of \d+ right", described)) == int(figures.split(" ", 1)[0])
    label = await doubt(stage, card, "Obama")
    assert "handed in by <@1>" in texts(label)
    assert buttons(label) == ["It is right", "It is Biden", "Remove"]
    before = len(await photos(stage, "Biden"))
    await stage.moderator.click(label, label="It is Biden")
    assert "Noted: this is Biden, not Obama." in texts(label)
    *_, moved = await photos(stage, "Biden")
    assert len(await photos(stage, "Biden")) == before + 1
    (obama,) = {photo.member_id for photo in await photos(stage, "Obama")}
    assert (moved.was_member_id, moved.added_by, moved.vouched_by) == (obama, *[stage.moderator.id] * 2)
    assert "**No label looks wrong.**" in texts(await report(stage))


@pytest.mark.thorough
async def test_a_confirmed_label_is_not_suspected_again(presidents: Stage) -> None:
    stage = presidents
    card = await report(stage)
    label, late = await doubt(stage, card, "Obama"), await doubt(stage, card, "Obama")
    await stage.moderator.click(label, label="It is right")
    assert "Noted: this is Obama. I won't doubt it again." in texts(label)
    assert "**No label looks wrong.**" in texts(await report(stage))
    await stage.moderator.click(late, label="Remove")
    assert "Removed: Obama is no longer known by that photo." in texts(late)
    gone = answer(await stage.moderator.select(card, [option(card, "Obama")], custom_id="nugu:doubt:1"))
    assert texts(gone).strip() == "That photo is gone: somebody removed or corrected it."
    assert len(await photos(stage, "Obama")) == 5


@pytest.mark.thorough
async def test_a_wrong_label_is_corrected_by_another(presidents: Stage) -> None:
    stage = presidents
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    who = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    await stage.moderator.select(who, [option(who, "Biden")])
    (wrong,) = [photo for photo in await photos(stage, "Biden") if photo.origin is FaceOrigin.ASKED]
    card = await report(stage)
    label = await doubt(stage, card, "Biden: looks like Obama")
    assert f"said by <@{stage.moderator.id}>" in texts(label)
    assert [file.filename for file in label.attachments] == ["face.jpg"]
    await stage.restart()
    await stage.moderator.click(label, label="It is Obama")
    assert "Noted: this is Obama, not Biden." in texts(label)
    (right,) = [photo for photo in await photos(stage, "Obama") if photo.origin is FaceOrigin.ASKED]
    assert right.crop_id == wrong.crop_id
    async with stage.app.database.reading() as session:
        names = list(await session.scalars(select(Annotation.name).order_by(Annotation.id)))
    assert names == ["Biden", "Obama"]


@pytest.fixture
async def new_look(dlib_in_use: None, stage: Stage) -> Stage:
    """A member P0 with eight photos of a year ago, and four new ones of another look, which have crops."""
    gallery, recent = SyntheticPeople(5).gallery_with_new_look(4)
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    _, crop = stage.photo("obama.jpg")
    await stage.app.storage.put("crops/look.jpg", crop)
    server, database = stage.guild.id, stage.app.database
    for label, vector, is_new in zip(gallery.labels.tolist(), gallery.encodings, recent, strict=True):
        key = "crops/look.jpg" if is_new else "none"
        await add_photo(database, "Presidents", f"P{label}", vector.tobytes(), server=server, engine="dlib-1", key=key)
    async with database.writing() as session:
        await session.execute(update(Crop).values(made_at=utc_now() - timedelta(365)).where(Crop.key == "none"))
    return stage


@pytest.mark.slow
async def test_a_report_shows_a_look_that_the_photos_lack(new_look: Stage, adults: ChannelHandle) -> None:
    stage = new_look
    card = await report(stage)
    (line,) = re.findall(r"Recent photos of .*", texts(card))
    assert re.fullmatch(
        r"Recent photos of \*\*P0\*\* are recognised at (0|25|50)%, older ones at 100%. Add some of this look.", line
    )
    assert alt_texts(card)[1:] == ["A recent photo of P0 that I didn't recognise"]
    assert covered(card) == [False, False]
    assert [file.filename for file in card.attachments] == ["report.png", "look-1.jpg"]

    async with stage.app.database.writing() as session:
        await session.execute(update(Crop).values(only_in=adults.id, spoiler=True).where(Crop.key == "crops/look.jpg"))
    hidden = await report(stage)
    assert line.replace("this look", "the new look") in texts(hidden)
    assert covered(hidden) == [False]
    shown = answer(await stage.moderator.slash(adults, "model report", group="Presidents"))
    assert covered(shown) == [False, True]

    async with stage.app.database.writing() as session:
        await session.execute(update(Crop).values(made_at=utc_now() - timedelta(365)))
    assert "Recent photos" not in texts(await report(stage)), "they are recent no more"


async def test_a_group_without_photos_has_no_report(stage: Stage) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="TWICE")
    text = texts(answer(await stage.moderator.slash(stage.channel, "model report", group="TWICE")))
    assert "There is no photo of that group yet that I could report on." in text
    text = texts(answer(await stage.moderator.slash(stage.channel, "model report", group="ITZY")))
    assert "I don't know a group called “ITZY”. I know: TWICE." in text
