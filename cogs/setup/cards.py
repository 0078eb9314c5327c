"""The /setup card: a menu for each choice, and the data that the bot keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.domain.enums import LearningPolicy
from bot.domain.trust import Trust
from bot.text.formatting import percent
from cogs.common.discord_limits import MAX_OPTIONS
from cogs.common.layout import BLUE, Card, Part, Row, Select, custom_id, framed_card
from cogs.setup.texts import (
    DEFAULT_GROUP,
    INTEGRATIONS,
    LEARNS,
    LEARNS_FROM,
    MODERATOR_ROLES,
    NO_DEFAULT_GROUP,
    NO_MODERATOR_ROLE,
    NO_NOTICES,
    NO_TRUSTED_ROLE,
    NO_WATCHED_CHANNEL,
    NOTICES,
    THRESHOLD,
    TITLE,
    TRUSTED_ROLES,
    WATCHED_CHANNELS,
    quotas_text,
    stored_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.usecases.setup import SetupChoices

MAX_ROLES = 10
MAX_CHANNELS = MAX_OPTIONS
MAX_GROUPS = MAX_OPTIONS - 1
THRESHOLDS = (30, 40, 50, 60, 70, 80, 90)
NO_GROUP = "0"


def setup_card(chosen: SetupChoices, *, can_watch: bool) -> Card:
    """Every choice of a server with its menu. `can_watch`: the bot may read messages that don't mention it."""
    choices = chosen.choices
    parts: list[Part] = [
        TITLE,
        TRUSTED_ROLES,
        Row(_roles("setup:trusted", choices.roles_of(Trust.TRUSTED), NO_TRUSTED_ROLE)),
        MODERATOR_ROLES,
        Row(_roles("setup:moderators", choices.roles_of(Trust.MODERATOR), NO_MODERATOR_ROLE)),
        THRESHOLD,
        Row(_threshold(chosen.threshold)),
    ]
    if chosen.groups:
        parts += [
            DEFAULT_GROUP,
            Row(_default_group(chosen.groups, chosen.default_group)),
        ]
    if can_watch:
        parts += [
            WATCHED_CHANNELS,
            Row(_watched(choices.watched)),
        ]
    return framed_card(
        BLUE,
        *parts,
        LEARNS_FROM,
        Row(_learns(choices.learns)),
        NOTICES,
        Row(_notices(choices.notices)),
        discord.ui.Separator(),
        quotas_text(chosen.quotas),
        discord.ui.Separator(),
        stored_text(choices.learns, chosen.forget_days),
        # A text of its own: at the end of the list above, Discord shows it as a part of the last bullet.
        INTEGRATIONS,
    )


def _roles(action: str, chosen: Iterable[int], placeholder: str) -> discord.ui.RoleSelect[Any]:
    return discord.ui.RoleSelect(
        custom_id=custom_id(action),
        placeholder=placeholder,
        min_values=0,
        max_values=MAX_ROLES,
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
        placeholder=NO_WATCHED_CHANNEL,
        channel_types=[discord.ChannelType.text],
        min_values=0,
        max_values=MAX_CHANNELS,
        default_values=[
            discord.SelectDefaultValue(id=channel, type=discord.SelectDefaultValueType.channel)
            for channel in sorted(chosen)[:MAX_CHANNELS]
        ],
    )


def _learns(chosen: LearningPolicy) -> Select:
    options = [
        discord.SelectOption(label=label, description=description, value=learns.value, default=learns is chosen)
        for learns, (label, description) in LEARNS.items()
    ]
    return Select(custom_id=custom_id("setup:learns"), options=options)


def _notices(chosen: int | None) -> discord.ui.ChannelSelect[Any]:
    channel = discord.SelectDefaultValueType.channel
    return discord.ui.ChannelSelect(
        custom_id=custom_id("setup:notices"),
        placeholder=NO_NOTICES,
        channel_types=[discord.ChannelType.text],
        min_values=0,
        max_values=1,
        default_values=[discord.SelectDefaultValue(id=chosen, type=channel)] if chosen is not None else [],
    )


def _default_group(groups: dict[int, str], chosen: int | None) -> Select:
    options = [discord.SelectOption(label=NO_DEFAULT_GROUP, value=NO_GROUP, default=chosen is None)]
    options += [
        discord.SelectOption(label=name, value=str(group), default=group == chosen)
        for group, name in list(groups.items())[:MAX_GROUPS]
    ]
    return Select(custom_id=custom_id("setup:group"), options=options)
