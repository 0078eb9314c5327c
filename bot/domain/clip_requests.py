"""A request for a clip: the video, the part of it, the captions, and where the reply goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.enums import CaptionStyle

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PostedVideo:
    """A posted video: its file name on Discord, and the path of a local copy, which the request moves away."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """A request for an annotated clip.

    `source`: a link, or a posted video. `start`, `length`: the requested part in seconds; without a length, up to the end.
    `spoiler`: the video was posted as a spoiler.
    """

    source: str | PostedVideo
    start: float = 0.0
    length: float | None = None
    style: CaptionStyle = CaptionStyle.NAMES
    spoiler: bool = False


@dataclass(frozen=True, slots=True)
class ReplyTarget:
    """The channel of a clip's reply, and the means to reach it.

    `card_id`: the message of the progress card, None before it is known. `token`: the interaction's token, which edits the
    card until `token_until` (seconds since 1970); None for a request by message. `max_bytes`: the largest file that Discord
    takes there.
    """

    channel_id: int
    max_bytes: int
    card_id: int | None = None
    token: str | None = None
    token_until: float = 0.0
