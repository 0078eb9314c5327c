"""Nothing is read before its turn, and a person hears at once when that would come too late."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bot.infra.request_context import Asker
from tests.conftest import LONG_ENOUGH
from tests.stories.conftest import Stage
from tests.stories.reading import alt_texts, answer, latest, texts
from tests.stories.test_redrawn_pictures import fix

BUSY = re.compile(r"More people ask me just now than I can answer\. Ask again <t:(\d+):R>\.")


@pytest.fixture
async def presidents(stage: Stage) -> Stage:
    await stage.enrol_presidents()
    return stage


@pytest.fixture
def fetched(presidents: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of the files that the bot fetches from now on."""
    addresses: list[str] = []
    fetch = presidents.bot.http.get_from_cdn

    async def noted(url: str) -> bytes:
        addresses.append(url)
        return await fetch(url)

    monkeypatch.setattr(presidents.bot.http, "get_from_cdn", noted)
    return addresses


@pytest.fixture
def no_patience(presidents: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every wait be too long."""
    monkeypatch.setattr(presidents.app.compute.admission.jobs, "_patience", 0.0)


@asynccontextmanager
async def all_turns_taken(stage: Stage) -> AsyncGenerator[None]:
    """A file of somebody else is on its way to the workers, as large as all may be together, and doesn't move."""
    async with stage.app.compute.admission.files.turn(Asker(person=1), size=stage.app.settings.memory):
        yield


async def watch(stage: Stage) -> None:
    """Let the bot look at each picture of the channel."""
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, [stage.channel], custom_id="nugu:setup:watched")


async def until_waiting(stage: Stage, turns: int) -> None:
    async with asyncio.timeout(LONG_ENOUGH):
        while len(stage.app.compute.admission.files.waiting) != turns:
            await asyncio.sleep(0)


async def test_no_picture_is_fetched_before_its_turn(presidents: Stage, fetched: list[str]) -> None:
    pictures = {"picture": presidents.photo("obama2.jpg"), "picture2": presidents.photo("biden.jpg")}
    async with all_turns_taken(presidents):
        asking = asyncio.create_task(presidents.fan.slash(presidents.channel, "who", **pictures))
        await until_waiting(presidents, 2)
        assert not fetched
    assert "**Obama**" in texts(answer(await asking))
    assert len(fetched) == 2


@pytest.mark.parametrize("way", ["mention", "watched channel", "member add", "form", "redraw"])
async def test_no_way_in_fetches_before_its_turn(presidents: Stage, fetched: list[str], way: str) -> None:
    stage, photo = presidents, presidents.photo("obama2.jpg")
    await stage.fan.slash(stage.channel, "who", picture=photo)
    await watch(stage)
    form = await stage.moderator.slash(stage.channel, "member add", group="Presidents", name="Obama")
    fetched.clear()
    async with all_turns_taken(stage):
        if way == "mention":
            work = stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[photo])
        elif way == "watched channel":
            work = stage.fan.send(stage.channel, "who is this?", attachments=[photo])
        elif way == "member add":
            work = stage.moderator.slash(stage.channel, "member add", group="Presidents", name="Obama", photo=photo)
        elif way == "form":
            given = {"group": "Presidents", "name": "Obama", "photos": [photo]}
            work = stage.moderator.submit_modal(form, given)
        else:
            work = fix(stage, "Biden")
        task = asyncio.create_task(work)
        await until_waiting(stage, 1)
        assert not fetched
    await task
    assert len(fetched) == 1


@pytest.mark.parametrize("way", ["clip", "roster import"])
async def test_a_large_file_waits_for_the_turns_of_its_kind(presidents: Stage, fetched: list[str], way: str) -> None:
    stage = presidents
    turns = stage.app.queues.uploads if way == "clip" else stage.app.queues.archives
    async with AsyncExitStack() as held:
        for person in range(turns._slots):
            await held.enter_async_context(turns.turn(Asker(person)))
        if way == "clip":
            work = stage.fan.slash(stage.channel, "clip", video=("a.mp4", b"no video"))
        else:
            work = stage.moderator.slash(stage.channel, "roster import", archive=("a.zip", b"no archive"))
        task = asyncio.create_task(work)
        async with asyncio.timeout(LONG_ENOUGH):
            while not turns.waiting:
                await asyncio.sleep(0)
        assert not fetched
    await task
    assert len(fetched) == 1


async def test_a_deleted_question_leaves_the_queue(presidents: Stage, fetched: list[str]) -> None:
    stage = presidents
    async with all_turns_taken(stage):
        photos = [stage.photo("obama2.jpg"), stage.photo("obama3.jpg")]
        asking = asyncio.create_task(stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=photos))
        await until_waiting(stage, 2)
        stage.env.backend.delete_message(stage.channel.id, latest(stage.channel).id)
        await until_waiting(stage, 0)
        await asking
    assert not fetched
    assert not any(message.author.bot for message in stage.channel.history())


@pytest.mark.usefixtures("no_patience")
async def test_who_would_wait_too_long_hears_when_to_ask_again(presidents: Stage, fetched: list[str]) -> None:
    stage, photo = presidents, presidents.photo("obama2.jpg")
    refused = answer(await stage.fan.slash(stage.channel, "who", picture=photo))
    assert refused.ephemeral
    await stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[photo])
    for message in (refused, latest(stage.channel)):
        told = BUSY.fullmatch(texts(message).strip())
        assert told is not None, texts(message)
        assert 0 <= int(told[1]) - time.time() < 60
    assert not fetched


async def test_a_watched_channel_stays_quiet_when_the_queue_is_full(
    presidents: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = presidents
    await watch(stage)
    monkeypatch.setattr(stage.app.compute.admission.jobs, "_patience", 0.0)
    asked = await stage.fan.send(stage.channel, "who is this?", attachments=[stage.photo("obama2.jpg")])
    assert latest(stage.channel).id == asked.id


async def test_a_correction_counts_although_its_picture_is_not_drawn(
    presidents: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = presidents
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    monkeypatch.setattr(stage.app.compute.admission.jobs, "_patience", 0.0)
    await fix(stage, "Biden")
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Biden, still drawn as Obama"]
