"""The quotas of a server: how much it may hold, or have done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Quota(StrEnum):
    """A thing of which a server may have only so much. Its setting is `NUGU_QUOTA_` and its value."""

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


Limits: TypeAlias = Mapping[Quota, int]
"""The limit of each quota."""


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """What a server uses of a quota."""

    quota: Quota
    used: int
    limit: int

    @property
    def room(self) -> int:
        """What is left, at least 0: an operator may lower a limit below the use."""
        return max(0, self.limit - self.used)
