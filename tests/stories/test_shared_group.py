"""TWICE, from the private test photos: nine members, enrolled by command, in a group photo."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.conftest import Stage
from tests.stories.reading import answer, latest, option, texts

pytestmark = pytest.mark.thorough


async def test_nine_members_in_one_picture(stage: Stage, shared_faces: Path) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="TWICE")
    members = sorted((shared_faces / "groups" / "TWICE").iterdir())
    for member in members:
        photos = sorted(member.iterdir())
        names = ["photo", *(f"photo{n}" for n in range(2, 11))]
        given = {name: (photo.name, photo.read_bytes()) for name, photo in zip(names, photos, strict=False)}
        await stage.moderator.slash(stage.channel, "member add", group="TWICE", name=member.name, **given)
    picture = shared_faces / "group_photos" / "TWICE" / "ot9_kpopzone.jpg"

    card = answer(await stage.fan.slash(stage.channel, "who", picture=(picture.name, picture.read_bytes())))

    text = texts(card)
    assert all(text.count(f"**{member.name}**") == 1 for member in members), text


async def test_a_member_of_another_group_is_a_stranger(stage: Stage, shared_faces: Path) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="TWICE")
    for member in sorted((shared_faces / "groups" / "TWICE").iterdir()):
        photos = sorted(member.iterdir())[:5]
        names = ["photo", *(f"photo{n}" for n in range(2, 6))]
        given = {name: (photo.name, photo.read_bytes()) for name, photo in zip(names, photos, strict=True)}
        await stage.moderator.slash(stage.channel, "member add", group="TWICE", name=member.name, **given)
    named = 0
    others = [sorted(member.iterdir())[0] for member in sorted((shared_faces / "groups" / "ITZY").iterdir())]
    for photo in others:
        card = answer(await stage.fan.slash(stage.channel, "who", picture=(photo.name, photo.read_bytes())))
        named += "**" in texts(card)
    assert named <= 1, f"{named} of {len(others)} members of ITZY got a name of TWICE"


async def test_a_model_of_wrong_labels_on_real_faces_is_refused(stage: Stage, shared_faces: Path) -> None:
    photos = {name: sorted((shared_faces / "groups" / "TWICE" / name).iterdir()) for name in ("Momo", "Sana", "Tzuyu")}
    await stage.moderator.slash(stage.channel, "group add", name="TWICE")
    for name, files in photos.items():
        given = {
            place: (file.name, file.read_bytes())
            for place, file in zip(("photo", "photo2", "photo3"), files, strict=False)
        }
        await stage.moderator.slash(stage.channel, "member add", group="TWICE", name=name, **given)
    for name, lie in (("Momo", "Sana"), ("Sana", "Momo")):
        for file in photos[name][3:6]:
            await stage.fan.slash(stage.channel, "who", picture=(file.name, file.read_bytes()))
            who = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
            await stage.moderator.select(who, [option(who, lie)])
    text = texts(answer(await stage.moderator.slash(stage.channel, "model train", group="TWICE")))
    assert "A model of **TWICE** with 6 new labels was refused: " in text
    file = photos["Momo"][6]
    card = texts(answer(await stage.fan.slash(stage.channel, "who", picture=(file.name, file.read_bytes()))))
    assert "**Sana**" not in card
