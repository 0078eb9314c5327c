"""/twins: the most alike members of a group, and the look-alikes of a member."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity
from sqlalchemy import delete, select

from bot.database.rosters import RosterRepository
from bot.database.tables.rosters import Crop, CropEncoding, Member, Photo
from bot.domain.files import SubmittedFile
from bot.domain.rosters import SHARED_ROSTER
from bot.usecases import twins
from bot.usecases.roster import enrolment
from bot.usecases.roster.groups import add_group
from tests.stories.conftest import Stage
from tests.stories.reading import alt_texts, answer, texts
from tests.support.galleries import add_photo
from tests.support.portraits import astronauts_head

WIDE = 1100
ASTRONAUT = "astronaut.png"


async def ask(stage: Stage, **options: Any) -> Any:
    return answer(await stage.fan.slash(stage.channel, "twins", **options))


async def pictures(message: Any) -> list[Image.Image]:
    return [Image.open(BytesIO(await file.read())).convert("RGB") for file in message.attachments]


async def crop_of(stage: Stage, member: str) -> Image.Image:
    async with stage.app.database.reading() as session:
        query = select(Crop.key).join(Photo, Photo.crop_id == Crop.id).join(Member).where(Member.name == member)
        key = (await session.scalars(query)).first()
    assert key is not None
    data = await stage.app.storage.get(key)
    assert data is not None
    return Image.open(BytesIO(data)).convert("RGB")


def alike(picture: Image.Image, face: Image.Image, box: tuple[int, int, int, int]) -> float:
    """The similarity (SSIM) of a part of a picture to a face, in grey at 96 pixels."""
    shown, wanted = (np.asarray(part.convert("L").resize((96, 96))) for part in (picture.crop(box), face))
    return float(cast("float", structural_similarity(shown, wanted)))


async def enrol(stage: Stage, server: int, group: str, **members: str) -> None:
    """Enrol members of a server, or of the shared roster, with a photo each."""
    await add_group(stage.app, server, group)
    for name, photo in members.items():
        submitted = [
            SubmittedFile(photo, astronauts_head(stage.photos) if photo == ASTRONAUT else stage.photo(photo)[1])
        ]
        await enrolment.add_member(stage.app, server, group, name, submitted, by=0)


async def test_a_fan_sees_the_two_side_by_side(stage: Stage) -> None:
    await stage.enrol_presidents()
    card = await ask(stage)
    assert not card.ephemeral
    text = texts(card)
    assert "Obama" in text
    assert "Biden" in text
    assert "the only two of **Presidents**" in text
    assert "Few photos yet of" in text
    pair, matrix = await pictures(card)
    assert (pair.width, matrix.width) == (WIDE, WIDE)
    described, table = alt_texts(card)
    assert described.startswith(("Obama and Biden of Presidents side by side", "Biden and Obama of Presidents side"))
    assert "how far everybody is from everybody" in table
    left, right = (32, 128, 534, 630), (566, 128, 1068, 630)
    names = ["Obama", "Biden"] if described.startswith("Obama") else ["Biden", "Obama"]
    for name, box, other in zip(names, (left, right), (right, left), strict=True):
        face = await crop_of(stage, name)
        assert alike(pair, face, box) > 0.9
        assert alike(pair, face, other) < 0.6


async def test_look_alikes_come_from_every_group_of_the_server(stage: Stage) -> None:
    await stage.enrol_presidents()
    await enrol(stage, SHARED_ROSTER, "Space", Collins=ASTRONAUT)
    other = stage.env.create_guild("elsewhere")
    await enrol(stage, other.id, "Secret", Barack="obama2.jpg")
    card = await ask(stage, member="obama")
    text = texts(card)
    assert "## Who looks like Obama?" in text
    assert "Of 2 others in 2 groups" in text
    assert all(f"**{name}**" in text for name in ("Biden", "Collins"))
    assert "Barack" not in text + "".join(alt_texts(card))
    (picture,) = await pictures(card)
    assert alike(picture, await crop_of(stage, "Obama"), (32, 128, 352, 448)) > 0.9
    barack, collins = await crop_of(stage, "Barack"), await crop_of(stage, "Collins")
    places = [(400 + 198 * n, 128, 576 + 198 * n, 304) for n in range(5)]
    assert max(alike(picture, barack, box) for box in places) < 0.6
    assert max(alike(picture, collins, box) for box in places) > 0.8
    unknown = texts(await ask(stage, group="Secret"))
    assert unknown.startswith("I don't know a group called “Secret”. I know: ")
    assert "Secret" not in unknown.removeprefix("I don't know a group called “Secret”")
    assert texts(await ask(stage, member="Barack")).startswith(
        "I don't know a member called “Barack” of any group here."
    )


@pytest.mark.thorough
async def test_a_servers_group_replaces_the_shared_one_of_that_name(stage: Stage) -> None:
    await stage.enrol_presidents()
    await enrol(stage, SHARED_ROSTER, "presidents", Obama="obama2.jpg", Joe="biden.jpg")
    text = texts(await ask(stage, member="Obama"))
    assert "Of 1 other in 1 group" in text
    assert "Joe" not in text


async def test_without_a_group_the_most_alike_pair_of_any_group_is_shown(stage: Stage) -> None:
    await stage.enrol_presidents()
    await enrol(stage, SHARED_ROSTER, "Two of one", Barack="obama2.jpg", Hussein="obama3.jpg")
    card = await ask(stage)
    assert "**Two of one**" in texts(card)
    assert "They could be twins" in texts(card)
    assert "of **Presidents**" in texts(await ask(stage, group="presidents"))


async def test_a_drawn_picture_is_cached_until_the_roster_changes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.enrol_presidents()
    drawn: list[str] = []
    run = stage.app.compute.run

    async def counted(job: Any, *parts: Any) -> Any:
        drawn.append(job.__name__)
        return await run(job, *parts)

    monkeypatch.setattr(type(stage.app.compute), "run", lambda _, job, *parts: counted(job, *parts))
    first = await twins.twins(stage.app, stage.guild.id)
    assert await twins.twins(stage.app, stage.guild.id, "PRESIDENTS") is first
    assert drawn.count("draw_twins") == 1
    await twins.look_alikes(stage.app, stage.guild.id, None, "Obama")
    await twins.look_alikes(stage.app, stage.guild.id, "Presidents", "Obama")
    assert drawn.count("draw_look_alikes") == 1
    await stage.moderator.slash(stage.channel, "member rename", group="Presidents", member="Biden", name="Joe")
    again = await twins.twins(stage.app, stage.guild.id)
    assert drawn.count("draw_twins") == 2
    assert "Joe" in {member.name for member in again.found.members}


async def test_a_missing_group_or_member_gets_a_sentence(stage: Stage) -> None:
    assert "I don't know anybody here yet." in texts(await ask(stage))
    assert "I don't know anybody here yet." in texts(await ask(stage, member="Obama"))
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    assert "**Presidents** has no member yet. Twins take two" in texts(await ask(stage, group="presidents"))
    await stage.moderator.slash(
        stage.channel, "member add", group="Presidents", name="Obama", photo=stage.photo("obama.jpg")
    )
    assert "**Presidents** has one member, Obama. Twins take two" in texts(await ask(stage))
    assert "I know nobody besides Obama by a photo." in texts(await ask(stage, member="Obama"))
    async with stage.app.database.writing() as session:
        found = await RosterRepository(session).find_group([stage.guild.id], "Presidents")
        assert found is not None
        await RosterRepository(session).add_member(found.id, "Biden")
    assert "I have no photo of Biden of **Presidents** yet. Twins take two" in texts(await ask(stage))
    assert "I have no photo of Biden yet." in texts(await ask(stage, member="Biden", group="Presidents"))
    text = texts(await ask(stage, member="Obema", group="Presidents"))
    assert text == "I don't know a member called “Obema” of Presidents. Did you mean Obama?"
    await stage.moderator.slash(stage.channel, "group add", name="Senators")
    text = texts(await ask(stage))
    assert text.startswith("I see no two members here. Twins take two")
    await stage.moderator.slash(
        stage.channel, "member add", group="Senators", name="obama", photo=stage.photo("obama.jpg")
    )
    assert "There is Obama in **Presidents** and **Senators**." in texts(await ask(stage, member="OBAMA"))


async def test_names_are_autocompleted(stage: Stage) -> None:
    await stage.enrol_presidents()
    offered = await stage.fan.autocomplete(stage.channel, "twins", "group", "pres")
    assert [choice["name"] for choice in offered] == ["Presidents"]
    offered = await stage.fan.autocomplete(stage.channel, "twins", "member", "obana", group="Presidents")
    assert [choice["value"] for choice in offered] == ["Obama"]


async def test_an_initial_replaces_a_lost_file(stage: Stage) -> None:
    await stage.enrol_presidents()
    async with stage.app.database.reading() as session:
        keys = list(await session.scalars(select(Crop.key)))
        rows = await RosterRepository(session).encodings_in_use([stage.guild.id], await stage.app.recognisers.engine())
    for key in keys:
        await stage.app.storage.delete(key)
    await add_photo(stage.app.database, "Presidents", "Lost", rows[0].vector, server=stage.guild.id)
    card = await ask(stage, group="Presidents")
    assert "Lost" in texts(card)
    assert len(card.attachments) == 2


@pytest.mark.thorough
async def test_twice(stage: Stage, shared_faces: Path) -> None:
    """Nine members with ten real photos each, and another group."""
    for group in ("TWICE", "ITZY"):
        await add_group(stage.app, stage.guild.id, group)
        for member in sorted((shared_faces / "groups" / group).iterdir()):
            photos = [SubmittedFile(photo.name, photo.read_bytes()) for photo in sorted(member.iterdir())]
            await enrolment.add_member(stage.app, stage.guild.id, group, member.name, photos, by=0)
    card = await ask(stage, group="TWICE")
    text = texts(card)
    assert "## Chaeyoung and Sana" in text
    assert "They could be siblings: the most alike of 36 pairs of **TWICE**" in text
    assert "Few photos" not in text
    names = [member.name for member in (shared_faces / "groups" / "TWICE").iterdir()]
    assert all(f"{name} is nearest to " in alt_texts(card)[1] for name in names)
    found = (await twins.twins(stage.app, stage.guild.id, "TWICE")).found
    normalised, euclidean = np.array(found.normalised), np.array(found.euclidean)
    assert normalised.shape == euclidean.shape == (9, 9)
    off = ~np.eye(9, dtype=bool)
    assert np.corrcoef(normalised[off], euclidean[off])[0, 1] > 0.6
    assert normalised[off].min() > 0.2
    (nearest,) = await pictures(await ask(stage, member="Sana"))
    assert nearest.width == 1400
    look_alikes = (await twins.look_alikes(stage.app, stage.guild.id, None, "Sana")).found
    assert look_alikes.nearest[0].member.name == "Chaeyoung"
    assert {near.member.group for near in look_alikes.nearest} == {"TWICE", "ITZY"}
    assert (look_alikes.others, look_alikes.groups) == (13, 2)


@pytest.mark.thorough
async def test_photos_without_an_encoding_get_their_own_sentence(stage: Stage) -> None:
    await stage.enrol_presidents()
    async with stage.app.database.writing() as session:
        await session.execute(delete(CropEncoding))
    assert "`nugu engine use sface`" in texts(await ask(stage, group="Presidents"))
