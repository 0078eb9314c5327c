"""`nugu run`: the bot on Discord, until a signal stops it."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.app import App
from bot.client import Nugu
from bot.errors import PersonError
from bot.infra import private_files
from bot.infra.redaction import redact_logs, register_secrets
from bot.usecases import engines
from bot.usecases.retention import forget_periodically

if TYPE_CHECKING:
    from bot.settings import Settings

log = logging.getLogger(__name__)

REFUSED_TOKEN = "Discord refuses this DISCORD_TOKEN; make a new one under Bot > Reset Token."
AUTHENTICATION_FAILED = 4004
"""The gateway closes with it when the token is no longer valid."""

TEMPORARY = frozenset({429, *range(500, 600)})
"""HTTP statuses of an outage, which passes."""

STOPPING = (signal.SIGTERM, signal.SIGINT)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two attempts to start. Each pause is twice as long as the last."""


async def run_bot(settings: Settings, token: str) -> None:
    """Serve until SIGINT or SIGTERM, then finish or explain running tasks. A second signal ends the process at once.

    An outage of Discord only delays the start.

    Raises PersonError when Discord refuses the token or an intent, or can't be reached.
    """
    discord.utils.setup_logging(level=logging.getLevelNamesMapping()[settings.log_level], root=True)
    register_secrets([token])
    redact_logs()
    if settings.data.exists() and settings.data.stat().st_mode & private_files.OTHERS:
        log.warning("other users of this machine may use %s: nugu doctor --fix", settings.data.absolute())
    serving = asyncio.create_task(_serve(settings, token))
    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, _stop, serving)
    try:
        await serving
    except asyncio.CancelledError:
        return


def _stop(serving: asyncio.Task[None]) -> None:
    """Let the bot end. The next signal kills the process, even where the event loop hangs."""
    for number in STOPPING:
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)
    log.info("stopping; a second signal ends me at once")
    serving.cancel()


async def _serve(settings: Settings, token: str) -> None:
    async with App.open(settings, serves=True) as app, forget_periodically(app):
        await app.database.check_writable()
        await engines.advise_operator(app)
        pause = FIRST_PAUSE
        while not await _served(app, token):
            log.warning("trying again in %.0f seconds", pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _served(app: App, token: str) -> bool:
    """Serve until the client is closed; False for an outage of Discord."""
    async with Nugu(app) as client:
        try:
            await client.start(token)
        except asyncio.CancelledError:
            await client.finish()
            raise
        except discord.LoginFailure:
            raise PersonError(REFUSED_TOKEN) from None
        except discord.PrivilegedIntentsRequired:
            raise PersonError(
                "NUGU_MESSAGE_CONTENT needs the message-content intent: switch it on under Bot in the developer portal."
            ) from None
        except discord.ConnectionClosed as closed:
            if closed.code != AUTHENTICATION_FAILED:
                raise
            raise PersonError(REFUSED_TOKEN) from None
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            raise PersonError("Discord can't be reached: {error}.", error=str(error) or "it does not answer") from None
        except (discord.HTTPException, discord.RateLimited, discord.GatewayNotFound) as outage:
            if isinstance(outage, discord.HTTPException) and outage.status not in TEMPORARY:
                raise
            log.warning("Discord has an outage: %s", outage)
            return False
    return True
