"""Forgets old faces without labels, at the start and every hour while the bot runs."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.database.tables.base import utc_now
from bot.usecases.clips import request
from bot.usecases.questions import crops

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.app import App

log = logging.getLogger(__name__)

HOUR = 3600.0
UNNAMED = timedelta(hours=1)
"""The minimum age of a crop without a row that a killed bot left behind. No question takes so long."""


@asynccontextmanager
async def forgetting(app: App, *, every: float = HOUR) -> AsyncGenerator[None]:
    """While this context lasts, forget what is due at each interval. After an error, the next interval tries again."""
    task = asyncio.create_task(_forget_again_and_again(app, every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def forget_due(app: App) -> None:
    """Forget the faces whose time is over, crops that were left behind, and old videos."""
    await crops.forget_older(app, utc_now() - timedelta(days=app.settings.forget_days))
    await crops.sweep_files(app, utc_now() - UNNAMED)
    await request.sweep(app)


async def _forget_again_and_again(app: App, every: float) -> None:
    while True:
        try:
            await forget_due(app)
        except Exception:
            log.exception("what is due was not forgotten; I try again in %.0f s", every)
        await asyncio.sleep(every)
