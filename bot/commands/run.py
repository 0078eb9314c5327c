"""`nugu run`: the bot on Discord, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.app import App
from bot.client import Nugu
from bot.errors import PersonError
from bot.forgetting import forgetting

if TYPE_CHECKING:
    from bot.settings import Settings


async def run_bot(settings: Settings, token: str) -> None:
    """Serve until SIGINT or SIGTERM; raises PersonError when Discord can't be reached, or refuses token or intents."""
    discord.utils.setup_logging(level=logging.getLevelNamesMapping()[settings.log_level], root=True)
    # Workers inherit the environment, and strangers' bytes are decoded there.
    os.environ.pop("DISCORD_TOKEN", None)
    serving = asyncio.create_task(_serve(settings, token))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        return


async def _serve(settings: Settings, token: str) -> None:
    async with App.open(settings, trains=True) as app, forgetting(app), Nugu(app) as client:
        try:
            await client.start(token)
        except discord.LoginFailure:
            raise PersonError("Discord refuses this DISCORD_TOKEN; make a new one under Bot > Reset Token.") from None
        except discord.PrivilegedIntentsRequired:
            raise PersonError(
                "NUGU_MESSAGE_CONTENT needs the message-content intent: switch it on under Bot in the developer portal."
            ) from None
        except aiohttp.ClientConnectionError as error:
            raise PersonError(f"Discord can't be reached: {error}.") from None
