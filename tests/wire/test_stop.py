"""A stop of the bot: no new work, what is under way is finished or explained, clips wait, and the line closes last."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from bot.app import App
from bot.client import Nugu
from bot.database.engine import Database
from bot.database.tables.clips import ClipJob
from bot.domain.enums import ClipState
from bot.domain.gathering import GatherProgress
from bot.domain.rosters import EnrolledEncoding
from bot.infra import running_tasks
from bot.settings import Settings
from bot.usecases import setup
from bot.usecases.roster.gather import SoughtMember
from cogs.clips.texts import REQUEST_ACCEPTED
from tests.conftest import LONG_ENOUGH, ROOT
from tests.support.galleries import enrol
from tests.support.heavy_pictures import jpeg_of_scans
from tests.support.wire import TOKEN, WireDiscord
from tests.support.wire_world import Channel, User

STOPPING = "I am being stopped just now. Ask again in a minute, when I am back."
PHOTO = ("a.jpg", b"no picture")
NO_PICTURE = "a.jpg: this is not a picture (it looks like text); I read JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and AVIF."
VIDEO = ("a.mp4", b"no video")
LINK = "https://youtu.be/abcdefghijk"
CLIP_WAITS = "go on with this by myself when I am back"
PROMISED_SECONDS = 10.0
"""Seconds after SIGTERM within which everybody who waits is answered or told."""

LOADING = 1 << 7
"""The flag of a message that shows "thinking…"."""


OnProgress = Callable[[GatherProgress], Awaitable[None]]


@pytest.fixture
async def bot(app: App, wire: WireDiscord) -> AsyncGenerator[Nugu]:
    bot = Nugu(app, shard_count=1, guild_ready_timeout=0.1)
    yield bot
    assert bot.is_closed()


@pytest.fixture
async def place(wire: WireDiscord, app: App, gallery_rows: list[EnrolledEncoding]) -> tuple[Channel, User]:
    """A channel of a server with members, and a moderator in it."""
    guild = wire.add_guild()
    await enrol(app.database, gallery_rows, server=guild.id)
    return wire.add_channel(guild), wire.add_user("mina", guild, moderator=True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that gives up at once what isn't done when it stops."""
    monkeypatch.setattr(running_tasks, "FINISH_SECONDS", 0.1)


def sentences(wire: WireDiscord, channel: Channel) -> list[str]:
    """The texts of the bot's messages in a channel; none of them shows "thinking…"."""
    said = wire.messages(channel)
    assert not [message for message in said if message["flags"] & LOADING], "nobody waits for an answer"
    return [message["content"] for message in said]


