"""`nugu run`: the bot on Discord, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING

import discord

from bot.app import App
from bot.client import Nugu
from bot.errors import PersonError

if TYPE_CHECKING:
    from bot.settings import Settings


async def run_bot(settings: Settings, token: str) -> None:
    """Serve until SIGINT or SIGTERM; raises PersonError when Discord refuses the token or the intents."""
    discord.utils.setup_logging(level=logging.getLevelNamesMapping()[settings.log_level], root=True)
    serving = asyncio.current_task()
    assert serving is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    async with App.open(settings) as app, Nugu(app) as client:
        try:
            await client.start(token)
        except discord.LoginFailure:
            raise PersonError("Discord refuses this DISCORD_TOKEN; make a new one under Bot > Reset Token.") from None
        except discord.PrivilegedIntentsRequired:
            raise PersonError(
                "NUGU_MESSAGE_CONTENT needs the message-content intent: switch it on under Bot in the developer portal."
            ) from None
        except asyncio.CancelledError:
            return
