"""Videos become annotated clips: the real bot, its queue and its workers, on a simulated Discord."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import aiohttp
import av
import discord
import pytest
from simcord.http import FakeWebhookAdapter

from bot.app import App
from bot.client import Nugu
from bot.database.rosters import RosterRepository
from bot.errors import NoWorkersError
from bot.infra.clip_files import ClipFiles
from bot.infra.clip_tasks import ClipTasks
from bot.infra.compute import Compute
from bot.usecases.clips import attempt
from tests.stories.clip_steps import (
    CLIP,
    SizeRefusals,
    WorkHold,
    all_bodies,
    clip_in,
    clips_in,
    final_message,
    message_with,
    until,
    with_cancel,
)
from tests.stories.conftest import Stage
from tests.stories.reading import alt_texts, answer, buttons, covered, latest, option, texts
from tests.support.image_search import serving
from tests.support.video_site import mediasite
from tests.support.videos import video_of

MINUTES = 60.0


@pytest.fixture(scope="session")
def film(public_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    """Two seconds of Obama, and one of a stranger."""
    photos = [public_photos / name for name in ("obama2.jpg", "obama3.jpg", "astronaut.png")]
    return "white house.mp4", video_of(photos, tmp_path_factory.mktemp("film") / "film.mp4").read_bytes()


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> SizeRefusals:
    refusing = SizeRefusals()
    request = FakeWebhookAdapter.request

    async def refuses(self: Any, route: Any, session: Any, **parts: Any) -> Any:
        films = [file for file in parts.get("files") or [] if file.filename.endswith(".mp4")]
        for file in films:
            refusing.sizes.append(file.fp.seek(0, os.SEEK_END))
            file.fp.seek(0)
        if films and refusing.times:
            refusing.times -= 1
            response = Mock(spec=aiohttp.ClientResponse, status=413, reason="Payload Too Large")
            raise discord.HTTPException(response, {"code": 40005, "message": "Request entity too large"})
        return await request(self, route, session, **parts)

    monkeypatch.setattr(FakeWebhookAdapter, "request", refuses)
    return refusing


@pytest.fixture
async def hold(monkeypatch: pytest.MonkeyPatch) -> WorkHold:
    hold = WorkHold(attempt.make)
    monkeypatch.setattr(attempt, "make", hold.make)
    return hold


@pytest.fixture
def jobs_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the jobs that workers get."""
    names: list[str] = []
    attempt = Compute._attempt

    async def recorded(
        self: Compute, limit: Any, ends: Any, priority: Any, job: Any, *rest: Any, **options: Any
    ) -> Any:
        names.append(job.__name__)
        return await attempt(self, limit, ends, priority, job, *rest, **options)

    monkeypatch.setattr(Compute, "_attempt", recorded)
    return names


async def test_a_file_becomes_a_clip_and_a_correction_draws_it_again(
    stage: Stage, film: tuple[str, bytes], jobs_run: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.usecases.clips.progress.BETWEEN", 0.1)  # a short film has short stages
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "clip", video=film)
    clip = await clip_in(stage)
    assert "① **Obama**" in texts(clip)
    assert re.search(r"① \*\*Obama\*\* 99% · (1\.9|2\.\d) s in all · 0:00–0:0\d", texts(clip))
    assert re.search(r"② someone I don't know · 1\.0 s in all · .*\n-# 1 face waits in `/review`\.", texts(clip))
    assert buttons(clip) == ["All right", "Fix a face", "Details", "Hide"]
    assert alt_texts(clip)[1].startswith("Who is on screen for how long of 0:03: ① Obama")
    assert [file.filename for file in clip.attachments] == [CLIP, "screen-time.png"]
    (tmp_path / "clip.mp4").write_bytes(await clip.attachments[0].read())
    with av.open(tmp_path / "clip.mp4") as container:
        assert [stream.codec_context.name for stream in container.streams] == ["h264", "aac"]
        assert float(container.duration or 0) / av.time_base == pytest.approx(3.0, abs=0.1)
    for text in ("Looking for faces", "Drawing", "Seen so far: Obama"):
        assert text in all_bodies(stage)
    assert "Answered by `sface-2`" in texts(answer(await stage.fan.click(clip, label="Details")))

    # A suggestion changes nothing. A trusted label does, and the clip is drawn again without tracking the faces again.
    dialog = answer(await stage.moderator.click(clip, label="Fix a face"))
    who = await stage.moderator.select(dialog, [option(dialog, "② ")])
    step = answer(who)
    await stage.moderator.select(step, [option(step, "Biden")])
    clip = (await until(lambda: clips_in(stage), "the clip"))[0]
    assert "② **Biden** ✓" in texts(clip)
    assert buttons(clip)[-1] == "Draw again"
    refused = answer(await stage.other.click(clip, label="Draw again"))
    assert texts(refused).strip() == (
        "Only the person who asked, or people with a trusted role, can have this drawn again."
    )
    await until(lambda: not stage.app.clips.at_work, "the end of it")
    jobs_run.clear()
    first = await clip.attachments[0].read()
    await stage.moderator.click(clip, label="Draw again")
    again = await until(
        lambda: next((m for m in clips_in(stage) if "Draw again" not in buttons(m)), None), "the clip drawn again"
    )
    assert again.id == clip.id
    assert await again.attachments[0].read() != first
    assert "draw_clip" in jobs_run
    assert "track_faces" not in jobs_run
    assert len(clips_in(stage)) == 1


