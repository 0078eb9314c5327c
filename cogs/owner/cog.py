"""Tells the bot's owners in private about faults that only they can mend, and gives them advice."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from discord.ext import commands

from bot.client import UNREACHABLE
from cogs.common.markup import render_for_discord

if TYPE_CHECKING:
    from bot.client import Nugu
    from bot.domain.messages import Message

log = logging.getLogger(__name__)


class OwnerCog(commands.Cog):
    """Sends each owner a private message for each notice and each piece of advice."""

    def __init__(self, client: Nugu) -> None:
        self.client = client
        self._telling: set[asyncio.Task[None]] = set()

    async def cog_load(self) -> None:
        for outbox in (self.client.app.faults.notices, self.client.app.advice):
            outbox.listen(self._tell_later)

    async def cog_unload(self) -> None:
        for outbox in (self.client.app.faults.notices, self.client.app.advice):
            outbox.listen(None)

    def _tell_later(self, notice: Message) -> None:
        task = asyncio.create_task(self._tell(notice))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, notice: Message) -> None:
        await self.client.wait_until_ready()
        assert self.client.user is not None
        for owner_id in sorted({*(self.client.owner_ids or ())} - {self.client.user.id}):
            try:
                owner = await self.client.fetch_user(owner_id)
                await owner.send(render_for_discord(notice))
            except UNREACHABLE as failure:
                log.warning("could not tell owner %s: %s", owner_id, failure)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    await client.add_cog(OwnerCog(client))
