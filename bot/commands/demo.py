"""`nugu demo`: the real bot in a browser, on SimCord's simulated Discord. No token, no account, no network."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import discord
import simcord

from bot import jobs
from bot.app import App
from bot.client import Nugu
from bot.commands.folders import enrol_into
from bot.forgetting import forgetting
from bot.usecases.roster import list_groups

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from bot.settings import Settings

DEMO_SERVER = 900_000_000_000_000_001
"""A fixed server id, so that what was enrolled in the page is there again the next time."""

EMPTY = "1. `/group add`, then `/member add`: a group, and a photo or more of each member."
FILLED = "1. I know {groups} already; `/group add` and `/member add` teach me more."
WELCOME = (
    "**Welcome!** This is the real nugu on a Discord that lives in this page.\n"
    "{first}\n"
    "2. `/who` with a picture: who is this?\n"
    "3. `/clip` with a video: who is on screen when?\n"
    "4. `/help` tells what else there is.\n"
    "\nYou are *moderator*; switch to *fan* to see what everybody else may do."
)


async def run_demo(settings: Settings, faces: Path | None, port: int) -> None:
    """Serve the page until Ctrl-C; `faces` (GROUP/MEMBER/*) is enrolled first."""
    logging.basicConfig(level=logging.WARNING)
    async with App.open(settings, trains=True) as app, forgetting(app):
        if faces is not None:
            await enrol_into(app, DEMO_SERVER, faces)
        print("Starting the workers…", flush=True)
        await app.compute.run(jobs.warm_up, await app.recognisers.bench())
        groups = [group.name for group in await list_groups(app, [DEMO_SERVER])]
        first = FILLED.format(groups=", ".join(groups)[:500]) if groups else EMPTY
        bot = Nugu(app, always_sync=True, shard_count=1)
        async with simcord.run(bot, check_errors=False, settle_timeout=settings.deadline * 2) as env:
            guild = env.create_guild("nugu demo", id=DEMO_SERVER)
            channel = guild.create_text_channel("who-is-this")
            moderators = guild.create_role("moderator", permissions=discord.Permissions(manage_guild=True))
            moderator = guild.add_member(env.create_user("moderator"), roles=[moderators])
            fan = guild.add_member(env.create_user("fan"))
            assert bot.user is not None
            await bot.user.edit(username="nugu")
            discord_channel = bot.get_channel(channel.id)
            assert isinstance(discord_channel, discord.TextChannel)
            await discord_channel.send(WELCOME.format(first=first))
            async with env.preview(channel, viewers=[moderator, fan], layout="channel", port=port or None) as preview:
                stopped = asyncio.Event()
                for number in (signal.SIGINT, signal.SIGTERM):
                    asyncio.get_running_loop().add_signal_handler(number, stopped.set)
                print(f"Open {preview.url}\nCtrl-C ends the demo.", flush=True)
                async with _kept_fresh(preview, app):
                    await stopped.wait()


@asynccontextmanager
async def _kept_fresh(preview: simcord.Preview, app: App) -> AsyncGenerator[None]:
    """While clips are at work, the page is brought up to date every second: by itself it only shows what an action did."""

    async def refresh_again_and_again() -> None:
        while True:
            before = app.clips.at_work
            await asyncio.sleep(1)
            if before or app.clips.at_work:
                with suppress(simcord.SetupError):  # somebody is doing something, which brings it up to date too
                    await preview.refresh()

    refreshing = asyncio.create_task(refresh_again_and_again())
    try:
        yield
    finally:
        refreshing.cancel()
