"""/member gather: photos from image searches, into the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.usecases import gather
from cogs.common.long_commands import Progress
from cogs.roster.gather_cards import gathering_card

if TYPE_CHECKING:
    import discord

    from bot.client import Nugu
    from bot.domain.gathering import Gathering
    from cogs.common.layout import CardAndFiles


async def gather_photos(interaction: discord.Interaction[Nugu], group: str, member: str | None, wanted: int) -> None:
    """Gather until each member has `wanted` photos, as far as the searches go, and tell how it stands."""
    assert interaction.guild_id is not None
    app, server_id = interaction.client.app, interaction.guild_id
    await interaction.response.defer(ephemeral=True, thinking=True)
    sought = await gather.seek(app, server_id, group, member, wanted)
    progress = Progress(interaction)

    async def told(gathering: Gathering) -> None:
        await progress.show(gathering_card(gathering))

    async def work() -> CardAndFiles:
        gathering = await gather.gather(app, server_id, sought, by=interaction.user.id, progress=told)
        return gathering_card(gathering), []

    await progress.follow(work())
