"""Notifications for moderators, which the cog of models delivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.infra.outbox import Outbox

if TYPE_CHECKING:
    from bot.domain.models import GroupModel
    from bot.domain.quotas import QuotaUsage


@dataclass(frozen=True, slots=True)
class Notification:
    """News for a server's moderators: a model that the bot made by itself, or a quota that is full."""

    server: int
    news: GroupModel | QuotaUsage


class NotificationQueue(Outbox[Notification]):
    """The notifications on their way."""
