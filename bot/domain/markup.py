"""Discord's markup: text that it shows as it is, and sentences without it."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"[\\*_~|`<>\[@#]|:(?=//)|^[-+]", re.MULTILINE)
"""What Discord reads as markup, mention or link; a backslash before it makes it plain."""


def plain(text: str) -> str:
    """What a person wrote, so that Discord shows it as it is: no markup, no mention, no link."""
    return _MARKUP.sub(r"\\\g<0>", text)


def unmarked(sentence: str) -> str:
    """A sentence written for Discord as a terminal shows it: without bold and code, and without the backslashes of `plain`."""
    return re.sub(r"\\([\\*_~|`<>\[@#:+-])|\*\*|`", r"\1", sentence)
