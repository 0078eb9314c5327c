"""The levels of trust: the permissions of people."""

from __future__ import annotations

from enum import IntEnum


class Trust(IntEnum):
    """A level of trust. Higher levels may do everything that lower ones may."""

    MEMBER = 0
    TRUSTED = 1
    MODERATOR = 2
    OWNER = 3
