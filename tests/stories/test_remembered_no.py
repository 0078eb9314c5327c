"""A remembered no: a face that somebody trusted spoke of is never called that again."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from tests.stories.conftest import Stage
from tests.stories.reading import answer, buttons, latest, texts


async def named(stage: Stage, photo: tuple[str, bytes]) -> str:
    """What the card says of a picture that a fan asks about."""
    return texts(answer(await stage.fan.slash(stage.channel, "who", picture=photo)))


def saved_anew(photo: tuple[str, bytes]) -> tuple[str, bytes]:
    out = io.BytesIO()
    with Image.open(io.BytesIO(photo[1])) as picture:
        picture.save(out, "JPEG", quality=80)
    assert out.getvalue() != photo[1]
    return "anew.jpg", out.getvalue()


async def press(stage: Stage, card: Any, label: str) -> None:
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.moderator.click(who, label=label)


async def test_a_face_is_never_called_again_what_it_is_not(stage: Stage) -> None:
    await stage.enrol_presidents()
    photo = stage.photo("obama2.jpg")
    assert "**Obama**" in await named(stage, photo)
    card = latest(stage.channel)
    await press(stage, card, "It isn't Obama")
    assert f"① not Obama ✓\n-# ✓ said by <@{stage.moderator.id}>" in texts(latest(stage.channel))

    await stage.restart()
    for copy in (photo, saved_anew(photo)):
        assert "Obama" not in await named(stage, copy)
    assert "**Obama**" in await named(stage, stage.photo("obama3.jpg"))

    await stage.moderator.click(card, label="Undo")
    assert "**Obama**" in await named(stage, photo)


async def test_a_fans_no_is_a_suggestion(stage: Stage) -> None:
    await stage.enrol_presidents()
    await named(stage, stage.photo("obama2.jpg"))
    who = answer(await stage.fan.click(latest(stage.channel), label="Fix a face"))
    assert buttons(who) == ["Not a member", "Not a face", "It isn't Obama"]
    await stage.fan.click(who, label="It isn't Obama")
    assert "**Obama**" in await named(stage, stage.photo("obama2.jpg"))


@pytest.mark.thorough
async def test_nobody_of_the_roster_stays_nobody_until_somebody_knows_better(stage: Stage) -> None:
    await stage.enrol_presidents()
    photo = stage.photo("obama2.jpg")
    await named(stage, photo)
    await press(stage, latest(stage.channel), "Not a member")
    assert "someone I don't know" in await named(stage, photo)
    who = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    await stage.moderator.select(who, ["1"])
    assert "**Obama**" in await named(stage, photo)
