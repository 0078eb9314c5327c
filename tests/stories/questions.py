"""Questions of a fan, and the annotations of their faces."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from bot.database.tables.questions import Annotation
from tests.stories.conftest import Stage
from tests.stories.reading import latest


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
