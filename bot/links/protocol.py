"""The messages of the downloading process, as JSON: one request in, one object a line out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class DownloadTask(StrEnum):
    """How far a download goes."""

    INSPECT = "inspect"
    FETCH = "fetch"
    TASTE = "taste"
    """The smallest format, and only its beginning."""


class LinkFailure(StrEnum):
    """The reason for no video. Our side finds all but SITE."""

    SITE = "site"
    """The site refused; `said`: the words of the site or of yt-dlp."""
    UNKNOWN_SITE = "unknown site"
    WRONG_SETTING = "wrong setting"
    PLAYLIST = "playlist"
    LIVE = "live"
    NO_VIDEO = "no video"
    TOO_LARGE = "too large"
    NOT_MERGED = "not merged"
    BROKEN = "broken"
    """An unforeseen error; `said`: its traceback."""


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """One link to download.

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
        """The request as a line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def load(cls, data: bytes) -> Self:
        """The request of a line that `dump` made."""
        kept: dict[str, Any] = json.loads(data)
        for name in ("extractors", "takers"):
            kept[name] = tuple(kept[name])
        kept["task"] = DownloadTask(kept["task"])
        return cls(**kept)
