"""Pictures of more faces than are named: the largest are answered, and the card counts the others."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from models.faces import Box, Face, largest_faces
from tests.stories.conftest import Stage
from tests.stories.reading import latest, texts
from tests.support.portraits import astronauts_head


def test_the_largest_faces_keep_their_order() -> None:
    faces = [Face(Box(0, 0, side, side), 1.0, np.zeros((5, 2), np.float32)) for side in (50, 90, 10, 70, 90)]
    assert [face.box.width for face in largest_faces(faces, 3)] == [90, 70, 90]
    assert largest_faces(faces, 9) == faces


def crowd(head: bytes, smaller: int) -> tuple[str, bytes]:
    """A picture of one large face above so many smaller ones."""
    face = Image.open(io.BytesIO(head)).convert("RGB")
    picture = Image.new("RGB", (1000, 480 + 100 * ((smaller + 9) // 10)), "grey")
    picture.paste(face.resize((480, 480)), (0, 0))
    for number in range(smaller):
        picture.paste(face.resize((100, 100)), (100 * (number % 10), 480 + 100 * (number // 10)))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return "crowd.png", out.getvalue()


async def enrol(stage: Stage, head: bytes) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="Astronauts")
    photo = ("collins.png", head)
    await stage.moderator.slash(stage.channel, "member add", group="Astronauts", name="Collins", photo=photo)


async def test_the_card_says_how_many_faces_are_left_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.usecases.questions.identify.MAX_FACES", 2)
    head = astronauts_head(stage.photos)
    await enrol(stage, head)
    await stage.fan.slash(stage.channel, "who", picture=crowd(head, 4))
    card = latest(stage.channel)
    assert "✓" not in texts(card)
    await stage.moderator.click(card, label="All right")
    corrected = latest(stage.channel)
    assert "✓" in texts(corrected)
    for shown in (card, corrected):
        assert "I named the 2 largest faces and left out 3 smaller ones." in texts(shown)
        assert "②" in texts(shown)
        assert "③" not in texts(shown)


@pytest.mark.thorough
async def test_of_a_hundred_and_twenty_faces_a_hundred_are_named(stage: Stage) -> None:
    head = astronauts_head(stage.photos)
    await enrol(stage, head)
    await stage.fan.slash(stage.channel, "who", picture=crowd(head, 120))
    assert "I named the 100 largest faces and left out 21 smaller ones." in texts(latest(stage.channel))
