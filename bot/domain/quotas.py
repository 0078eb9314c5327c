"""The quotas of a server: limits on its data, and on its trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.domain.messages import Code, Hint, Message, SlashCommand


class Quota(StrEnum):
    """A limited resource of a server. Its setting is `NUGU_QUOTA_` and its value."""

    GROUPS = "groups"
    MEMBERS = "members"
    PHOTOS = "photos"
    CROP_BYTES = "crop_bytes"
    """Crops of photos and of faces that wait for a label, in bytes."""

    CLIP_BYTES = "clip_bytes"
    """Kept videos and clips, in bytes."""

    TRAININGS = "trainings"
    """Trainings begun within an hour."""

    @property
    def setting(self) -> str:
        """The environment variable that sets it."""
        return f"NUGU_QUOTA_{self.value.upper()}"

    @property
    def is_bytes(self) -> bool:
        """Whether it counts bytes."""
        return self in {Quota.CROP_BYTES, Quota.CLIP_BYTES}


_REMEDIES = {
    Quota.GROUPS: SlashCommand("group remove"),
    Quota.MEMBERS: SlashCommand("member remove"),
    Quota.PHOTOS: SlashCommand("member photos"),
    Quota.CROP_BYTES: SlashCommand("member photos"),
}
"""The commands that make room."""

QuotaLimits: TypeAlias = Mapping[Quota, int]
"""The limit of each quota."""


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """The use of a quota by a server. `limit`: the maximum of `used`."""

    quota: Quota
    used: int
    limit: int

    @property
    def room(self) -> int:
        """The unused rest, at least 0: an operator may lower a limit below the use."""
        return max(0, self.limit - self.used)


def quota_full_message(quota: Quota, limit: int, seconds: float = 0.0) -> Message:
    """The quota that has no room, its limit, and a remedy. `seconds`: the time until a training may begin."""
    most = limit // 2**20 if quota.is_bytes else limit
    match quota:
        case Quota.CROP_BYTES:
            return Message(
                "The crops of this server's faces fill the {most:,} MiB that they may have.",
                hint=Hint.MAKE_ROOM,
                most=most,
                setting=Code(quota.setting),
                remedy=_REMEDIES[quota],
            )
        case Quota.CLIP_BYTES:
            return Message(
                "Videos of clips at work fill the {most:,} MiB that this server may have. Ask again when one is done.",
                most=most,
            )
        case Quota.TRAININGS:
            return Message(
                "This server has had {most:,} trainings within an hour, and may have no more. "
                "Ask again in about {minutes} min.",
                most=most,
                minutes=max(1, round(seconds / 60)),
            )
        case _:
            return Message(
                "This server has {most:,} {things}, and may have no more.",
                hint=Hint.MAKE_ROOM,
                most=most,
                things=quota.value,
                setting=Code(quota.setting),
                remedy=_REMEDIES[quota],
            )
