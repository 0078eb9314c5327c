"""How large a file Discord takes where no interaction says so: its own numbers, and what it refused.

Discord states a number with each interaction. For the bot's own messages there are only those that it publishes, and some
places have refused less than these.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.database.base import utc_now
from bot.database.servers import ServerRepository
from bot.text.formatting import MEBIBYTE

if TYPE_CHECKING:
    from bot.app import App

USUAL = 20 * MEBIBYTE
"""Bytes of a file that Discord takes anywhere: docs.discord.com, API reference, Uploading Files (since 3 September 2026)."""

BEFORE = 10 * MEBIBYTE
"""What it took until then, and went on to take in some places for a while (discord-api-docs #8572)."""

LONG_BEFORE = 8 * MEBIBYTE
"""What it has taken for as long as there are bots (discord-api-docs #4222)."""

SMALLER = 0.7
"""What is tried after a refusal of less than that, of what was refused."""

REMEMBERED = timedelta(days=7)
"""For so long the usual number isn't tried again where it was refused; boosts change it, and so does Discord."""


async def most_bytes(app: App, server_id: int, boosted: int) -> int:
    """The largest file to try in a server. `boosted`: what its boosts give it, as the library says."""
    async with app.database.reading() as session:
        refused = await ServerRepository(session).refused_upload(server_id, since=utc_now() - REMEMBERED)
    largest = max(USUAL, boosted)
    return largest if refused is None or largest < refused else _below(refused, boosted)


async def refused(app: App, server_id: int | None, size: int, boosted: int) -> int:
    """What to try after a file of `size` bytes was refused. `server_id`: where that is remembered, None for nowhere."""
    if server_id is not None:
        async with app.database.writing() as session:
            await ServerRepository(session).refuse_upload(server_id, size, since=utc_now() - REMEMBERED)
    return _below(size, boosted)


def _below(size: int, boosted: int) -> int:
    """The largest number that has held for long and is below a size that was refused."""
    held = sorted({boosted, BEFORE, LONG_BEFORE}, reverse=True)
    return next((number for number in held if number < size), round(size * SMALLER))
