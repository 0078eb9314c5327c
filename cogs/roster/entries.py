"""An entry of a roster is a group or a member. Both are renamed, get aliases and are removed in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.errors import PersonError
from bot.usecases.roster import members
from cogs.common.layout import RED, Button, Card, Row, custom_id, framed_card
from cogs.common.responses import defer_in_server, show
from cogs.roster.texts import KEEP, NOTHING_TO_DO, REMOVE, name_sentence, removal_question

if TYPE_CHECKING:
    from bot.client import Nugu
    from bot.usecases.roster.members import RosterRemovalPlan


async def rename_entry(interaction: discord.Interaction[Nugu], group: str, member: str | None, name: str) -> None:
    """Answer a command that renames a group, or a member of it."""
    server_id = await defer_in_server(interaction)
    renamed = await members.rename(interaction.client.app, server_id, group, member, name)
    await interaction.followup.send(name_sentence(renamed), ephemeral=True)


async def change_aliases(
    interaction: discord.Interaction[Nugu], group: str, member: str | None, add: str | None, remove: str | None
) -> None:
    """Answer a command that removes an alias of a group, or of a member of it, and adds another."""
    app, server_id = interaction.client.app, await defer_in_server(interaction)
    changes: list[str] = []
    if remove is not None:
        changes.append(name_sentence(await members.remove_alias(app, server_id, group, member, remove)))
    if add is not None:
        changes.append(name_sentence(await members.add_alias(app, server_id, group, member, add)))
    if not changes:
        raise PersonError(NOTHING_TO_DO)
    await interaction.followup.send("\n".join(changes), ephemeral=True)


async def ask_removal(interaction: discord.Interaction[Nugu], group: str, member: str | None) -> None:
    """Answer a command that removes a group, or a member of it: with a card that asks first."""
    server_id = await defer_in_server(interaction)
    removal = await members.plan_removal(interaction.client.app, server_id, group, member)
    await show(interaction, removal_card(removal))


def removal_card(removal: RosterRemovalPlan) -> Card:
    """Asks whether a group or a member is to be removed, and says what goes with it."""
    action = "removegroup" if removal.group is None else "removemember"
    return framed_card(
        RED,
        removal_question(removal),
        Row(
            Button(label=REMOVE, style=discord.ButtonStyle.danger, custom_id=custom_id(action, removal.id)),
            Button(label=KEEP, custom_id=custom_id("keep")),
        ),
    )
