"""Takes photos of a member, and shows the crop of each or the reason why it was not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.usecases.roster import enrolment
from cogs.common.pictures import submitted_pictures
from cogs.common.places import restricted_channel
from cogs.roster.enrolment.cards import added_card, waiting_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    import discord

    from bot.client import Nugu


async def add_member(
    interaction: discord.Interaction[Nugu],
    server_id: int,
    group: str,
    name: str,
    photos: Sequence[discord.Attachment],
) -> None:
    """Answer a deferred interaction that adds photos. A doubtful photo gets a card that asks about it."""
    client = interaction.client
    added = await enrolment.add_member(
        client.app,
        server_id,
        group,
        name,
        submitted_pictures(client, photos),
        by=interaction.user.id,
        ask_moderator=True,
        only_in=restricted_channel(interaction),
    )
    view, files = added_card(added, await enrolment.contact_sheet_of(client.app, added))
    await interaction.followup.send(view=view, files=files, ephemeral=True)
    for photo in added.outcomes:
        if photo.question is not None:
            view, files = waiting_card(photo, photo.question)
            await interaction.followup.send(view=view, files=files, ephemeral=True)
