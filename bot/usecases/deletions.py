"""Deleted messages: what they showed is forgotten, and who is still at work on them learns of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.usecases import crops
from bot.usecases.clips import request

if TYPE_CHECKING:
    from bot.app import App
    from bot.domain.deletions import MessageScope


async def forget(app: App, gone: MessageScope) -> None:
    """Forget the pictures and videos of messages that were deleted, or whose question or answer was."""
    app.deletions.add(gone)
    await crops.forget_deleted(app, gone)
    await request.forget_deleted(app, gone)
