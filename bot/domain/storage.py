"""Faults of the storage: their reasons, and the sentences about them for people and for the operator."""

from __future__ import annotations

import errno
from enum import Enum, auto
from typing import Final

from bot.domain.messages import Hint, Message


class StorageReason(Enum):
    """The kind of a fault of the database, of the crops' storage or of a folder, by the step that ends it."""

    FULL = auto()
    """No space is left, or the user's share of it is used up."""
    LOCKED = auto()
    """Another process holds the lock of the database."""
    MISSING = auto()
    """The file or the folder is gone, or it is another one than at the start."""
    READ_ONLY = auto()
    """The file system, the file or the server takes no changes."""
    DENIED = auto()
    """The user of this process may not use it, or a server refuses the credentials."""
    BROKEN = auto()
    """The disk gives errors, or the data is damaged."""
    AWAY = auto()
    """The server can't be reached, or answers with errors."""


REFUSED_WRITES: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""The errors of the system for a disk that takes nothing more, which libraries pass on among errors of their own."""

DISK_ERRORS: Final = {
    errno.ENOSPC: StorageReason.FULL,
    errno.EDQUOT: StorageReason.FULL,
    errno.EROFS: StorageReason.READ_ONLY,
    errno.EIO: StorageReason.BROKEN,
    errno.ESTALE: StorageReason.BROKEN,
}
"""The errors of the system that only a disk gives, whatever was done."""


def message_for_people(reason: StorageReason) -> Message:
    """The fault for people on Discord, who can't mend it."""
    match reason:
        case StorageReason.FULL:
            return Message("My disk is full", hint=Hint.OPERATOR_MENDS_STORAGE)
        case StorageReason.LOCKED:
            return Message("Something else has locked my database", hint=Hint.OPERATOR_MENDS_STORAGE)
        case StorageReason.READ_ONLY:
            return Message("My disk takes no changes", hint=Hint.OPERATOR_MENDS_STORAGE)
        case StorageReason.DENIED:
            return Message("I am kept out of my own files", hint=Hint.OPERATOR_MENDS_STORAGE)
        case StorageReason.AWAY:
            return Message("I can't reach my files", hint=Hint.OPERATOR_MENDS_STORAGE)
        # Here nobody knows whether anything is lost.
        case StorageReason.MISSING:
            return Message("I can't find my files any more", hint=Hint.OPERATOR_MUST_MEND)
        case StorageReason.BROKEN:
            return Message("My disk has an error", hint=Hint.OPERATOR_MUST_MEND)


def message_for_operator(reason: StorageReason, place: str, detail: str) -> Message:
    """The fault, and the operator's remedy."""
    why = Message(" ({words})", words=detail) if detail else Message("")
    match reason:
        case StorageReason.FULL:
            return Message("No space is left for {place}{why}. Make room.", place=place, why=why)
        case StorageReason.LOCKED:
            return Message("Another program keeps {place} locked{why}. End it.", place=place, why=why)
        case StorageReason.READ_ONLY:
            return Message("{place} can only be read{why}. Make it writable, and start me again.", place=place, why=why)
        case StorageReason.DENIED:
            return Message("I may not use {place}{why}. Let my user read and write it.", place=place, why=why)
        case StorageReason.AWAY:
            return Message("{place} can't be reached{why}. See whether it runs.", place=place, why=why)
        case StorageReason.MISSING:
            return Message(
                "{place} is gone, or another is in its place{why}. Bring it back, and start me again.",
                place=place,
                why=why,
            )
        case StorageReason.BROKEN:
            return Message(
                "{place} can't be read or written{why}. Look at the disk, and then: nugu check", place=place, why=why
            )
