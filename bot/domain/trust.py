"""Who may do what: one ordered enum of trust levels."""

from __future__ import annotations

from enum import IntEnum


class Trust(IntEnum):
    """Higher levels may do everything that lower ones may."""

    MEMBER = 0
    TRUSTED = 1
    MODERATOR = 2
    OWNER = 3
