"""A server that has as much as it may is told so in one sentence, keeps everything that it has, and loses no label."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.infra.compute import Compute
from bot.settings import Settings
from bot.text.formatting import MEBIBYTE
from tests.conftest import LONG_ENOUGH
from tests.stories.conftest import Stage
from tests.stories.questions import annotations_of, trusted
from tests.stories.reading import answer, answers, latest, now, texts
from tests.stories.test_exchange import imported, packed
from tests.stories.test_models import notices_of, notification
from tests.stories.test_photos import add, photos, small

ROOM_FOR_PHOTOS = 3


@pytest.fixture
async def app(data: Path, weights: Path, compute: Compute) -> AsyncGenerator[App]:
    """An app whose servers may have two groups, two members, three photos and a mebibyte of videos."""
    (data / "engines").symlink_to(weights)
    settings = Settings(
        data=data,
        deadline=LONG_ENOUGH,
        quota_groups=2,
        quota_members=2,
        quota_photos=ROOM_FOR_PHOTOS,
        quota_clip_bytes=MEBIBYTE,
    )
    async with App.open(settings, compute=compute) as app:
        yield app


async def said(stage: Stage, command: str, **options: Any) -> str:
    """All that answers a moderator's command."""
    return "\n".join(texts(one) for one in answers(await stage.moderator.slash(stage.channel, command, **options)))


async def test_a_full_roster_says_what_is_full_and_what_to_do(stage: Stage) -> None:
    await stage.enrol_presidents()
    await said(stage, "group add", name="Senators")
    assert await said(stage, "group add", name="Governors") == (
        "This server has 2 groups, and may have no more. "
        "Make room with `/group remove`, or ask my owner to raise `NUGU_QUOTA_GROUPS`."
    )
    new = await said(stage, "member add", group="Senators", name="Collins", photo=stage.photo("astronaut.png"))
    assert new.startswith("This server has 2 members, and may have no more. Make room with `/member remove`")
    two = {"photo": stage.photo("obama2.jpg"), "photo2": stage.photo("obama3.jpg")}
    more = await said(stage, "member add", group="Presidents", name="Obama", **two)
    assert "is known by 2 photos now" in more
    assert "⚠️ obama3.jpg: this server may have no more photos." in more
    assert "I have this very picture already" in await said(
        stage, "member add", group="Presidents", name="Obama", photo=stage.photo("obama2.jpg")
    )
    setup = await said(stage, "setup")
    assert "`██████████` Groups: 2 of 2 · full\n`██████████` Members: 2 of 2 · full" in setup
    assert "`██████████` Photos: 3 of 3 · full\n`█░░░░░░░░░` Crops of faces: 0 of 1,024 MiB\n" in setup
    assert "`░░░░░░░░░░` Kept videos and clips: 0 of 1 MiB\n" in setup
    assert "`░░░░░░░░░░` Trainings within the last hour: 0 of 30" in setup


async def test_a_video_without_room_is_told_in_one_sentence(stage: Stage) -> None:
    await stage.enrol_presidents()
    refused = answer(await stage.fan.slash(stage.channel, "clip", video=("a.mp4", bytes(2 * MEBIBYTE))))
    assert texts(refused).strip() == (
        "Up to 2 MiB would have to be kept for this, and there is room for 1 MiB. Ask with a smaller video."
    )
    assert list((stage.app.settings.data / "clips").iterdir()) == []


async def test_a_label_of_a_full_server_is_kept_and_its_moderators_are_told_once(stage: Stage) -> None:
    await stage.enrol_presidents()
    await add(stage, "Obama", stage.photo("obama2.jpg"))
    channel, expert = await notices_of(stage), await trusted(stage)
    for number, photo in enumerate(("obama3.jpg", "obama_partial_face2.jpg"), start=1):
        await stage.fan.slash(stage.channel, "who", picture=stage.photo(photo))
        result = answer(await expert.click(latest(stage.channel), label="All right"))
        assert "I don't learn from this face: this server has as many photos as it may" in texts(result)
        assert [one.name for one in await annotations_of(stage)] == ["Obama"] * number
    assert len(await photos(stage)) == ROOM_FOR_PHOTOS
    assert (await notification(channel)).startswith("This server has 3 photos, and may have no more. Make room with")
    assert len(channel.history()) == 1


async def test_a_photo_that_waits_is_used_once_there_is_room(stage: Stage) -> None:
    await stage.enrol_presidents()
    _, waiting = await add(stage, "Obama", small(stage, "obama2.jpg"))
    await add(stage, "Obama", stage.photo("obama3.jpg"))
    refused = await stage.moderator.click(waiting, label="Use it all the same")
    assert "This server has 3 photos, and may have no more." in texts(answer(refused))
    assert await annotations_of(stage) == []
    removal = await stage.moderator.slash(stage.channel, "member remove", group="Presidents", member="Biden")
    await stage.moderator.click(answer(removal), label="Remove")
    await stage.moderator.click(waiting, label="Use it all the same")
    assert "**Obama** of **Presidents** is known by 3 photos now." in texts(now(stage, waiting))


async def test_an_import_takes_what_there_is_room_for(stage: Stage) -> None:
    await stage.enrol_presidents()
    files = [(f"Presidents/Obama/{name}", stage.photo(name)[1]) for name in ("obama.jpg", "obama2.jpg", "obama3.jpg")]
    archive = packed(*files, ("Presidents/Collins/a.png", stage.photo("astronaut.png")[1]))
    for taken, known in ((1, 1), (0, 2)):
        card = texts(await imported(stage, archive))
        assert f"**{taken} of 4 photos** taken, 1 member.\n{known} I had already." in card
        assert "This server has 3 photos, and may have no more. Make room with `/member photos`" in card
        assert "This server has 2 members, and may have no more. Make room with `/member remove`" in card
        assert "⚠️ Presidents/Obama/obama3.jpg: this server may have no more photos." in card
        assert "⚠️ Presidents/Collins/a.png: this server may have no more members." in card
    assert len(await photos(stage)) == ROOM_FOR_PHOTOS
