"""Names that people type: checked before they are kept, and found in any spelling."""

from __future__ import annotations

import unicodedata

from bot.errors import PersonError

LONGEST_NAME = 100

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category that nobody sees: the Hangul fillers and the empty Braille cell."""


def checked_name(text: str) -> str:
    """`text` as a name is kept, with single spaces.

    Raises PersonError for one that is too long, can't be seen, or holds characters that control how text is written.
    """
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME or not name.isprintable() or not any(_visible(character) for character in name):
        raise PersonError(f"A name has 1 to {LONGEST_NAME} printable characters.")
    return name


def key_of(name: str) -> str:
    """What `name` is found by: compatibility forms, case and outer space make no difference."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK
