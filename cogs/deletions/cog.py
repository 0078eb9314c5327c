"""Listens for deleted messages, threads and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.ext import commands

from bot.domain.deletions import MessageScope
from bot.usecases import deletions

if TYPE_CHECKING:
    import discord

    from bot.client import Nugu


class DeletionsCog(commands.Cog):
    """Forgets the questions of deleted messages and channels."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @commands.Cog.listener()
    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """One message."""
        await self._forget(MessageScope(messages=frozenset({event.message_id})))

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Many messages at once."""
        await self._forget(MessageScope(messages=frozenset(event.message_ids)))

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        """A thread: Discord sends no event for its messages."""
        await self._forget(MessageScope(channels=frozenset({event.thread_id})))

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel, and its threads: discord.py sends no event for archived ones."""
        await self._forget(MessageScope(channels=frozenset({channel.id})))

    async def _forget(self, gone: MessageScope) -> None:
        """Forget, even while the bot stops."""
        self.client.running_tasks.add()
        await deletions.forget(self.client.app, gone)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    await client.add_cog(DeletionsCog(client))
