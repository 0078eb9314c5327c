"""A moderator lets the bot look for photos. They are not learned before a trusted person confirms them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from simcord import SetupError

from bot.app import App
from tests.stories.conftest import Stage
from tests.stories.reading import answer, components, texts, walk
from tests.support.image_search import ImageSearch
from tests.support.portraits import small_photo


@pytest.fixture
async def app(app: App, search: ImageSearch) -> App:
    """The app with an image search on loopback."""
    return dataclasses.replace(app, settings=search.settings(data=app.settings.data, message_content=True))


def offer(search: ImageSearch, photos: Path, *names: str) -> None:
    for name in names:
        link = search.put(f"/commons/{name}", small_photo(photos / name))
        search.name("commons", link, name, f"https://commons.example/{name}")


async def test_gathered_photos_are_learned_only_after_review(stage: Stage, search: ImageSearch) -> None:
    await stage.enrol_presidents()
    offer(search, stage.photos, "obama2.jpg", "obama3.jpg", "obama.jpg", "biden.jpg")
    card = answer(await stage.moderator.slash(stage.channel, "member gather", group="Presidents", member="Obama"))
    assert "**2 photos** wait in `/review`" in texts(card)
    assert "-# Left out: 2 the same photo as another" in texts(card)
    shown = answer(await stage.moderator.slash(stage.channel, "member show", group="Presidents", member="Obama"))
    assert "1 photo" in texts(shown)
    face = answer(await stage.moderator.slash(stage.channel, "review"))
    assert "### Is this Obama?" in texts(face)
    (page,) = [part["url"] for part in walk(components(face)) if part.get("label") == "Its page"]
    assert page.startswith("https://commons.example/obama")
    await stage.moderator.click(face, label="Yes")
    shown = answer(await stage.moderator.slash(stage.channel, "member show", group="Presidents", member="Obama"))
    assert "2 photos" in texts(shown)
    assert "gathered" in texts(shown)


async def test_nothing_is_gathered_for_a_fan_or_without_a_contact(stage: Stage, search: ImageSearch) -> None:
    await stage.enrol_presidents()
    with pytest.raises(SetupError):
        await stage.fan.slash(stage.channel, "member gather", group="Presidents")
    stage.bot.app = dataclasses.replace(
        stage.app, settings=stage.app.settings.model_copy(update={"gather_contact": ""})
    )
    refused = answer(await stage.moderator.slash(stage.channel, "member gather", group="Presidents"))
    assert "NUGU_GATHER_CONTACT" in texts(refused)
    assert search.paths() == []


async def test_every_member_without_enough_photos_is_searched(stage: Stage, search: ImageSearch) -> None:
    await stage.enrol_presidents()
    card = answer(await stage.moderator.slash(stage.channel, "member gather", group="Presidents", wanted=2))
    assert "Biden: 0\nObama: 0\nI found nothing that is worth a look." in texts(card)
    full = answer(await stage.moderator.slash(stage.channel, "member gather", group="Presidents", wanted=1))
    assert "Nobody there has fewer than 1 photos." in texts(full)
