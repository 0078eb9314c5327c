"""Questions of a fan, the annotations of their faces, and trusted people."""

from __future__ import annotations

from typing import Any

from simcord import MemberActor
from sqlalchemy import select

from bot.database.tables.questions import Annotation
from tests.stories.conftest import Stage
from tests.stories.reading import answer, latest


async def asked(stage: Stage, *photos: str) -> Any:
    """A fan's question in the channel, and its card."""
    await stage.enrol_presidents()
    names = ["picture", *(f"picture{n}" for n in range(2, 6))]
    pictures = {name: stage.photo(photo) for name, photo in zip(names, photos or ("obama2.jpg",), strict=False)}
    await stage.fan.slash(stage.channel, "who", **pictures)
    return latest(stage.channel)


async def annotations_of(stage: Stage) -> list[Annotation]:
    async with stage.app.database.reading() as session:
        return list(await session.scalars(select(Annotation).order_by(Annotation.id)))


async def trusted(stage: Stage, name: str = "expert") -> MemberActor:
    """A person with a trusted role."""
    role = stage.guild.create_role(name)
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, [role], custom_id="nugu:setup:trusted")
    return stage.guild.add_member(stage.env.create_user(name), roles=[role])
