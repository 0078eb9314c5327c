"""A correction is drawn in the picture of the card, as long as Discord has the original."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from PIL import Image

from bot.app import App
from bot.domain.answers import Answer
from bot.domain.files import SubmittedFile
from bot.domain.trust import Trust
from bot.errors import NoWorkersError
from bot.usecases.questions import correct, identify
from bot.usecases.questions.correct import Actor
from tests.stories.conftest import Stage
from tests.stories.questions import asked
from tests.stories.reading import alt_texts, answer, latest, option, texts

STALE = "The picture still carries the names from before."


async def test_a_correction_is_drawn_in_the_picture_while_its_message_shows_it(stage: Stage) -> None:
    await stage.enrol_presidents()
    posted = await stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[stage.photo("obama2.jpg")])
    pictures = [await shown(stage)]

    await fix(stage, "Biden")
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Biden"]
    assert STALE not in texts(latest(stage.channel))
    pictures.append(await shown(stage))
    await stage.moderator.click(latest(stage.channel), label="Undo")
    pictures.append(await shown(stage))
    assert "① Obama 99%" in alt_texts(latest(stage.channel))[0]
    assert pictures[0] != pictures[1] != pictures[2]
    assert {Image.open(io.BytesIO(picture)).size for picture in pictures} == {Image.open(io.BytesIO(pictures[0])).size}

    await stage.fan.delete(posted)
    await fix(stage, "Biden")
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Biden, still drawn as Obama"]
    assert STALE in texts(latest(stage.channel))
    assert await shown(stage) == pictures[2]


async def test_a_correction_is_drawn_in_an_uploaded_picture_until_the_interaction_ends(stage: Stage) -> None:
    card = await asked(stage)
    before = await shown(stage)
    await fix(stage, "Biden")
    assert await shown(stage) != before
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Biden"]
    assert STALE not in texts(latest(stage.channel))

    stage.bot.uploads.clear()  # as fifteen minutes later, or after a restart
    await stage.moderator.click(latest(stage.channel), label="Undo")
    assert STALE in texts(latest(stage.channel))
    assert latest(stage.channel).id == card.id


async def test_of_two_simultaneous_corrections_the_picture_has_the_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(stage)
    draw_again, drawn = identify.draw_again, list[str | None]()

    async def overtaken(app: App, answer: Answer, pictures: Sequence[SubmittedFile]) -> dict[str, bytes] | None:
        ((_, face),) = answer.faces
        drawn.append(face.name)
        files = await draw_again(app, answer, pictures)
        if len(drawn) == 1:
            await correct.assign_name(app, answer.id, face.id, "Momo", Actor(1, Trust.TRUSTED))
        return files

    monkeypatch.setattr(identify, "draw_again", overtaken)
    await fix(stage, "Biden")
    assert drawn == ["Biden", "Momo"]
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Momo"]
    assert STALE not in texts(latest(stage.channel))


async def test_a_correction_is_saved_when_its_picture_cannot_be_drawn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(stage)

    async def too_slow(*_: object) -> None:
        raise NoWorkersError

    monkeypatch.setattr(identify, "draw_again", too_slow)
    await fix(stage, "Biden")
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Biden, still drawn as Obama"]
    assert STALE in texts(latest(stage.channel))


async def fix(stage: Stage, name: str) -> None:
    """The moderator corrects the only face of the last card."""
    who = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    await stage.moderator.select(who, [option(who, name)])


async def shown(stage: Stage) -> bytes:
    """The picture on the last card."""
    (picture,) = latest(stage.channel).attachments
    return await picture.read()
