"""What a server chooses: who is trusted, from which confidence an answer is sure, which channels are watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.rosters import Rosters
from bot.database.servers import Servers
from bot.database.tables import HOUSE
from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bot.app import App
    from bot.database.servers import ServerChoices
    from bot.trust import Trust


@dataclass(frozen=True, slots=True)
class Setup:
    """A server's choices as its moderators see them in one channel. `groups` maps ids to names."""

    choices: ServerChoices
    threshold: float
    default_group: int | None
    groups: dict[int, str]


async def read(app: App, server_id: int, channel_id: int) -> Setup:
    """All choices of a server, and those of one of its channels."""
    async with app.database.reading() as session:
        choices = await Servers(session).choices(server_id)
        groups = await Rosters(session).groups({HOUSE, server_id})
        return Setup(
            choices=choices,
            threshold=app.settings.threshold if choices.threshold is None else choices.threshold,
            default_group=await Servers(session).default_group(channel_id),
            groups={group.id: group.name for group in groups},
        )


async def choices(app: App, server_id: int) -> ServerChoices:
    """What the server chose for all of its channels."""
    async with app.database.reading() as session:
        return await Servers(session).choices(server_id)


async def choose_threshold(app: App, server_id: int, threshold: float) -> None:
    """Answers from this confidence on are sure; raises PersonError outside 0 to 1."""
    if not 0.0 <= threshold <= 1.0:
        raise PersonError("The threshold is a confidence between 0 and 100 %.")
    async with app.database.writing() as session:
        await Servers(session).choose_threshold(server_id, threshold)


async def choose_roles(app: App, server_id: int, trust: Trust, roles: Iterable[int]) -> None:
    """Let the holders of exactly these roles have `trust`."""
    async with app.database.writing() as session:
        await Servers(session).choose_roles(server_id, trust, roles)


async def choose_watched(app: App, server_id: int, channels: Collection[int]) -> None:
    """Watch exactly these channels; raises PersonError where the bot can't read messages at all."""
    if channels and not app.settings.message_content:
        raise PersonError(
            "I can't read messages that don't mention me, so I can't watch channels. "
            "Whoever runs me switches on NUGU_MESSAGE_CONTENT and the message-content intent first."
        )
    async with app.database.writing() as session:
        await Servers(session).choose_watched(server_id, channels)


async def choose_default_group(app: App, server_id: int, channel_id: int, group_id: int | None) -> None:
    """Let questions in a channel be about one group, or None to find it each time."""
    async with app.database.writing() as session:
        await Servers(session).choose_default_group(server_id, channel_id, group_id)
