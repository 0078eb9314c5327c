"""Links to videos, and time codes, in the text that people write."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

from bot.domain.messages import Code
from bot.errors import PersonError

_CLOCK = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:\.(\d{1,3}))?s?")
_UNITS = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,3})m)?(?:(\d{1,5})s?)?")
_STARTS = ("t", "start", "time_continue")
_LINK = re.compile(r"<?(https?://[^\s<>|]+)>?", re.IGNORECASE)


def split_link(link: str) -> SplitResult | None:
    """The parts of a link that anybody wrote; None for an invalid one, such as `https://[x` or `https://x:port`."""
    try:
        parts = urlsplit(link)
        _ = parts.port  # raises ValueError for a port that is no number
    except ValueError:
        return None
    return parts


def read_seconds(text: str) -> float:
    """The seconds of `1:23`, `83`, `1:02:03.5` or `1m23s`. Raises PersonError for any other text."""
    written = text.strip().lower()
    if (clock := _CLOCK.fullmatch(written)) is not None:
        hours, minutes, seconds, fraction = clock.groups()
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds) + float(f"0.{fraction or 0}")
    if written and (units := _UNITS.fullmatch(written)) is not None:
        hours, minutes, seconds = (int(each or 0) for each in units.groups())
        return float(hours * 3600 + minutes * 60 + seconds)
    raise PersonError(
        "I can't read the time “{text}”. Write it as {example} or in seconds.", text=text[:30], example=Code("1:23")
    )


def first_link(text: str) -> str | None:
    """The first web link in a text; None without one. Text such as `https://[x` is no link."""
    found = (match.group(1).rstrip(").,!?") for match in _LINK.finditer(text))
    return next((link for link in found if split_link(link) is not None), None)


def start_of_link(link: str) -> float:
    """The start of the video that a link states, in seconds: `?t=65`, `&start=65`, `#t=1m5s`; 0 without a readable start.

    A fragment may state the end too: `#t=npt:65,80` (W3C Media Fragments).
    """
    parts = split_link(link)
    if parts is None:
        return 0.0
    try:
        parameters = {**parse_qs(parts.fragment), **parse_qs(parts.query)}
        start = next((parameters[name][0] for name in _STARTS if name in parameters), "0")
        return read_seconds(start.removeprefix("npt:").partition(",")[0])
    except (PersonError, ValueError):
        return 0.0
