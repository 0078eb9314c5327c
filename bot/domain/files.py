"""Files that people submit. Nobody has opened them, and they may not be here yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from bot.domain.messages import Message

Content: TypeAlias = Path | bytes
"""A file where the workers can read it; its bytes where they are on other machines."""


class FetchCallback(Protocol):
    """Brings a file."""

    async def __call__(self, path: Path, /) -> None:
        """Write the file to `path`. Raises PersonError for a file that is gone, too large or can't be read."""
        ...


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """A submitted file: its name and its untrusted bytes, or the way to them, or the reason why it isn't read.

    `size`: the bytes that it is said to have; None where that is unknown. `spoiler`: it was posted as one. `optional`: it is
    left out if it turns out to be no picture, because others of its message are declared to be.
    """

    name: str
    content: bytes | FetchCallback = b""
    refusal: Message | None = None
    spoiler: bool = False
    size: int | None = None
    optional: bool = False