async def until(true: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(LONG_ENOUGH):
        while not (met if isinstance(met := true(), bool) else await met):
            await asyncio.sleep(0.01)


async def asked(wire: WireDiscord, channel: Channel, user: User) -> None:
    """A `/who` is acknowledged, and its picture does not arrive."""
    wire.hold_files()
    await wire.slash(channel, user, "who", picture=PHOTO)
    await wire.wait_for("POST", "/interactions/*/*/callback")
    await wire.until(lambda: wire.files_wanted, "the bot to ask for the picture")


async def test_a_question_under_way_is_answered_before_the_end(
    wire: WireDiscord, bot: Nugu, place: tuple[Channel, User]
) -> None:
    channel, moderator = place
    async with wire.running(bot):
        await asked(wire, channel, moderator)
        finishing = asyncio.create_task(bot.finish())
        await until(lambda: bot.running_tasks.stopping)
        wire.give_files()
        await finishing
        assert sentences(wire, channel) == [NO_PICTURE]
        assert not bot.is_closed(), "the line closes last"


async def test_a_question_that_takes_too_long_is_told_of(
    wire: WireDiscord, bot: Nugu, place: tuple[Channel, User], impatient: None
) -> None:
    channel, moderator = place
    async with wire.running(bot):
        await asked(wire, channel, moderator)
        await wire.message(channel, moderator, "who?", attachments=[PHOTO], mentions=[wire.bot])
        await wire.until(lambda: wire.files_wanted == 2, "the bot to ask for the second picture")
        await bot.finish()
        assert sentences(wire, channel) == [STOPPING] * 2
        wire.give_files()


async def ask_about(wire: WireDiscord, channel: Channel, user: User, way: str, photo: tuple[str, bytes]) -> None:
    """A person asks about a photo by command or by message."""
    if way == "command":
        await wire.slash(channel, user, "who", picture=photo)
    else:
        await wire.message(channel, user, "who?", attachments=[photo], mentions=[wire.bot])


def stuck_at(monkeypatch: pytest.MonkeyPatch, function: str) -> asyncio.Event:
    """Let a function never return. The event tells that it was called."""
    called = asyncio.Event()

    async def never_done(*_: object) -> None:
        called.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(function, never_done)
    return called


@pytest.mark.parametrize("way", ["command", "message"])
async def test_who_has_the_answer_is_not_told_to_ask_again(
    wire: WireDiscord,
    bot: Nugu,
    place: tuple[Channel, User],
    impatient: None,
    public_photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    answered = stuck_at(monkeypatch, "bot.usecases.questions.cards.save_card")
    channel, moderator = place
    async with wire.running(bot):
        await ask_about(wire, channel, moderator, way, ("obama.jpg", (public_photos / "obama.jpg").read_bytes()))
        await answered.wait()
        await bot.finish()
        (card,) = wire.messages(channel)
        assert "someone I don't know" in str(card)


@pytest.mark.parametrize("way", ["command", "message"])
async def test_an_answer_that_is_on_its_way_arrives_alone(
    wire: WireDiscord,
    bot: Nugu,
    place: tuple[Channel, User],
    impatient: None,
    public_photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    way: str,
) -> None:
    on_its_way = asyncio.Event()
    channel, moderator = place
    async with wire.running(bot):
        # discord.py has imported the module anew.
        who, name = sys.modules["cogs.who.cog"], "show" if way == "command" else "reply"
        post = getattr(who, name)

        async def slowly_posted(*places: Any, **parts: Any) -> Any:
            on_its_way.set()
            await until(lambda: "not done in time" in caplog.text)
            return await post(*places, **parts)

        monkeypatch.setattr(who, name, slowly_posted)
        await ask_about(wire, channel, moderator, way, ("obama.jpg", (public_photos / "obama.jpg").read_bytes()))
        await on_its_way.wait()
        await bot.finish()
        (card,) = wire.messages(channel)
        assert "someone I don't know" in str(card)


async def test_who_has_the_card_of_a_clip_is_not_told_to_ask_again(
    wire: WireDiscord,
    bot: Nugu,
    place: tuple[Channel, User],
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accepted = stuck_at(monkeypatch, "bot.usecases.clips.request.attach_card")
    channel, moderator = place
    async with wire.running(bot):
        await wire.message(channel, moderator, LINK, mentions=[wire.bot])
        await accepted.wait()
        await bot.finish()
        (card,) = wire.messages(channel)
        assert REQUEST_ACCEPTED in str(card)


async def test_a_watched_channel_is_told_nothing_of_the_stop(
    wire: WireDiscord, app: App, bot: Nugu, place: tuple[Channel, User], impatient: None
) -> None:
    channel, moderator = place
    assert channel.guild_id is not None
    await setup.choose_watched(app, channel.guild_id, [channel.id])
    async with wire.running(bot):
        wire.hold_files()
        await wire.message(channel, moderator, "who is this?", attachments=[PHOTO])
        await wire.until(lambda: wire.files_wanted, "the bot to ask for the picture")
        await bot.finish()
        assert sentences(wire, channel) == []
        wire.give_files()


async def test_the_card_of_a_gathering_says_that_it_stopped(
    wire: WireDiscord, bot: Nugu, place: tuple[Channel, User], impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gathers(
        _app: App,
        _server: int,
        sought: Sequence[SoughtMember],
        *,
        by: int,
        progress: Callable[[GatherProgress], Awaitable[None]],
    ) -> None:
        del by
        await progress(GatherProgress("G1", tuple(each.name for each in sought)))
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.usecases.roster.gather.gather", gathers)
    channel, moderator = place
    async with wire.running(bot):
        await wire.slash(channel, moderator, "member gather", group="G1", wanted=10)
        await wire.until(lambda: "Photos of G1" in str(wire.messages(channel)), "the card of the gathering")
        await bot.finish()
        card, told = wire.messages(channel)
        assert "Photos of G1" in str(card)
        assert STOPPING in str(card)
        assert told["content"] == STOPPING


async def test_who_asks_during_the_stop_hears_so_at_once(
    wire: WireDiscord, bot: Nugu, place: tuple[Channel, User]
) -> None:
    channel, moderator = place
    async with wire.running(bot):
        await asked(wire, channel, moderator)
        finishing = asyncio.create_task(bot.finish())
        await until(lambda: bot.running_tasks.stopping)
        await wire.slash(channel, moderator, "group add", name="ITZY")
        assert (await wire.wait_for("POST", "/interactions/*/*/callback")).json["data"]["content"] == STOPPING
        await wire.message(channel, moderator, "who?", mentions=[wire.bot])
        assert (await wire.wait_for("POST", "/channels/*/messages")).json["content"] == STOPPING
        wire.give_files()
        await finishing
        assert "ITZY" not in str(wire.messages(channel))


@pytest.fixture
def downloading(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once a clip is at work. Its video never arrives."""
    begun = asyncio.Event()

    async def downloaded(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.usecases.clips.attempt.cached_video", downloaded)
    return begun


def waiting_clips(wire: WireDiscord, channel: Channel) -> int:
    """The number of cards that say that their clip waits for the next start."""
    cards = [card for card in wire.messages(channel) if CLIP_WAITS in str(card)]
    assert not any(card["flags"] & LOADING for card in cards)
    return len(cards)


async def test_a_clip_at_work_is_in_the_queue_again(
    app: App, wire: WireDiscord, bot: Nugu, place: tuple[Channel, User], downloading: asyncio.Event
) -> None:
    channel, moderator = place
    async with wire.running(bot):
        await wire.slash(channel, moderator, "clip", link=LINK)
        await downloading.wait()
        await bot.finish()
        assert waiting_clips(wire, channel) == 1
        async with app.database.reading() as session:
            job = (await session.scalars(select(ClipJob))).one()
        assert (job.state, job.attempt) == (ClipState.WAITING, 0)
    edits = [request for request in wire.requests if CLIP_WAITS in str(request.json)]
    assert len(edits) == 1, "a card is told once"


async def test_the_card_of_a_clip_does_not_wait_for_a_question(
    wire: WireDiscord, bot: Nugu, place: tuple[Channel, User], downloading: asyncio.Event
) -> None:
    channel, moderator = place
    async with wire.running(bot):
        await wire.slash(channel, moderator, "clip", link=LINK)
        await downloading.wait()
        wire.hold_files()
        await wire.message(channel, moderator, "who?", attachments=[PHOTO], mentions=[wire.bot])
        await wire.until(lambda: wire.files_wanted, "the bot to ask for the picture")
        finishing = asyncio.create_task(bot.finish())
        await wire.until(lambda: waiting_clips(wire, channel), "the card of the clip to say that it waits")
        assert not finishing.done()
        wire.give_files()
        await finishing
        assert NO_PICTURE in sentences(wire, channel)


async def test_a_clip_is_told_of_the_stop_beside_a_question_that_takes_too_long(
    wire: WireDiscord, bot: Nugu, place: tuple[Channel, User], downloading: asyncio.Event, impatient: None
) -> None:
    channel, moderator = place
    async with wire.running(bot):
        await wire.slash(channel, moderator, "clip", link=LINK)
        await downloading.wait()
        wire.hold_files()
        await wire.message(channel, moderator, "who?", attachments=[PHOTO], mentions=[wire.bot])
        await wire.until(lambda: wire.files_wanted, "the bot to ask for the picture")
        await bot.finish()
        assert waiting_clips(wire, channel) == 1
        assert STOPPING in sentences(wire, channel)
        wire.give_files()


async def test_a_clip_whose_video_arrives_during_the_stop_waits_too(
    wire: WireDiscord, bot: Nugu, place: tuple[Channel, User]
) -> None:
    channel, moderator = place
    async with wire.running(bot):
        wire.hold_files()
        await wire.slash(channel, moderator, "clip", video=VIDEO)
        await wire.until(lambda: wire.files_wanted, "the bot to ask for the video")
        finishing = asyncio.create_task(bot.finish())
        await until(lambda: bot.running_tasks.stopping)
        wire.give_files()
        await finishing
        assert waiting_clips(wire, channel) == 1


@asynccontextmanager
async def running_process(
    wire: WireDiscord, data: Path, rows: list[EnrolledEncoding]
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, Channel, User]]:
    """`nugu run` in a process of its own, and somebody in a server that it knows members of."""
    guild = wire.add_guild()
    async with Database.open(Settings(data=data)) as database:
        await enrol(database, rows, server=guild.id)
    channel, fan = wire.add_channel(guild, "asked"), wire.add_user("fan", guild)
    command = (sys.executable, "-m", "tests.support.wire_child", str(wire.port), "--", "run")
    given = {**os.environ, "DISCORD_TOKEN": TOKEN, "NUGU_DATA": str(data), "NUGU_WORKERS": "1"}
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=given, stderr=asyncio.subprocess.PIPE)
    try:
        await wire.wait_ready()
        await until(lambda: len(psutil.Process(process.pid).children(recursive=True)) >= 2)
        yield process, channel, fan
    finally:
        wire.give_files()
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def process_with_a_question(
    wire: WireDiscord, data: Path, rows: list[EnrolledEncoding]
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, Channel]]:
    """As `running_process`, with a `/who` under way whose picture does not arrive."""
    async with running_process(wire, data, rows) as (process, channel, fan):
        await asked(wire, channel, fan)
        yield process, channel


async def test_sigterm_tells_the_asker_and_ends_without_a_traceback(
    wire: WireDiscord, data: Path, gallery_rows: list[EnrolledEncoding]
) -> None:
    async with process_with_a_question(wire, data, gallery_rows) as (process, channel):
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), LONG_ENOUGH)
    assert sentences(wire, channel) == [STOPPING]
    assert process.returncode == 0
    assert b"Traceback" not in errors


async def test_a_second_signal_ends_the_process_and_its_workers_at_once(
    wire: WireDiscord, data: Path, gallery_rows: list[EnrolledEncoding]
) -> None:
    async with process_with_a_question(wire, data, gallery_rows) as (process, _):
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        async with asyncio.timeout(LONG_ENOUGH):
            while b"a second signal ends me" not in await process.stderr.readline():
                pass
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), LONG_ENOUGH)
        assert process.returncode == -signal.SIGTERM
        assert time.monotonic() - began < running_tasks.FINISH_SECONDS
        assert b"Traceback" not in errors
        _, alive = await asyncio.to_thread(psutil.wait_procs, below, LONG_ENOUGH)
        assert not alive, "the workers end with the bot"


@pytest.mark.thorough
async def test_busy_workers_do_not_hold_up_the_end(
    wire: WireDiscord, data: Path, gallery_rows: list[EnrolledEncoding]
) -> None:
    slow = "slow.jpg", jpeg_of_scans(2400, 2400, 200)
    async with running_process(wire, data, gallery_rows) as (process, channel, fan):
        workers = psutil.Process(process.pid).children(recursive=True)
        await wire.message(channel, fan, "who?", attachments=[slow] * 10, mentions=[wire.bot])
        await until(lambda: any(worker.cpu_percent(0.2) > 50 for worker in workers))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        await wire.until(lambda: wire.messages(channel), "a sentence to the person", timeout=LONG_ENOUGH)
        told = time.monotonic() - began
        _, errors = await asyncio.wait_for(process.communicate(), LONG_ENOUGH)
        assert sentences(wire, channel) == [STOPPING]
        assert told < PROMISED_SECONDS
        assert process.returncode == 0
        assert b"Traceback" not in errors
        _, alive = await asyncio.to_thread(psutil.wait_procs, workers, LONG_ENOUGH)
        assert not alive, "the workers end with the bot"
