"""Messages on Discord by their ids, for deletions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessageScope:
    """Single messages by their ids, and all messages of some channels and threads. A thread may have a message's id."""

    messages: frozenset[int] = frozenset()
    channels: frozenset[int] = frozenset()
