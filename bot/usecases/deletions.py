"""Deleted messages: their faces and videos are forgotten, also those of work that still goes on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bot.usecases.clips import request
from bot.usecases.questions import crops

if TYPE_CHECKING:
    from bot.app import App
    from bot.domain.deletions import MessageScope


async def forget(app: App, gone: MessageScope) -> None:
    """Forget the pictures and videos of deleted messages, and of questions or answers that were deleted.

    It is done later where the storage has a fault now.
    """
    app.deletions.add(gone)
    await app.postponed_work.attempt(partial(_forget, app, gone))


async def _forget(app: App, gone: MessageScope) -> None:
    await crops.forget_deleted(app, gone)
    await request.forget_deleted(app, gone)
