"""What a server chooses: who is trusted, what may be learned from, which channels are watched, where moderators are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.crops import CropRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.domain.enums import Origin, teaches
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError
from bot.usecases import crops

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bot.app import App
    from bot.database.servers import ServerChoices
    from bot.domain.enums import Learns
    from bot.domain.trust import Trust


@dataclass(frozen=True, slots=True)
class Setup:
    """A server's choices as its moderators see them in one channel.

    `groups` maps ids to names. After `forget_days` a face that nobody labelled is forgotten.
    """

    choices: ServerChoices
    threshold: float
    default_group: int | None
    groups: dict[int, str]
    forget_days: int


async def read(app: App, server_id: int, channel_id: int) -> Setup:
    """All choices of a server, and those of one of its channels."""
    async with app.database.reading() as session:
        choices = await ServerRepository(session).choices(server_id)
        groups = await RosterRepository(session).groups({SHARED_ROSTER, server_id})
        return Setup(
            choices=choices,
            threshold=app.settings.threshold if choices.threshold is None else choices.threshold,
            default_group=await ServerRepository(session).default_group(channel_id),
            groups={group.id: group.name for group in groups},
            forget_days=app.settings.forget_days,
        )


async def choices(app: App, server_id: int) -> ServerChoices:
    """What the server chose for all of its channels."""
    async with app.database.reading() as session:
        return await ServerRepository(session).choices(server_id)


async def choose_threshold(app: App, server_id: int, threshold: float) -> None:
    """Answers from this confidence on are sure; raises PersonError outside 0 to 1."""
    if not 0.0 <= threshold <= 1.0:
        raise PersonError("The threshold is a confidence between 0 and 100%.")
    async with app.database.writing() as session:
        await ServerRepository(session).choose_threshold(server_id, threshold)


async def choose_learns(app: App, server_id: int, learns: Learns) -> int:
    """Let so much be learned from. Crops that may teach no more go at once; of how many faces."""
    async with app.database.writing() as session:
        await ServerRepository(session).choose_learns(server_id, learns)
        useless = [origin for origin in Origin if not teaches(learns, origin)]
        dropped = await CropRepository(session).drop_unlabelled(server_id, useless)
        gone = await CropRepository(session).sweep()
    await crops.forget_files(app, gone)
    return dropped


async def choose_notices(app: App, server_id: int, channel_id: int | None) -> None:
    """Tell moderators in this channel what they did not ask for, or nowhere."""
    async with app.database.writing() as session:
        await ServerRepository(session).choose_notices(server_id, channel_id)


async def choose_roles(app: App, server_id: int, trust: Trust, roles: Iterable[int]) -> None:
    """Let the holders of exactly these roles have `trust`."""
    async with app.database.writing() as session:
        await ServerRepository(session).choose_roles(server_id, trust, roles)


async def choose_watched(app: App, server_id: int, channels: Collection[int]) -> None:
    """Watch exactly these channels; raises PersonError where the bot can't read messages at all."""
    if channels and not app.settings.message_content:
        raise PersonError(
            "I can't read messages that don't mention me, so I can't watch channels. "
            "Whoever runs me switches on NUGU_MESSAGE_CONTENT and the message-content intent first."
        )
    async with app.database.writing() as session:
        await ServerRepository(session).choose_watched(server_id, channels)


async def choose_default_group(app: App, server_id: int, channel_id: int, group_id: int | None) -> None:
    """Let questions in a channel be about one group, or None to find it each time."""
    async with app.database.writing() as session:
        await ServerRepository(session).choose_default_group(server_id, channel_id, group_id)
