"""Answers every error: with a sentence where the person can act on it, else with a reference number."""

from __future__ import annotations

import logging
import textwrap
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.client import UNREACHABLE
from bot.errors import PersonError, StoppingError, message_for
from cogs.common.markup import render_for_discord
from cogs.common.texts import FORBIDDEN

if TYPE_CHECKING:
    from bot.client import Nugu

log = logging.getLogger(__name__)

LONGEST = 1900
"""Characters of a sentence about an error; a message takes 2,000."""


async def setup(client: Nugu) -> None:
    """Let the client answer errors as this module does; called by discord.py."""
    client.answer_error = answer_error
    client.explain_stop = explain_stop


def sentence_for(error: BaseException) -> str:
    """The sentence for an error in Discord's markup, of at most `LONGEST` characters."""
    sentence = render_for_discord(message_for(error))
    return textwrap.shorten(sentence, LONGEST, placeholder=" …") if len(sentence) > LONGEST else sentence


async def answer_error(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the person, in private where possible, what went wrong. Never raises.

    An interaction that has expired (10062) can't be answered, so its error is only logged.
    """
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, app_commands.CheckFailure) and not isinstance(error, PersonError):
        error = PersonError(FORBIDDEN)
    try:
        sentence = sentence_for(error)
        if not interaction.response.is_done():
            await interaction.response.send_message(sentence, ephemeral=True)
            return
        thinking = interaction.response.type is discord.InteractionResponseType.deferred_channel_message
        if thinking:
            # Discord makes the first message after "thinking" as public as that was. A placeholder becomes that message;
            # the sentence follows in private.
            await interaction.edit_original_response(content="…")
        try:
            await interaction.followup.send(sentence, ephemeral=True)
        finally:
            if thinking:
                await interaction.delete_original_response()
    except UNREACHABLE as failure:
        log.warning("could not report an error: %s", failure)
    except Exception:
        log.exception("could not report an error")


async def explain_stop(interaction: discord.Interaction[Any]) -> None:
    """Tell the person, in private where possible, that the bot stops before the work is done. Never raises.

    A card that has taken the place of "thinking" stays.
    """
    try:
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            shown = await interaction.original_response()
            if not shown.flags.loading:
                await interaction.followup.send(sentence_for(StoppingError()), ephemeral=True)
                return
    except UNREACHABLE as failure:
        log.warning("could not report the stop: %s", failure)
        return
    await answer_error(interaction, StoppingError())
