"""An entry of a roster is a group or a member. Both are renamed, get aliases and are removed in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.errors import PersonError
from bot.text.formatting import counted
from bot.usecases.roster import members
from cogs.common.layout import RED, Button, Card, Row, custom_id, framed_card
from cogs.common.markup import plain
from cogs.common.responses import defer_in_server, show
from cogs.roster.texts import name_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.client import Nugu
    from bot.usecases.roster.members import Removal

NOTHING_TO_DO = "Name the spelling to add, or the one to remove."


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


def removal_card(removal: Removal) -> Card:
    """Asks whether a group or a member is to be removed, and says what goes with it."""
    members, photos, labels = removal.removal_counts
    lost = [f"{counted(photos, 'photo')} with crops and encodings", counted(labels, "label")]
    of = f" of **{plain(removal.group)}**" if removal.group is not None else ""
    if removal.group is None:
        lost.insert(0, counted(members, "member"))
    action = "removegroup" if removal.group is None else "removemember"
    return framed_card(
        RED,
        f"**Remove {plain(removal.name)}{of}?**\nWith it go {', '.join(lost)}. This can't be undone.",
        Row(
            Button(label="Remove", style=discord.ButtonStyle.danger, custom_id=custom_id(action, removal.id)),
            Button(label="Keep", custom_id=custom_id("keep")),
        ),
    )


def shared_note(*, is_shared: bool) -> str:
    """` · shared with every server` for an entry of the shared roster, else nothing."""
    return " · shared with every server" if is_shared else ""


def listed_names(names: Iterable[str]) -> str:
    """Names as Discord shows them, separated by commas."""
    return ", ".join(plain(name) for name in names)
