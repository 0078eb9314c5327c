"""What somebody wants of a video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.enums import CaptionStyle

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Posted:
    """A video file that somebody posted, by its name; it lies at `path` and belongs to whoever takes the wish."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Wish:
    """Which video, by its link or as it was posted; which part of it, in seconds; how it is drawn.

    `length` None: to the end. `spoiler`: it was posted as one.
    """

    source: str | Posted
    start: float = 0.0
    length: float | None = None
    style: CaptionStyle = CaptionStyle.NAMES
    spoiler: bool = False
