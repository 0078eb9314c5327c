"""Searches the web for photos of members; each photo found waits in the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.usecases.roster import gather
from cogs.common.long_commands import ProgressResponse
from cogs.common.responses import defer_in_server
from cogs.roster.gathering.cards import gathering_card

if TYPE_CHECKING:
    import discord

    from bot.client import Nugu
    from bot.domain.gathering import GatherProgress
    from cogs.common.layout import CardAndFiles


async def gather_photos(interaction: discord.Interaction[Nugu], group: str, member: str | None, wanted: int) -> None:
    """Answer a command that gathers until each member has `wanted` photos, as far as the searches have them."""
    app, server_id = interaction.client.app, await defer_in_server(interaction)
    sought = await gather.members_lacking_photos(app, server_id, group, member, wanted)
    progress = ProgressResponse(interaction)

    async def on_progress(gathering: GatherProgress) -> None:
        await progress.show(gathering_card(gathering))

    async def work() -> CardAndFiles:
        gathering = await gather.gather(app, server_id, sought, by=interaction.user.id, progress=on_progress)
        return gathering_card(gathering), []

    await progress.run(work())
