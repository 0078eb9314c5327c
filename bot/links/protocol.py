"""What a download is told, and what it tells, as JSON: one object in, one a line out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class DownloadTask(StrEnum):
    """How far a link is followed."""

    INSPECT = "inspect"
    FETCH = "fetch"
    TASTE = "taste"
    """The smallest format, and only its beginning."""


class LinkFailure(StrEnum):
    """Why there is no video. All but SITE are found on our side."""

    SITE = "site"
    """The site, or yt-dlp about it: `said` is in their words."""
    UNKNOWN_SITE = "unknown site"
    WRONG_SETTING = "wrong setting"
    PLAYLIST = "playlist"
    LIVE = "live"
    NO_VIDEO = "no video"
    TOO_LARGE = "too large"
    NOT_MERGED = "not merged"
    BROKEN = "broken"
    """Nobody foresaw it: `said` is a traceback."""


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """One link to follow.

    `extractors`: names that may work on it; `takers`: those that it may be given to.
    `most`: bytes of the video.
    `deno`, `ffmpeg`: absolute paths, empty where there is none. `cookies`: whether cookies.txt lies in the working folder.
    """

    task: DownloadTask
    link: str
    extractors: tuple[str, ...]
    takers: tuple[str, ...]
    port: int
    proxy: str
    height: int
    most: int
    deno: str
    ffmpeg: str
    cookies: bool

    def dump(self) -> bytes:
        """As a line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def load(cls, data: bytes) -> Self:
        """What `dump` gave."""
        kept: dict[str, Any] = json.loads(data)
        for name in ("extractors", "takers"):
            kept[name] = tuple(kept[name])
        kept["task"] = DownloadTask(kept["task"])
        return cls(**kept)
