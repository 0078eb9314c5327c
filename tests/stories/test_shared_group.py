"""TWICE, where the private test photos are: a group of nine, enrolled by command, asked about in a group photo."""

from __future__ import annotations

from pathlib import Path

from tests.stories.conftest import Stage
from tests.stories.reading import answer, texts


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

    said = texts(card)
    assert all(said.count(f"**{member.name}**") == 1 for member in members), said


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
