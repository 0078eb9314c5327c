"""A name that a trusted person denied a face is not given to it again."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from tests.stories.conftest import Stage
from tests.stories.reading import answer, buttons, latest, texts


async def named(stage: Stage, photo: tuple[str, bytes]) -> str:
    """The text of the card that answers a fan's question about the photo."""
    return texts(answer(await stage.fan.slash(stage.channel, "who", picture=photo)))


def saved_anew(photo: tuple[str, bytes]) -> tuple[str, bytes]:
    out = io.BytesIO()
    with Image.open(io.BytesIO(photo[1])) as picture:
        picture.save(out, "JPEG", quality=80)
    assert out.getvalue() != photo[1]
    return "anew.jpg", out.getvalue()


async def choose(stage: Stage, card: Any, label: str) -> None:
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.moderator.click(who, label=label)


async def test_a_denied_name_is_not_given_again(stage: Stage) -> None:
    await stage.enrol_presidents()
    photo = stage.photo("obama2.jpg")
    assert "**Obama**" in await named(stage, photo)
    card = latest(stage.channel)
    await choose(stage, card, "It isn't Obama")
    assert f"① not Obama ✓\n-# ✓ said by <@{stage.moderator.id}>" in texts(latest(stage.channel))

    await stage.restart()
    for copy in (photo, saved_anew(photo)):
        assert "Obama" not in await named(stage, copy)
    assert "**Obama**" in await named(stage, stage.photo("obama3.jpg"))

    await stage.moderator.click(card, label="Undo")
    assert "**Obama**" in await named(stage, photo)


async def test_a_fans_denial_is_a_suggestion(stage: Stage) -> None:
    await stage.enrol_presidents()
    await named(stage, stage.photo("obama2.jpg"))
    who = answer(await stage.fan.click(latest(stage.channel), label="Fix a face"))
    assert buttons(who) == ["Not a member", "Not a face", "It isn't Obama"]
    await stage.fan.click(who, label="It isn't Obama")
    assert "**Obama**" in await named(stage, stage.photo("obama2.jpg"))


@pytest.mark.thorough
async def test_a_stranger_stays_a_stranger_until_a_later_label(stage: Stage) -> None:
    await stage.enrol_presidents()
    photo = stage.photo("obama2.jpg")
    await named(stage, photo)
    await choose(stage, latest(stage.channel), "Not a member")
    assert "someone I don't know" in await named(stage, photo)
    who = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    await stage.moderator.select(who, ["1"])
    assert "**Obama**" in await named(stage, photo)
