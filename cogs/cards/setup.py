"""The /setup card: menus that take effect at once, and in plain words what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.trust import Trust
from bot.usecases import setup
from bot.wording import percent
from cogs.cards.press import Layout, Press, Select, container, row
from cogs.trust import NotTrustedError, trust_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.client import Nugu

MOST_ROLES = 10
MOST_CHANNELS = 25
MOST_GROUPS = 24
THRESHOLDS = (30, 40, 50, 60, 70, 80, 90)
NO_GROUP = "0"

STORED = (
    "-# **What I keep:** the crops and encodings of photos that moderators add; of every question its faces as numbers, "
    "the names I gave and what people said of them. I never keep the posted picture itself."
)
INTEGRATIONS = (
    "-# Moderator roles see `/group`, `/member` and `/setup` once "
    "Server Settings > Integrations shows these to the role."
)


async def read_card(interaction: discord.Interaction[Nugu]) -> Layout:
    """The card with the choices as they are now."""
    assert interaction.guild_id is not None
    assert interaction.channel_id is not None
    client = interaction.client
    return setup_card(
        await setup.read(client.app, interaction.guild_id, interaction.channel_id),
        can_watch=client.app.settings.message_content,
    )


def setup_card(chosen: setup.Setup, *, can_watch: bool) -> Layout:
    """Every choice of a server, each with its menu."""
    card = Layout(timeout=None)
    box = container(0x5865F2)
    box.add_item(discord.ui.TextDisplay("## Setup"))
    box.add_item(discord.ui.TextDisplay("**Trusted roles**: their word about a face counts at once."))
    box.add_item(row(TrustRoles(chosen.choices.roles_of(Trust.TRUSTED))))
    box.add_item(
        discord.ui.TextDisplay("**Moderator roles**: they add groups and members, beside those with Manage Server.")
    )
    box.add_item(row(ModeratorRoles(chosen.choices.roles_of(Trust.MODERATOR))))
    box.add_item(discord.ui.TextDisplay("**Threshold**: from this confidence on an answer counts as sure (green)."))
    box.add_item(row(Threshold(chosen.threshold)))
    if chosen.groups:
        box.add_item(discord.ui.TextDisplay("**This channel's group**: whom questions in this channel are about."))
        box.add_item(row(DefaultGroup(chosen.groups, chosen.default_group)))
    if can_watch:
        box.add_item(discord.ui.TextDisplay("**Watched channels**: there, *who is this?* works without a mention."))
        box.add_item(row(WatchedChannels(chosen.choices.watched)))
    box.add_item(discord.ui.Separator())
    box.add_item(discord.ui.TextDisplay(f"{STORED}\n{INTEGRATIONS}"))
    card.add_item(box)
    return card


class _Choice(Press[Any], template=r"nugu:setup"):
    """A menu of the card: asks again who is choosing, keeps the choice, shows the card anew."""

    async def pressed(self, interaction: discord.Interaction[Nugu]) -> None:
        if await trust_of(interaction) < Trust.MODERATOR:
            raise NotTrustedError(Trust.MODERATOR)
        assert interaction.guild_id is not None
        await self.choose(interaction, interaction.guild_id)
        await interaction.response.edit_message(view=await read_card(interaction))

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        """Keep what was chosen."""
        raise AssertionError("a menu without a choice")


def _roles(custom_id: str, chosen: Iterable[int], placeholder: str) -> discord.ui.RoleSelect[Any]:
    return discord.ui.RoleSelect(
        custom_id=custom_id,
        placeholder=placeholder,
        min_values=0,
        max_values=MOST_ROLES,
        default_values=[
            discord.SelectDefaultValue(id=role, type=discord.SelectDefaultValueType.role) for role in chosen
        ],
    )


class TrustRoles(_Choice, template=r"nugu:setup:trusted"):
    """Whose word counts at once."""

    def __init__(self, chosen: Iterable[int]) -> None:
        super().__init__(_roles("nugu:setup:trusted", chosen, "Nobody but moderators yet"))

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        roles = [role.id for role in self.item.values]
        await setup.choose_roles(interaction.client.app, server_id, Trust.TRUSTED, roles)


class ModeratorRoles(_Choice, template=r"nugu:setup:moderators"):
    """Who adds groups and members."""

    def __init__(self, chosen: Iterable[int]) -> None:
        super().__init__(_roles("nugu:setup:moderators", chosen, "Nobody but those with Manage Server yet"))

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        roles = [role.id for role in self.item.values]
        await setup.choose_roles(interaction.client.app, server_id, Trust.MODERATOR, roles)


class Threshold(_Choice, template=r"nugu:setup:threshold"):
    """From which confidence an answer is sure."""

    def __init__(self, chosen: float) -> None:
        current = round(chosen * 100)
        options = [
            discord.SelectOption(label=percent(value / 100), value=str(value), default=value == current)
            for value in sorted({*THRESHOLDS, current})
        ]
        super().__init__(Select(custom_id="nugu:setup:threshold", options=options))

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        await setup.choose_threshold(interaction.client.app, server_id, int(self.item.values[0]) / 100)


class WatchedChannels(_Choice, template=r"nugu:setup:watched"):
    """Where nobody has to mention the bot."""

    def __init__(self, chosen: Iterable[int]) -> None:
        menu: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
            custom_id="nugu:setup:watched",
            placeholder="None",
            channel_types=[discord.ChannelType.text],
            min_values=0,
            max_values=MOST_CHANNELS,
            default_values=[
                discord.SelectDefaultValue(id=channel, type=discord.SelectDefaultValueType.channel)
                for channel in sorted(chosen)[:MOST_CHANNELS]
            ],
        )
        super().__init__(menu)

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        await setup.choose_watched(interaction.client.app, server_id, [channel.id for channel in self.item.values])


class DefaultGroup(_Choice, template=r"nugu:setup:group"):
    """The group that questions in this channel are about."""

    def __init__(self, groups: dict[int, str], chosen: int | None) -> None:
        options = [discord.SelectOption(label="Found from the faces", value=NO_GROUP, default=chosen is None)]
        options += [
            discord.SelectOption(label=name, value=str(group), default=group == chosen)
            for group, name in list(groups.items())[:MOST_GROUPS]
        ]
        super().__init__(Select(custom_id="nugu:setup:group", options=options))

    async def choose(self, interaction: discord.Interaction[Nugu], server_id: int) -> None:
        assert interaction.channel_id is not None
        chosen = int(self.item.values[0]) or None
        await setup.choose_default_group(interaction.client.app, server_id, interaction.channel_id, chosen)