async def test_a_link_becomes_a_clip_and_is_followed_once(stage: Stage, film: tuple[str, bytes]) -> None:
    await stage.enrol_presidents()
    async with serving() as site:
        known = {"link_sites": "mediasite", "allowed_addresses": f"127.0.0.1:{site.port}"}
        app = replace(stage.app, settings=stage.app.settings.model_copy(update=known))
        await stage.env.restart_bot(Nugu(app, always_sync=True, shard_count=1))
        link = mediasite(site, (site.put("/film.mp4", film[1], "video/mp4"), "video/mp4"), title="At [the] *stage*")
        await stage.fan.slash(stage.channel, "clip", link="https://example.org/video")
        await message_with(stage, "I don't take links to that page. I take links to one video on mediasite.")
        await stage.fan.send(stage.channel, f"{stage.mention} {link}#t=0m1s")
        clip = await until(lambda: next((m for m in stage.channel.history() if buttons(m)[1:]), None), "the clip")
        assert "① **Obama**" in texts(clip)
        assert r"**At \[the] \*stage\***" in texts(clip)
        assert f"[0:01–0:03 of the video](<{link}>)" in texts(clip)
        assert "Downloading the video" in all_bodies(stage)
        assert site.paths().count("/film.mp4") == 1
        await stage.moderator.slash(stage.channel, "clip", link=link, start="0:00", style="boxes")
        await until(lambda: len([m for m in stage.channel.history() if buttons(m)[1:]]) == 2, "the second clip")
        assert site.paths().count("/film.mp4") == 1


async def test_a_mention_becomes_a_clip_and_hide_takes_it_away(stage: Stage, film: tuple[str, bytes]) -> None:
    await stage.enrol_presidents()
    name, data = film
    posted = await stage.other.send(stage.channel, "new!", attachments=[(f"SPOILER_{name}", data)])
    asked = await stage.fan.send(stage.channel, f"{stage.mention} who is this?", reply_to=posted)
    clip = await clip_in(stage)
    assert covered(clip) == [True, True]
    assert clip.reference.message_id == asked.id
    assert "① **Obama**" in texts(clip)
    await stage.fan.click(clip, label="Hide")
    assert clips_in(stage) == []


@pytest.mark.thorough
async def test_the_asker_cancels_and_nobody_else(stage: Stage, film: tuple[str, bytes], hold: WorkHold) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "clip", video=film)
    await until(lambda: hold.began, "the work")
    card = await message_with(stage, "white house.mp4")
    assert buttons(card) == ["Cancel"]
    refused = answer(await stage.other.click(card, label="Cancel"))
    assert texts(refused).strip() == "Only the person who asked, or a moderator, can cancel this."
    await stage.fan.click(card, label="Cancel")
    await message_with(stage, "Cancelled.")
    assert len(stage.channel.history()) == 1


async def test_a_cancel_between_attempts_ends_the_card(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(*_: Any) -> None:
        raise NoWorkersError

    monkeypatch.setattr(attempt, "make", away)
    async with stage.app.database.writing() as session:
        group = await RosterRepository(session).add_group(stage.guild.id, "Presidents")
        await RosterRepository(session).add_member(group.id, "Obama")
    with caplog.at_level(logging.WARNING, "bot.usecases.clips.queue"):
        await stage.fan.slash(stage.channel, "clip", video=("white house.mp4", b"nobody looks at it"))
        await until(lambda: "is tried again in" in caplog.text, "the pause")
    await stage.fan.click(await until(lambda: with_cancel(stage), "the button"), label="Cancel")
    card = await message_with(stage, "Cancelled.")
    assert stage.channel.history() == [card]
    assert texts(card).strip() == "Cancelled."
    assert buttons(card) == []


@pytest.mark.thorough
async def test_a_video_whose_message_is_deleted_is_forgotten(
    stage: Stage, film: tuple[str, bytes], hold: WorkHold
) -> None:
    await stage.enrol_presidents()
    asked = await stage.fan.send(stage.channel, stage.mention, attachments=[film])
    await until(lambda: hold.began, "the work")
    assert list((stage.app.settings.data / "clips").glob("*/video"))
    await stage.fan.delete(asked)
    await message_with(stage, "Cancelled.")
    await until(lambda: not list((stage.app.settings.data / "clips").glob("*/video")), "it to be forgotten")


@pytest.mark.thorough
async def test_one_clip_at_a_time_and_a_queue_that_ends(stage: Stage, film: tuple[str, bytes], hold: WorkHold) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "clip", video=film)
    await until(lambda: hold.began, "the work")
    refused = answer(await stage.fan.slash(stage.channel, "clip", video=film))
    assert texts(refused).strip() == "I am still at work on your last clip. Ask again when it is there, or cancel it."
    assert refused.ephemeral
    # The same request is at work already, so this one waits. Then the server's queue is full.
    await stage.other.slash(stage.channel, "clip", video=film)
    await message_with(stage, "Waiting: next in the queue")
    settings = stage.app.settings.model_copy(update={"clips_of_server": 1})
    stage.bot.app = replace(stage.app, settings=settings)
    refused = answer(await stage.moderator.slash(stage.channel, "clip", video=film))
    assert texts(refused).startswith("1 clips wait here already.")
    hold.released.set()
    await until(lambda: len(clips_in(stage)) == 2, "both clips")


