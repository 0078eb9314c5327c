"""Forgets old faces without labels, at the start and every hour while the bot runs."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.errors import log_failure
from bot.usecases.clips import room
from bot.usecases.questions import crops

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.app import App

log = logging.getLogger(__name__)

HOUR = 3600.0
UNNAMED = timedelta(hours=1)
"""The minimum age of a crop without a row that a killed bot left behind. No question takes so long."""


@asynccontextmanager
async def forget_periodically(app: App, *, every: float = HOUR) -> AsyncGenerator[None]:
    """While this context lasts, forget due data at each interval. Failed steps are tried again at the next."""
    task = asyncio.create_task(_forget_again_and_again(app, every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def forget_due(app: App) -> None:
    """Forget the faces whose time is over, crops that were left behind, and old videos; do postponed work.

    A step that fails gets a line in the log, and the others are done.
    """
    now = app.age_clock.now()
    steps = (
        partial(room.sweep, app),
        app.postponed_work.retry,
        partial(crops.forget_older, app, now - timedelta(days=app.settings.forget_days)),
        partial(crops.sweep_files, app, now - UNNAMED),
    )
    for step in steps:
        try:
            await step()
        except Exception as error:  # noqa: BLE001  # the other steps go on
            log_failure("what is due was not forgotten", error=error, logger=log)


async def _forget_again_and_again(app: App, every: float) -> None:
    while True:
        await forget_due(app)
        await asyncio.sleep(every)
