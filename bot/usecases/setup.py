"""The choices of a server: trusted roles, learning, watched channels, notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.crops import CropRepository
from bot.database.lookup import require_group_by_id
from bot.database.quotas import STORED, QuotaRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.domain.enums import FaceOrigin, teaches
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import PersonError
from bot.usecases.questions import crops

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bot.app import App
    from bot.database.servers import ServerChoices
    from bot.domain.enums import LearningPolicy
    from bot.domain.quotas import QuotaUsage
    from bot.domain.trust import Trust


@dataclass(frozen=True, slots=True)
class SetupChoices:
    """A server's choices, as its moderators see them in one channel.

    `groups`: names by id. `forget_days`: days after which a face without a label is forgotten. `quotas`: the use of each.
    """

    choices: ServerChoices
    threshold: float
    default_group: int | None
    groups: dict[int, str]
    forget_days: int
    quotas: tuple[QuotaUsage, ...]


async def read(app: App, server_id: int, channel_id: int) -> SetupChoices:
    """The choices of a server, and of one of its channels."""
    async with app.database.reading() as session:
        choices = await ServerRepository(session).choices(server_id)
        groups = await RosterRepository(session).groups({SHARED_ROSTER, server_id})
        return SetupChoices(
            choices=choices,
            threshold=app.settings.threshold if choices.threshold is None else choices.threshold,
            default_group=await ServerRepository(session).default_group(channel_id),
            groups={group.id: group.name for group in groups},
            forget_days=app.settings.forget_days,
            quotas=(
                *[await QuotaRepository(session).usage(server_id, quota) for quota in STORED],
                await app.videos.usage(server_id),
                app.trainer.usage(server_id),
            ),
        )


async def choices(app: App, server_id: int) -> ServerChoices:
    """The choices of a server for all of its channels."""
    async with app.database.reading() as session:
        return await ServerRepository(session).choices(server_id)


async def choose_threshold(app: App, server_id: int, threshold: float) -> None:
    """Choose the minimum confidence of a sure answer. Raises PersonError outside [0, 1]."""
    if not 0.0 <= threshold <= 1.0:
        raise PersonError("The threshold is a confidence between 0 and 100%.")
    async with app.database.writing() as session:
        await ServerRepository(session).choose_threshold(server_id, threshold)


async def choose_learns(app: App, server_id: int, learns: LearningPolicy) -> int:
    """Choose the extent of learning. Crops that may no longer teach are deleted; returns the number of their faces."""
    async with app.database.writing() as session:
        await ServerRepository(session).choose_learns(server_id, learns)
        useless = [origin for origin in FaceOrigin if not teaches(learns, origin)]
        dropped = await CropRepository(session).drop_unlabelled(server_id, useless)
        gone = await CropRepository(session).sweep()
    await crops.forget_files(app, gone)
    return dropped


async def choose_notices(app: App, server_id: int, channel_id: int | None) -> None:
    """Choose the channel of notifications to moderators; None for no notifications."""
    async with app.database.writing() as session:
        await ServerRepository(session).choose_notices(server_id, channel_id)


async def choose_roles(app: App, server_id: int, trust: Trust, roles: Iterable[int]) -> None:
    """Give `trust` to exactly these roles."""
    async with app.database.writing() as session:
        await ServerRepository(session).choose_roles(server_id, trust, roles)


async def choose_watched(app: App, server_id: int, channels: Collection[int]) -> None:
    """Watch exactly these channels. Raises PersonError where the bot can't read messages."""
    if channels and not app.settings.message_content:
        raise PersonError(
            "I can't read messages that don't mention me, so I can't watch channels. "
            "Whoever runs me switches on NUGU_MESSAGE_CONTENT and the message-content intent first."
        )
    async with app.database.writing() as session:
        await ServerRepository(session).choose_watched(server_id, channels)


async def choose_default_group(app: App, server_id: int, channel_id: int, group_id: int | None) -> None:
    """Choose the default group of a channel; None to find the group of each picture.

    Raises PersonError for a group that is gone, or another server's.
    """
    async with app.database.writing() as session:
        if group_id is not None:
            await require_group_by_id(session, {SHARED_ROSTER, server_id}, group_id)
        await ServerRepository(session).choose_default_group(server_id, channel_id, group_id)