async def test_a_part_that_is_too_long(stage: Stage, film: tuple[str, bytes], app: App) -> None:
    await stage.enrol_presidents()
    refused = answer(await stage.fan.slash(stage.channel, "clip", video=film, length="20:00"))
    assert texts(refused).strip() == "I annotate 10:00 at most: ask for a shorter part."
    await stage.fan.slash(stage.channel, "clip", video=film, start="1:00")
    await message_with(stage, "That video ends at 0:03, before the start you chose.")
    await stage.moderator.slash(stage.channel, "clip", video=("a.mp4", b"not a video"))
    card = await until(lambda: final_message(latest(stage.channel), "video"), "why it is none")
    assert buttons(card) == []


@pytest.mark.thorough
async def test_a_restart_in_the_middle_of_a_clip_posts_it_once(
    stage: Stage, film: tuple[str, bytes], hold: WorkHold
) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "clip", video=film)
    await until(lambda: hold.began, "the work")
    settings = stage.app.settings
    clips = ClipTasks()
    videos = ClipFiles(
        settings.data / "clips", settings.clip_keep_bytes, settings.quota_clip_bytes, settings.forget_days
    )
    app = replace(stage.app, videos=videos, clips=clips)
    hold.released = asyncio.Event()  # the stopped bot is never released
    await stage.env.restart_bot(Nugu(app, always_sync=True, shard_count=1))
    hold.released.set()
    clip = await clip_in(stage)
    assert "① **Obama**" in texts(clip)
    assert hold.began == 2
    await until(lambda: not clips.at_work, "the end of it")
    assert len(stage.channel.history()) == 1


@pytest.mark.thorough
async def test_a_worker_is_killed_in_the_middle_and_the_clip_comes(
    stage: Stage, film: tuple[str, bytes], jobs_run: list[str]
) -> None:
    await stage.enrol_presidents()
    pids = await asyncio.to_thread(stage.app.compute.worker_pids)
    await stage.fan.slash(stage.channel, "clip", video=film)
    await until(lambda: "track_faces" in jobs_run, "the tracks of faces")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    clip = await clip_in(stage)
    assert "① **Obama**" in texts(clip)


@pytest.mark.thorough
async def test_a_refused_upload_is_made_smaller_once(
    stage: Stage, film: tuple[str, bytes], jobs_run: list[str], refusing: SizeRefusals
) -> None:
    await stage.enrol_presidents()
    refusing.times = 1
    await stage.fan.slash(stage.channel, "clip", video=film)
    clip = await clip_in(stage)
    (before, after) = refusing.sizes
    assert after < before
    assert len(await clip.attachments[0].read()) == after
    assert jobs_run.count("draw_clip") == 2

    # The card appears a moment before the database knows of it.
    await until(lambda: not stage.app.clips.at_work, "the end of it")
    refusing.times = 2
    await stage.fan.slash(stage.channel, "clip", video=film, start="0:01")
    await message_with(stage, "Discord takes no file as large as this clip.")
    assert len(clips_in(stage)) == 1


@pytest.mark.thorough
async def test_after_fourteen_minutes_the_asker_is_called(
    stage: Stage, film: tuple[str, bytes], hold: WorkHold
) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "clip", video=film)
    card = latest(stage.channel)
    await until(lambda: hold.began, "the work")
    await stage.env.advance_time(15 * MINUTES)
    hold.released.set()
    clip = await clip_in(stage)
    assert clip.id != card.id
    assert clip.reference.message_id == card.id
    assert f"<@{stage.fan.id}>, here is your clip." in texts(clip)
    await message_with(stage, f"Done: {clip.jump_url}")
