"""The /setup card: menus that take effect at once, and in plain words what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.domain.enums import Learns
from bot.domain.trust import Trust
from bot.text.formatting import percent
from cogs.common.discord_limits import MOST_OPTIONS
from cogs.common.layout import Card, Row, Select, container, custom_id
from cogs.setup.texts import INTEGRATIONS, LEARNS, stored_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.usecases.setup import Setup

MOST_ROLES = 10
MOST_CHANNELS = MOST_OPTIONS
MOST_GROUPS = MOST_OPTIONS - 1
THRESHOLDS = (30, 40, 50, 60, 70, 80, 90)
NO_GROUP = "0"


def setup_card(chosen: Setup, *, can_watch: bool) -> Card:
    """Every choice of a server, each with its menu."""
    card = Card()
    box = container(0x5865F2)
    box.add_item(discord.ui.TextDisplay("## Setup"))
    box.add_item(discord.ui.TextDisplay("**Trusted roles**: their word about a face counts at once."))
    box.add_item(Row(_roles("setup:trusted", chosen.choices.roles_of(Trust.TRUSTED), "Nobody but moderators yet")))
    box.add_item(
        discord.ui.TextDisplay("**Moderator roles**: they add groups and members, beside those with Manage Server.")
    )
    moderators = chosen.choices.roles_of(Trust.MODERATOR)
    box.add_item(Row(_roles("setup:moderators", moderators, "Nobody but those with Manage Server yet")))
    box.add_item(discord.ui.TextDisplay("**Threshold**: from this confidence on an answer counts as sure (green)."))
    box.add_item(Row(_threshold(chosen.threshold)))
    if chosen.groups:
        box.add_item(discord.ui.TextDisplay("**This channel's group**: whom questions in this channel are about."))
        box.add_item(Row(_default_group(chosen.groups, chosen.default_group)))
    if can_watch:
        box.add_item(discord.ui.TextDisplay("**Watched channels**: there, *who is this?* works without a mention."))
        box.add_item(Row(_watched(chosen.choices.watched)))
    learns = chosen.choices.learns
    box.add_item(discord.ui.TextDisplay("**What I may learn from**"))
    box.add_item(Row(_learns(learns)))
    box.add_item(
        discord.ui.TextDisplay("**Where I tell moderators** what they did not ask for: a model kept aside, say.")
    )
    box.add_item(Row(_notices(chosen.choices.notices)))
    box.add_item(discord.ui.Separator())
    box.add_item(discord.ui.TextDisplay(stored_text(learns, chosen.forget_days)))
    # A text of its own: beneath a list it would be read as the end of the last bullet.
    box.add_item(discord.ui.TextDisplay(INTEGRATIONS))
    card.add_item(box)
    return card


def _roles(action: str, chosen: Iterable[int], placeholder: str) -> discord.ui.RoleSelect[Any]:
    return discord.ui.RoleSelect(
        custom_id=custom_id(action),
        placeholder=placeholder,
        min_values=0,
        max_values=MOST_ROLES,
        default_values=[
            discord.SelectDefaultValue(id=role, type=discord.SelectDefaultValueType.role) for role in chosen
        ],
    )


def _threshold(chosen: float) -> Select:
    current = round(chosen * 100)
    options = [
        discord.SelectOption(label=percent(value / 100), value=str(value), default=value == current)
        for value in sorted({*THRESHOLDS, current})
    ]
    return Select(custom_id=custom_id("setup:threshold"), options=options)


def _watched(chosen: Iterable[int]) -> discord.ui.ChannelSelect[Any]:
    return discord.ui.ChannelSelect(
        custom_id=custom_id("setup:watched"),
        placeholder="None",
        channel_types=[discord.ChannelType.text],
        min_values=0,
        max_values=MOST_CHANNELS,
        default_values=[
            discord.SelectDefaultValue(id=channel, type=discord.SelectDefaultValueType.channel)
            for channel in sorted(chosen)[:MOST_CHANNELS]
        ],
    )


def _learns(chosen: Learns) -> Select:
    options = [
        discord.SelectOption(label=label, description=description, value=learns.value, default=learns is chosen)
        for learns, (label, description) in LEARNS.items()
    ]
    return Select(custom_id=custom_id("setup:learns"), options=options)


def _notices(chosen: int | None) -> discord.ui.ChannelSelect[Any]:
    channel = discord.SelectDefaultValueType.channel
    return discord.ui.ChannelSelect(
        custom_id=custom_id("setup:notices"),
        placeholder="Nowhere",
        channel_types=[discord.ChannelType.text],
        min_values=0,
        max_values=1,
        default_values=[discord.SelectDefaultValue(id=chosen, type=channel)] if chosen is not None else [],
    )


def _default_group(groups: dict[int, str], chosen: int | None) -> Select:
    options = [discord.SelectOption(label="Found from the faces", value=NO_GROUP, default=chosen is None)]
    options += [
        discord.SelectOption(label=name, value=str(group), default=group == chosen)
        for group, name in list(groups.items())[:MOST_GROUPS]
    ]
    return Select(custom_id=custom_id("setup:group"), options=options)
