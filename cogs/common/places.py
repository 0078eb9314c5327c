"""The places where commands are offered, and the server, the channel and the age restriction of an interaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import discord
from discord import app_commands

from bot.domain.places import Place
from bot.errors import PersonError
from cogs.common.texts import ONLY_IN_SERVERS

if TYPE_CHECKING:
    from bot.client import Nugu

T = TypeVar("T")


def everywhere(command: T) -> T:
    """Offer a command or a context menu in servers, in private, and where the bot is a person's own app."""
    app_commands.allowed_installs(guilds=True, users=True)(command)
    app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(command)
    return command


def in_servers(command: T) -> T:
    """Offer a command, or a whole cog of commands, in the servers that the bot belongs to, and nowhere else."""
    app_commands.guild_only()(command)
    app_commands.allowed_installs(guilds=True, users=False)(command)
    return command


def require_server(interaction: discord.Interaction[Nugu]) -> int:
    """The id of the server, for commands and buttons that are offered in servers alone. Raises PersonError elsewhere."""
    server = server_id_of(interaction)
    if server is None:
        raise PersonError(ONLY_IN_SERVERS)
    return server


def restricted_channel(interaction: discord.Interaction[Nugu]) -> int | None:
    """The id of an age-restricted channel, whose pictures stay in it; None for any other channel."""
    return channel_id_of(interaction) if is_restricted(interaction.client, interaction.channel) else None


def server_id_of(interaction: discord.Interaction[Nugu]) -> int | None:
    """The id of the interaction's server; None where a user installed the bot and the server did not."""
    return interaction.guild_id if interaction.guild_id and interaction.client.get_guild(interaction.guild_id) else None


def parent_channel_id(channel: discord.abc.MessageableChannel | discord.interactions.InteractionChannel) -> int:
    """The id of a channel, or of a thread's parent: a server's choices belong to channels."""
    return channel.parent_id if isinstance(channel, discord.Thread) else channel.id


def channel_id_of(interaction: discord.Interaction[Nugu]) -> int | None:
    """The id of an interaction's channel; see `place`."""
    return parent_channel_id(interaction.channel) if interaction.channel else interaction.channel_id


def place_of(interaction: discord.Interaction[Nugu]) -> Place:
    """The place of an interaction, for the comparison with the place of a question."""
    return Place(server_id_of(interaction), channel_id_of(interaction), interaction.user.id)


def is_restricted(
    client: Nugu, channel: discord.abc.MessageableChannel | discord.interactions.InteractionChannel | None
) -> bool:
    """Whether a channel is age-restricted. A thread is as its channel is; a private channel never is.

    Discord sends an interaction with a part of its channel's properties, so the client's copy is asked as well.
    """
    copies = [channel, client.get_channel(parent_channel_id(channel))] if channel is not None else []
    return any(isinstance(copy, discord.abc.GuildChannel | discord.Thread) and copy.is_nsfw() for copy in copies)
