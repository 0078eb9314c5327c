"""The /setup card: menus that take effect at once, and in plain words what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.domain.enums import Learns
from bot.domain.trust import Trust
from bot.text.formatting import percent
from cogs.common.layout import Card, Row, Select, container, custom_id
from cogs.common.limits import MOST_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.usecases.setup import Setup

MOST_ROLES = 10
MOST_CHANNELS = MOST_OPTIONS
MOST_GROUPS = MOST_OPTIONS - 1
THRESHOLDS = (30, 40, 50, 60, 70, 80, 90)
NO_GROUP = "0"

LEARNS = {
    Learns.CONFIRMED: (
        "What trusted people confirm",
        "Photos that moderators hand in, and good faces that trusted people confirm or correct.",
    ),
    Learns.SUBMITTED: (
        "What moderators hand in",
        "Photos that moderators hand in, and gathered ones once confirmed. No face asked about.",
    ),
    Learns.OFF: (
        "Nothing new",
        "No photo is taken from anybody. Those that are there go on answering.",
    ),
}
"""Of each choice, what its option says and what is told below that."""

KEPT = {
    Learns.CONFIRMED: "crop and encoding of each face, and of gathered ones, until a trusted person says who it is; good ones "
    "that they confirm become photos of this server's own members",
    Learns.SUBMITTED: "no crop of a face, but of gathered ones until a trusted person says who it is",
    Learns.OFF: "no new crop",
}
STORED = (
    "**What I keep**\n"
    "- Of members: crops and encodings of their photos. Everybody here sees those crops in `/twins`, `/map` and `/quiz`.\n"
    "- Of questions: the faces as numbers, the names I gave, what people said, and {kept}. Never the posted picture.\n"
    "- Of videos: the video and its clip for {days}, so that a correction can be drawn.\n"
    "- How long: a face that nobody labelled for {days}, or until its message, the question or my card is deleted. "
    "What a trusted person labelled stays, also that it is not a member or not a face.\n"
    "- Of who plays `/quiz`: answers, points, and whom they know, until they use `/quiz forget`."
)
INTEGRATIONS = (
    "-# Moderator roles see `/group`, `/member`, `/model`, `/roster` and `/setup` once "
    "Server Settings > Integrations shows these to the role."
)


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
    days = "a day" if chosen.forget_days == 1 else f"{chosen.forget_days} days"
    box.add_item(discord.ui.TextDisplay(STORED.format(kept=KEPT[learns], days=days)))
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
        discord.SelectOption(label=label, description=told, value=learns.value, default=learns is chosen)
        for learns, (label, told) in LEARNS.items()
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


def forgotten_crops(faces: int) -> str:
    """The message after crops that may teach nothing any more were forgotten."""
    crops = "the crop of one face" if faces == 1 else f"the crops of {faces} faces"
    return f"I let go of {crops} that nobody had labelled."


def _default_group(groups: dict[int, str], chosen: int | None) -> Select:
    options = [discord.SelectOption(label="Found from the faces", value=NO_GROUP, default=chosen is None)]
    options += [
        discord.SelectOption(label=name, value=str(group), default=group == chosen)
        for group, name in list(groups.items())[:MOST_GROUPS]
    ]
    return Select(custom_id=custom_id("setup:group"), options=options)
