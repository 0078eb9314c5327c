"""Characters that a terminal obeys or that hide and reorder others, in text from outside: escaped or taken away.

Names of groups, members and files, titles, and the words of sites and libraries pass through here on their way to a terminal,
a log or Discord. `cogs/common/markup.py` also escapes Discord's markup, and `bot/media/clips/caption_labels.py` that of ASS.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_CONTROL: Final = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of control characters, lone surrogates (undecodable bytes of file names) and line separators."""

_BIDIRECTIONAL: Final = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Bidirectional classes of characters that change the order of the characters around them."""


def is_harmless(character: str) -> bool:
    """Whether a character stands for itself alone."""
    if character.isascii():
        return character.isprintable()
    return unicodedata.category(character) not in _CONTROL and not _reorders(character)


def escaped(text: str) -> str:
    """`text` on one line, with each such character as an escape: `\\x1b`, `\\n`, `\\udcff`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if is_harmless(character) else character.encode("unicode_escape").decode() for character in text
    )


def removed(text: str) -> str:
    """`text` on one line, with a space for each control character, and without those that reorder others."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if is_harmless(character) else "" if _reorders(character) else " " for character in text)


def _reorders(character: str) -> bool:
    return unicodedata.bidirectional(character) in _BIDIRECTIONAL
