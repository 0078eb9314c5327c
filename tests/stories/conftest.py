"""Fixtures of the stories: the real bot on a simulated Discord, with real workers and a real database."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path

import discord
import pytest
from simcord import ChannelHandle, Env, GuildHandle, MemberActor

from bot.app import App
from bot.client import Nugu
from tests.conftest import LONG_ENOUGH
from tests.support.loop_time import LONGEST_PAUSE, pauses
from tests.support.portraits import astronauts_head, small_photo
from tests.support.watch import RequestRecorder, watch


@dataclass
class Stage:
    """A server with a moderator and two fans, and the bot in it."""

    env: Env
    app: App
    guild: GuildHandle
    channel: ChannelHandle
    moderator: MemberActor
    fan: MemberActor
    other: MemberActor
    photos: Path
    recorder: RequestRecorder

    @property
    def bot(self) -> Nugu:
        assert isinstance(self.env.bot, Nugu)
        return self.env.bot

    @property
    def mention(self) -> str:
        assert self.bot.user is not None
        return f"<@{self.bot.user.id}>"

    def photo(self, name: str) -> tuple[str, bytes]:
        """A public photo by its name, small enough for a quick story."""
        return name, small_photo(self.photos / name)

    def spoiler(self, name: str) -> tuple[str, bytes]:
        """A public photo with the name that Discord gives to a spoiler."""
        return f"SPOILER_{name}", small_photo(self.photos / name)

    async def enrol_presidents(self) -> None:
        """Enrol one photo each of two members by the moderators' commands."""
        await self.moderator.slash(self.channel, "group add", name="Presidents")
        for name, photo in (("Obama", "obama.jpg"), ("Biden", "biden.jpg")):
            await self.moderator.slash(
                self.channel, "member add", group="Presidents", name=name, photo=self.photo(photo)
            )

    async def restart(self) -> None:
        """Stop the bot, and start a new client on the same data."""
        await self.env.restart_bot(Nugu(self.app, always_sync=True, shard_count=1))


@pytest.fixture(autouse=True)
def unpaused() -> Generator[None]:
    """No callback of the bot keeps the event loop from other people for longer than `LONGEST_PAUSE`."""
    with pauses(LONGEST_PAUSE) as found:
        yield
    assert found.slow == []


@pytest.fixture
def recorder() -> Generator[RequestRecorder]:
    """Checks every body that the bot sends against Discord's schema."""
    with watch() as recorder:
        yield recorder


@pytest.fixture
async def env(app: App, recorder: RequestRecorder) -> AsyncGenerator[Env]:
    """A simulated Discord with the real bot logged in."""
    env = Env(Nugu(app, always_sync=True, shard_count=1), settle_timeout=LONG_ENOUGH, check_errors=False)
    await env.start()
    yield env
    await env.shutdown()


@pytest.fixture
async def stage(
    app: App, env: Env, recorder: RequestRecorder, public_photos: Path, caplog: pytest.LogCaptureFixture
) -> AsyncGenerator[Stage]:
    """The stage. At the end it checks that nothing failed and every sent body was valid."""
    guild = env.create_guild("fans")
    moderators = guild.create_role("moderators", permissions=discord.Permissions(manage_guild=True))
    with caplog.at_level(logging.ERROR, "bot"):
        yield Stage(
            env=env,
            app=app,
            guild=guild,
            channel=guild.create_text_channel("who"),
            moderator=guild.add_member(env.create_user("mina"), roles=[moderators]),
            fan=guild.add_member(env.create_user("fan")),
            other=guild.add_member(env.create_user("other")),
            photos=public_photos,
            recorder=recorder,
        )
    assert env.errors == []  # a refusal is no failure
    assert not [record for record in caplog.get_records("call") if "reference" in record.getMessage()], caplog.text
    assert recorder.checked > 0
    assert recorder.failures == []


@pytest.fixture
def adults(stage: Stage) -> ChannelHandle:
    """An age-restricted channel."""
    handle = stage.guild.create_text_channel("adults")
    channel = stage.bot.get_channel(handle.id)
    assert isinstance(channel, discord.TextChannel)
    channel.nsfw = True
    return handle


@pytest.fixture
async def americans(stage: Stage) -> Stage:
    """The group Americans: Obama with three photos, Biden and Collins with one each."""
    await stage.moderator.slash(stage.channel, "group add", name="Americans")
    for name, photos in (("Obama", ["obama", "obama2", "obama3"]), ("Biden", ["biden"])):
        more = {f"photo{number}": stage.photo(f"{photo}.jpg") for number, photo in enumerate(photos[1:], 2)}
        first = stage.photo(f"{photos[0]}.jpg")
        await stage.moderator.slash(stage.channel, "member add", group="Americans", name=name, photo=first, **more)
    await stage.moderator.slash(
        stage.channel,
        "member add",
        group="Americans",
        name="Collins",
        photo=("collins.png", astronauts_head(stage.photos)),
    )
    return stage
