"""Requests from interactions and messages: the asker, the channel, the searched rosters, and the reply."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

import discord

from bot.client import UNREACHABLE
from bot.errors import PersonError
from bot.usecases.questions import identify
from bot.usecases.questions.identify import IdentifyRequest
from bot.usecases.roster import members
from cogs.common.autocomplete import Choices, choices
from cogs.common.errors import sentence_for
from cogs.common.places import channel_id_of, is_restricted, parent_channel_id, server_id_of
from cogs.common.texts import ATTACHING_FORBIDDEN

if TYPE_CHECKING:
    from bot.client import Nugu

log = logging.getLogger(__name__)

MUTUAL_SERVERS = 5
"""Servers whose rosters a private question searches at most."""


async def interaction_request(
    interaction: discord.Interaction[Nugu],
    *,
    card_id: int | None = None,
    group: str | None = None,
    once: Literal["auto", "yes", "no"] = "auto",
    source: int | None = None,
) -> IdentifyRequest:
    """The request of a command. `card_id`: the message that the card will be. `source`: the message with the pictures."""
    server = server_id_of(interaction)
    return IdentifyRequest(
        asker_id=interaction.user.id,
        server_id=server,
        channel_id=channel_id_of(interaction),
        source_channel_id=interaction.channel_id,
        source_message_id=source,
        card_message_id=card_id,
        restricted=is_restricted(interaction.client, interaction.channel),
        rosters=await _rosters(interaction.client, server, interaction.user),
        group=group,
        once=once,
    )


async def message_request(client: Nugu, message: discord.Message, source_message: discord.Message) -> IdentifyRequest:
    """The request of a message. `source_message` is the message with the pictures: itself, or the one that it replies to."""
    server = message.guild.id if message.guild else None
    return IdentifyRequest(
        asker_id=message.author.id,
        server_id=server,
        channel_id=parent_channel_id(message.channel),
        source_channel_id=message.channel.id,
        source_message_id=source_message.id,
        question_message_id=message.id,
        restricted=is_restricted(client, message.channel),
        rosters=await _rosters(client, server, message.author),
    )


async def searchable_groups(interaction: discord.Interaction[Nugu], typed: str) -> Choices:
    """Autocomplete: the groups of `searchable_servers`."""
    return choices(
        await members.autocomplete_groups(interaction.client.app, await searchable_servers(interaction), typed)
    )


async def searchable_servers(interaction: discord.Interaction[Nugu]) -> list[int]:
    """The servers whose group names a person sees: this one; in private, those in which the person asked before.

    Discord waits three seconds here, so the bot does not ask whether the person has left one of them since. Names alone
    do no harm.
    """
    server, client = server_id_of(interaction), interaction.client
    if server is not None:
        return [server]
    asked = await identify.servers_asked_in(client.app, interaction.user.id)
    return [server for server in asked if client.get_guild(server) is not None][:MUTUAL_SERVERS]


def check_may_answer(message: discord.Message) -> None:
    """Raises PersonError where the bot lacks the permission to attach files."""
    if message.guild is None or isinstance(
        message.channel, discord.DMChannel | discord.GroupChannel | discord.PartialMessageable
    ):
        return
    if not message.channel.permissions_for(message.guild.me).attach_files:
        raise PersonError(ATTACHING_FORBIDDEN)


async def reply(message: discord.Message, **parts: Any) -> discord.Message:
    """Reply to a message, even to one that was deleted meanwhile."""
    reference = message.to_reference(fail_if_not_exists=False)
    return await message.channel.send(reference=reference, mention_author=False, **parts)


async def explain(message: discord.Message, error: Exception) -> None:
    """Reply to a message with the error's sentence. Never raises."""
    try:
        await reply(message, content=sentence_for(error))
    except UNREACHABLE as failure:
        log.warning("could not report an error: %s", failure)
    except Exception:
        log.exception("could not report an error")


async def _rosters(client: Nugu, server_id: int | None, person: discord.abc.User) -> tuple[int, ...]:
    """The server of the request; in private, the servers where this person asked before and is still a member."""
    if server_id is not None:
        return (server_id,)
    mutual: list[int] = []
    for server in await identify.servers_asked_in(client.app, person.id):
        if len(mutual) < MUTUAL_SERVERS and await _is_in(client, server, person):
            mutual.append(server)
    return tuple(mutual)


async def _is_in(client: Nugu, server_id: int, person: discord.abc.User) -> bool:
    guild = client.get_guild(server_id)
    if guild is None:
        return False
    try:
        await guild.fetch_member(person.id)
    except discord.NotFound:
        return False
    except UNREACHABLE as failure:
        log.warning("could not ask whether somebody is in server %s: %s", server_id, failure)
        return False
    return True
