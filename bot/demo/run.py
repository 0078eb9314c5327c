"""`nugu demo`: the real bot in a browser, on SimCord's simulated Discord. No token, no account."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from typing import TYPE_CHECKING

import discord
import simcord
from pydantic import SecretStr

from bot.app import App
from bot.client import Nugu
from bot.demo.opening import prepare, show
from bot.demo.page import WallClock, live_page
from bot.errors import PersonError
from bot.infra.redaction import redact_logs
from bot.usecases.retention import forget_periodically

if TYPE_CHECKING:
    from pathlib import Path

    from bot.settings import Settings

DEMO_SERVER = 900_000_000_000_000_001
"""A fixed server id, so that enrolled people are there again at the next start."""

PORTS = range(8250, 8270)
"""Ports of the page; it takes the first free one."""


async def run_demo(settings: Settings, faces: Path | None, port: int | None) -> None:
    """Enrol `faces` (GROUP/MEMBER/*), and serve the page until Ctrl-C.

    `port`: 0 takes any free port, None the first free one of `PORTS`. Raises PersonError when `port` is in use.
    """
    logging.basicConfig(level=logging.WARNING)
    redact_logs()
    port = free_port(port)
    async with App.open(demo_settings(settings), serves=True) as app, forget_periodically(app):
        print("Starting the workers…", flush=True)
        opening = await prepare(app, DEMO_SERVER, faces)
        await app.warm_up()
        bot = Nugu(app, always_sync=True, shard_count=1)
        async with simcord.run(bot, check_errors=False, settle_timeout=settings.deadline * 2) as env:
            env.backend.clock = WallClock()
            guild = env.create_guild("nugu demo", id=DEMO_SERVER)
            channel = guild.create_text_channel("who-is-this")
            moderators = guild.create_role("moderator", permissions=discord.Permissions(manage_guild=True))
            moderator = guild.add_member(env.create_user("moderator"), roles=[moderators])
            fan = guild.add_member(env.create_user("fan"))
            assert bot.user is not None
            await bot.user.edit(username="nugu")
            await show(opening, channel, fan, bot)
            async with (
                env.preview(channel, viewers=[moderator, fan], layout="channel", port=port or None) as preview,
                live_page(env, bot, preview),
            ):
                stopped = asyncio.Event()
                for number in (signal.SIGINT, signal.SIGTERM):
                    asyncio.get_running_loop().add_signal_handler(number, stopped.set)
                print(f"Open {preview.url}\nCtrl-C ends the demo.", flush=True)
                await stopped.wait()


def demo_settings(settings: Settings) -> Settings:
    """The settings of a demo, with a data folder of its own beside the bot's."""
    data = settings.data.with_name(f"{settings.data.name}-demo")
    return settings.model_copy(update={"data": data, "database_url": SecretStr(""), "storage_url": SecretStr("")})


def free_port(wanted: int | None) -> int:
    """`wanted`, or else the first free one of `PORTS`, or 0 without one. Raises PersonError when `wanted` is in use."""
    for port in PORTS if wanted is None else [wanted]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    if wanted is not None:
        raise PersonError(
            "Port {wanted} can't be had here. Without --port the demo takes the next free one.", wanted=wanted
        )
    return 0
