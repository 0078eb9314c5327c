"""A request whose connection breaks is sent once more, with its files, and nothing is posted twice."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import discord
import pytest

from bot.app import App
from bot.client import Nugu
from tests.support.wire import WireDiscord
from tests.support.wire_rest import CUT
from tests.support.wire_world import Channel, User

BREAKS = pytest.mark.parametrize(
    ("served", "silently"),
    [
        pytest.param(False, False, id="reset"),
        pytest.param(False, True, id="closed"),
        pytest.param(True, False, id="reset-after-it-arrived"),
        pytest.param(True, True, id="closed-after-it-arrived"),
    ],
)


@pytest.fixture
async def bot(app: App, wire: WireDiscord) -> AsyncGenerator[Nugu]:
    """The client; the kit logs it in."""
    bot = Nugu(app, shard_count=1, guild_ready_timeout=0.1)
    yield bot
    assert bot.is_closed()


@pytest.fixture
def place(wire: WireDiscord) -> tuple[Channel, User]:
    """A channel, and a moderator in it."""
    guild = wire.add_guild()
    return wire.add_channel(guild), wire.add_user("mina", guild, moderator=True)


@asynccontextmanager
async def line(wire: WireDiscord, bot: Nugu) -> AsyncGenerator[None]:
    """Log the bot in, and leave it with an open connection from an earlier request. The first one is the gateway's."""
    async with wire.running(bot):
        await bot.application_info()
        yield


def tries(wire: WireDiscord, method: str, pattern: str) -> list[int]:
    """The outcome of each request to the endpoint."""
    return [request.status for request in wire.requests if request.fits(method, pattern)]


@BREAKS
@pytest.mark.parametrize("pattern", ["/interactions/*/*/callback", "/webhooks/*/*"])
async def test_a_command_is_answered_once(
    wire: WireDiscord, bot: Nugu, place: tuple[Channel, User], pattern: str, served: bool, silently: bool
) -> None:
    channel, moderator = place
    async with line(wire, bot):
        wire.reset_next("POST", pattern, served=served, silently=silently)
        await wire.slash(channel, moderator, "group add", name="ITZY")
        if served and pattern == "/webhooks/*/*":
            await wire.wait_for("GET", "/webhooks/*/*/messages/@original")
        else:
            await wire.wait_for("POST", "/webhooks/*/*")
    (added,) = wire.messages(channel)
    assert "**ITZY**" in added["content"]
    assert CUT in tries(wire, "POST", pattern)


@BREAKS
async def test_an_answer_at_once_is_given_once(
    wire: WireDiscord, bot: Nugu, place: tuple[Channel, User], served: bool, silently: bool
) -> None:
    channel, moderator = place
    async with line(wire, bot):
        wire.reset_next("POST", "/interactions/*/*/callback", served=served, silently=silently)
        await wire.slash(channel, moderator, "help")
        if served:
            await wire.wait_for("GET", "/webhooks/*/*/messages/@original")
        else:
            await wire.wait_for("POST", "/interactions/*/*/callback")
    (posted,) = wire.messages(channel)
    assert "nugu · 누구?" in str(posted), "and not that something broke"
    assert tries(wire, "POST", "/interactions/*/*/callback") == [CUT, 400 if served else 200]
    assert tries(wire, "POST", "/webhooks/*/*") == []


@BREAKS
async def test_a_reply_is_posted_once(wire: WireDiscord, bot: Nugu, served: bool, silently: bool) -> None:
    channel, fan = wire.add_channel(None), wire.add_user("fan")
    async with line(wire, bot):
        wire.reset_next("POST", "/channels/*/messages", served=served, silently=silently)
        await wire.message(channel, fan, "hello")
        await wire.wait_for("POST", "/channels/*/messages")
    (reply,) = wire.messages(channel)
    assert "I see no picture" in reply["content"]
    assert tries(wire, "POST", "/channels/*/messages") == [CUT, 200]


@BREAKS
@pytest.mark.parametrize("size", [10, 4_000_000])
async def test_a_file_is_sent_whole_the_second_time(
    wire: WireDiscord, bot: Nugu, size: int, served: bool, silently: bool
) -> None:
    channel = wire.add_channel(None)
    data = bytes(range(256)) * (size // 256) + b"the end"
    async with line(wire, bot):
        there = bot.get_partial_messageable(channel.id)
        wire.reset_next("POST", "/channels/*/messages", served=served, silently=silently)
        sent = await there.send("clip", file=discord.File(io.BytesIO(data), "clip.mp4"))
        wire.reset_next("PATCH", "/channels/*/messages/*", served=served, silently=silently)
        await sent.edit(attachments=[discord.File(io.BytesIO(data), "again.mp4")])
        posted = await wire.wait_for("POST", "/channels/*/messages")
        edited = await wire.wait_for("PATCH", "/channels/*/messages/*")
    assert posted.files["files[0]"].data == data
    assert edited.files["files[0]"].data == data
    (message,) = wire.messages(channel)
    assert [item["filename"] for item in message["attachments"]] == ["again.mp4"]


async def test_a_request_that_breaks_twice_is_given_up(wire: WireDiscord, bot: Nugu) -> None:
    channel = wire.add_channel(None)
    async with line(wire, bot):
        # Two requests at once leave two open connections.
        await asyncio.gather(bot.application_info(), bot.application_info())
        for _ in range(2):
            wire.reset_next("POST", "/channels/*/typing")
        with pytest.raises(aiohttp.ClientOSError):
            await bot.get_partial_messageable(channel.id).typing()
    assert tries(wire, "POST", "/channels/*/typing") == [CUT, CUT]
