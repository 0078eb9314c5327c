"""The operator's file of cookies, in Netscape's format. Each line has seven fields, separated by tabs."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Final

from bot.infra.redaction import register_values

if TYPE_CHECKING:
    from pathlib import Path

SHORTEST_VALUE = 8
"""Characters of the shortest cookie that stays out of the log. Shorter ones are words such as `yes`, in many a line."""

FIELDS = 7
_HTTP_ONLY: Final = "#HttpOnly_"
_EXPIRES_AT: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?)?")


def copy_cookies(source: Path, target: Path) -> None:
    """Copy a file of cookies, and keep their values out of the log. Raises OSError. Blocks."""
    shutil.copyfile(source, target)
    register_values(cookie_values(target.read_text(errors="replace")), SHORTEST_VALUE)


def cookie_values(text: str) -> set[str]:
    """The values of the cookies.

    Of malformed lines, which yt-dlp quotes on stderr, all words but the first, which is the site.
    """
    values: set[str] = set()
    for line in text.splitlines():
        entry = line.removeprefix(_HTTP_ONLY)
        if entry.startswith("#"):
            continue
        fields, words = entry.split("\t"), entry.split()
        if len(fields) == FIELDS and _EXPIRES_AT.fullmatch(fields[4]):
            values.add(fields[-1])
        else:
            values.update(words[1:] or words)
    return values
