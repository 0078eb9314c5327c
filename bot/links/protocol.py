"""Messages to and from the downloading process, as JSON: one request in, one object a line out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class DownloadTask(StrEnum):
    """The extent of a download."""

    INSPECT = "inspect"
    FETCH = "fetch"
    BEGINNING = "beginning"
    """The beginning of the smallest format."""


class LinkFailure(StrEnum):
    """The reason for no video. Our own code finds all but SITE."""

    SITE = "site"
    """The site refused. Its detail is the message of the site or of yt-dlp."""
    UNKNOWN_SITE = "unknown site"
    WRONG_SETTING = "wrong setting"
    """Its detail is the name of the unknown extractor."""
    PLAYLIST = "playlist"
    LIVE = "live"
    NO_VIDEO = "no video"
    TOO_LARGE = "too large"
    NOT_MERGED = "not merged"
    """Its detail is the end of ffmpeg's stderr."""
    NO_ROOM = "no room"
    """The disk is full. Its detail is the folder of the download."""
    BROKEN = "broken"
    """An unforeseen error. Its detail is the traceback."""


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """The request to download one link.

    `extractors`: names of all extractors that may work on it. `link_extractors`: of those that may get the link itself.
    `port`, `proxy`: of our proxy, the latter its URL with the password. `height`: the wanted number of lines. `max_bytes`: of
    the video. `deno`, `ffmpeg`: absolute paths, empty without the program. `cookies`: whether the working folder has
    cookies.txt.
    """

    task: DownloadTask
    link: str
    extractors: tuple[str, ...]
    link_extractors: tuple[str, ...]
    port: int
    proxy: str
    height: int
    max_bytes: int
    deno: str
    ffmpeg: str
    cookies: bool

    def dump(self) -> bytes:
        """The request as a line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def load(cls, data: bytes) -> Self:
        """The request in a line that `dump` made."""
        values: dict[str, Any] = json.loads(data)
        for name in ("extractors", "link_extractors"):
            values[name] = tuple(values[name])
        values["task"] = DownloadTask(values["task"])
        return cls(**values)
