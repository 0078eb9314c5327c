"""Responses: "thinking" at first, then a card in its place, or a new message where Discord refuses that edit."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import discord

from cogs.common.places import require_server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import Nugu
    from cogs.common.layout import Card

BAD_REQUEST, TOO_LARGE, TOO_MANY_REQUESTS, SERVER_ERROR = 400, 413, 429, 500
REQUEST_TOO_LARGE = 40005


async def defer_in_server(interaction: discord.Interaction[Nugu], *, ephemeral: bool = True) -> int:
    """Show "thinking" within Discord's three seconds; the id of the server. `ephemeral`: to the user alone."""
    await interaction.response.defer(ephemeral=ephemeral, thinking=True)
    return require_server(interaction)


async def think(interaction: discord.Interaction[Nugu]) -> int:
    """Show "thinking" to everybody within Discord's three seconds; the id of the message, whose place the answer takes."""
    deferred = await interaction.response.defer(thinking=True)
    message_id = deferred.message_id if deferred is not None else None
    return (await interaction.original_response()).id if message_id is None else message_id


async def show(
    interaction: discord.Interaction[Nugu], view: Card, files: Sequence[discord.File] = (), *, ephemeral: bool = True
) -> discord.Message:
    """Put the card in place of "thinking", or of the message with the pressed button; the message that shows it.

    Discord has refused edits with new pictures in a gallery (discord-api-docs #7529). A second message takes the place of
    the first then. `ephemeral`: for the user alone.
    """
    thinking = interaction.response.type is discord.InteractionResponseType.deferred_channel_message
    try:
        if thinking:
            return await interaction.followup.send(view=view, files=files, ephemeral=ephemeral, wait=True)
        return await interaction.edit_original_response(view=view, attachments=files)
    except discord.HTTPException as refused:
        if refused.status != BAD_REQUEST or not files:
            raise
    if thinking:
        # To Discord the first message after "thinking" is an edit too.
        await interaction.edit_original_response(content="…")
    for file in files:
        file.reset()
    shown = await interaction.followup.send(view=view, files=files, ephemeral=ephemeral, wait=True)
    # Somebody deleted it; or the connection broke after the request had arrived, and aiohttp sent it again.
    with contextlib.suppress(discord.NotFound):
        await interaction.delete_original_response()
    return shown


def is_passing(refused: discord.HTTPException) -> bool:
    """Whether Discord gave no answer now, and may give one later: it limits requests, or it is out of order."""
    return refused.status == TOO_MANY_REQUESTS or refused.status >= SERVER_ERROR


def is_too_large(refused: discord.HTTPException) -> bool:
    """Whether Discord refused a file for its size."""
    return (
        refused.status == TOO_LARGE
        or refused.code == REQUEST_TOO_LARGE
        or (refused.status == BAD_REQUEST and "entity too large" in refused.text.lower())
    )
