"""Troubles of a start and of a running bot: refused commands, an event that can't be parsed, a reset token."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import discord
import pytest

from bot.app import App
from bot.client import Nugu
from tests.conftest import LONG_ENOUGH, ROOT
from tests.support.wire import TOKEN, WireDiscord


@pytest.fixture
async def bot(app: App, wire: WireDiscord) -> AsyncGenerator[Nugu]:
    """The client; the kit logs it in."""
    bot = Nugu(app, shard_count=1, guild_ready_timeout=0.1)
    yield bot
    assert bot.is_closed()


async def test_a_refused_sync_is_logged_and_the_bot_serves(
    app: App, wire: WireDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    channel, fan = wire.add_channel(None), wire.add_user("fan")
    wire.refuse_sync()
    async with wire.running(Nugu(app, shard_count=1, guild_ready_timeout=0.1)):
        await wire.message(channel, fan, "hello")
        answer = await wire.wait_for("POST", "/channels/*/messages")
    assert "I see no picture" in answer.json["content"]
    assert "did not take the commands" in caplog.text
    assert "Must be between 1 and 100 in length" in caplog.text

    # Discord refused them, so the next start tries again.
    async with wire.running(Nugu(app, shard_count=1, guild_ready_timeout=0.1)):
        await wire.wait_for("PUT", "/applications/*/commands")


async def test_a_rate_limited_sync_does_not_delay_the_start(wire: WireDiscord, bot: Nugu) -> None:
    channel, fan = wire.add_channel(None), wire.add_user("fan")
    wire.fail_next("PUT", "/applications/*/commands", status=429, retry_after=3600)
    async with wire.running(bot):
        await wire.message(channel, fan, "hello")
        await wire.wait_for("POST", "/channels/*/messages")


@pytest.mark.parametrize("event", ["MESSAGE_CREATE", "MESSAGE_DELETE", "INTERACTION_CREATE", "GUILD_CREATE"])
async def test_an_event_that_cannot_be_parsed_is_skipped(
    wire: WireDiscord, bot: Nugu, caplog: pytest.LogCaptureFixture, event: str
) -> None:
    channel, fan = wire.add_channel(None), wire.add_user("fan")
    async with wire.running(bot):
        await wire.malformed_event(event)
        await wire.message(channel, fan, "hello")
        await wire.wait_for("POST", "/channels/*/messages")
    assert wire.identifies == 1, "the same session goes on"
    assert f"left out a {event} that can't be parsed" in caplog.text


async def running(wire: WireDiscord, data: Path, **environment: str) -> asyncio.subprocess.Process:
    """`nugu run` in a process of its own."""
    command = (sys.executable, "-m", "tests.support.wire_child", str(wire.port), "--", "run")
    given = {**os.environ, "DISCORD_TOKEN": TOKEN, "NUGU_DATA": str(data), "NUGU_WORKERS": "1", **environment}
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=given, stderr=asyncio.subprocess.PIPE)


async def test_an_intent_that_is_switched_off_ends_the_start_with_a_sentence(wire: WireDiscord, tmp_path: Path) -> None:
    wire.switch_off(discord.Intents.message_content.flag)
    process = await running(wire, tmp_path, NUGU_MESSAGE_CONTENT="true")
    try:
        _, errors = await asyncio.wait_for(process.communicate(), LONG_ENOUGH)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 1
    assert errors.decode().splitlines()[-1].startswith("nugu: NUGU_MESSAGE_CONTENT needs the message-content intent")
    assert b"Traceback" not in errors, errors.decode()


@pytest.mark.thorough
async def test_the_start_waits_for_an_outage_and_a_reset_token_ends_the_bot(wire: WireDiscord, tmp_path: Path) -> None:
    for _ in range(2):
        wire.fail_next("GET", "/users/@me", status=503)
    process = await running(wire, tmp_path)
    try:
        await wire.wait_ready()
        await wire.revoke_token()
        _, errors = await asyncio.wait_for(process.communicate(), LONG_ENOUGH)
    finally:
        if process.returncode is None:
            process.kill()
    stderr = errors.decode()
    assert process.returncode == 1
    assert stderr.splitlines()[-1].startswith("nugu: Discord refuses this DISCORD_TOKEN")
    assert stderr.count("Discord has an outage: 503") == 2
    assert "Traceback" not in stderr


async def test_the_workers_are_warm_once_the_bot_is_ready(
    app: App, wire: WireDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmed: list[App] = []

    async def warm_up(app: App) -> None:
        warmed.append(app)

    monkeypatch.setattr(App, "warm_up", warm_up)
    bot = Nugu(app, shard_count=1, guild_ready_timeout=0.1)
    async with wire.running(bot):
        await wire.until(lambda: warmed, "the warm-up")
        assert bot.is_ready()
    assert warmed == [app]
