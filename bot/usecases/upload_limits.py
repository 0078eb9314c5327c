"""The size limit of files on Discord: its published numbers, and the sizes that it refused.

Discord states a limit with each interaction. For other messages only published numbers exist, and some places have refused
smaller files.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.clock import utc_now
from bot.database.servers import ServerRepository
from bot.text.formatting import MEBIBYTE

if TYPE_CHECKING:
    from bot.app import App

USUAL = 20 * MEBIBYTE
"""Bytes of a file that Discord takes anywhere: docs.discord.com, API reference, Uploading Files (since 3 September 2026)."""

BEFORE = 10 * MEBIBYTE
"""The limit before that, which still holds in some places (discord-api-docs #8572)."""

LONG_BEFORE = 8 * MEBIBYTE
"""The oldest limit, from the first bots on (discord-api-docs #4222)."""

SMALLER = 0.7
"""The share of a refused size that is tried next, below all other limits."""

REMEMBERED = timedelta(days=7)
"""The time for which a refusal is remembered; boosts and Discord change the limits."""


async def upload_limit(app: App, server_id: int, boosted: int) -> int:
    """The size of the largest file to try in a server, in bytes. `boosted`: the server's limit by the library."""
    async with app.database.reading() as session:
        refused = await ServerRepository(session).refused_upload(server_id, since=utc_now() - REMEMBERED)
    largest = max(USUAL, boosted)
    return largest if refused is None or largest < refused else _below(refused, boosted)


async def limit_after_refusal(app: App, server_id: int | None, size: int, boosted: int) -> int:
    """The size to try after a refusal, in bytes. `size`: the refused one. `server_id`: where it is remembered, or None."""
    if server_id is not None:
        async with app.database.writing() as session:
            await ServerRepository(session).save_refused_upload(server_id, size, since=utc_now() - REMEMBERED)
    return _below(size, boosted)


def _below(size: int, boosted: int) -> int:
    """The largest known limit below a refused size."""
    held = sorted({boosted, BEFORE, LONG_BEFORE}, reverse=True)
    return next((number for number in held if number < size), round(size * SMALLER))
