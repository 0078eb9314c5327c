"""Where on Discord something stands: messages and channels by their ids."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """Messages by their ids, and channels with all their messages; a thread may have the id of a message."""

    messages: frozenset[int] = frozenset()
    channels: frozenset[int] = frozenset()
