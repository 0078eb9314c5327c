"""Links to videos and time codes, read out of what people write."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from bot.domain.messages import Code
from bot.errors import PersonError

_CLOCK = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:\.(\d{1,3}))?s?")
_UNITS = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,3})m)?(?:(\d{1,5})s?)?")
_STARTS = ("t", "start", "time_continue")
_LINK = re.compile(r"<?(https?://[^\s<>|]+)>?", re.IGNORECASE)


def read_seconds(text: str) -> float:
    """`1:23`, `83`, `1:02:03.5` or `1m23s` → seconds. Raises PersonError for anything else."""
    wanted = text.strip().lower()
    if (clock := _CLOCK.fullmatch(wanted)) is not None:
        hours, minutes, seconds, fraction = clock.groups()
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds) + float(f"0.{fraction or 0}")
    if wanted and (units := _UNITS.fullmatch(wanted)) is not None:
        hours, minutes, seconds = (int(each or 0) for each in units.groups())
        return float(hours * 3600 + minutes * 60 + seconds)
    raise PersonError(
        "I can't read the time “{text}”. Write it as {example} or in seconds.", text=text[:30], example=Code("1:23")
    )


def first_link(text: str) -> str | None:
    """The first web link in a message; None where there is none."""
    found = _LINK.search(text)
    return found.group(1).rstrip(").,!?") if found else None


def start_in(link: str) -> float:
    """Where a link says that its video starts, in seconds: `?t=65`, `&start=65`, `#t=1m5s`; 0 where it says nothing readable.

    In a fragment an end may follow, `#t=npt:65,80` (W3C Media Fragments).
    """
    try:
        parts = urlsplit(link)
        asked = {**parse_qs(parts.fragment), **parse_qs(parts.query)}
        told = next((asked[name][0] for name in _STARTS if name in asked), "0")
        return read_seconds(told.removeprefix("npt:").partition(",")[0])
    except (PersonError, ValueError):
        return 0.0
