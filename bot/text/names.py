"""Names that people type: checked before they are kept, found in any spelling, and offered while somebody types."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_NAME = 100

SHORTEST_SLIP = 3
"""Letters from which on a slip of the fingers is forgiven; two letters with a slip would be any name."""

NEAR = 75.0
"""Of 100, how near to a spelling what was typed must come (rapidfuzz's partial ratio): `tzuyo` is Tzuyu, `sama` Sana."""

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category that nobody sees: the Hangul fillers and the empty Braille cell."""


class Spelling(NamedTuple):
    """One spelling of the `name` of a group or a member, whose `id` it is; `group` is a member's group's name."""

    id: int
    name: str
    spelling: str
    group: str = ""


def checked_name(text: str) -> str:
    """`text` as a name is kept: composed (NFC), since macOS hands over letters and accents apart, and with single spaces.

    Raises PersonError for one that is too long, can't be seen, or holds characters that control how text is written.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > LONGEST_NAME or not name.isprintable() or not any(_visible(character) for character in name):
        raise PersonError("A name has 1 to {most} printable characters.", most=LONGEST_NAME)
    return name


def search_key(name: str) -> str:
    """The form of `name` that searches compare: compatibility forms, case and outer space make no difference."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def offered(typed: str, spellings: Iterable[Spelling], most: int) -> list[Spelling]:
    """What somebody who typed so much may mean, likeliest first: each id once, in the spelling that comes nearest.

    Names that begin so come first, then those of which a word does, then those that hold it, then those a slip away.
    """
    wanted = _loose(typed)
    found: dict[int, tuple[tuple[float, ...], Spelling]] = {}
    for spelling in spellings:
        distance = _distance(wanted, spelling.spelling)
        if distance is None:
            continue
        # Of two spellings that fit alike, the name itself is shown.
        rank = (*distance, float(spelling.spelling != spelling.name))
        if spelling.id not in found or rank < found[spelling.id][0]:
            found[spelling.id] = rank, spelling
    nearest = sorted(found.values(), key=lambda one: (one[0], search_key(one[1].name), one[1].id))
    return [spelling for _, spelling in nearest[:most]]


def _distance(wanted: str, spelling: str) -> tuple[float, float] | None:
    """(how it fits, how far it is off); None where it doesn't fit."""
    from rapidfuzz import fuzz

    loose = _loose(spelling)
    if loose.startswith(wanted):
        return 0.0, 0.0 if loose == wanted else 1.0
    if any(_loose(word).startswith(wanted) for word in spelling.split()):
        return 1.0, 0.0
    if wanted in loose:
        return 2.0, 0.0
    if len(wanted) < SHORTEST_SLIP or len(loose) < SHORTEST_SLIP:
        return None
    near = fuzz.partial_ratio(wanted, loose, score_cutoff=NEAR)
    return (3.0, 100.0 - near) if near else None


def _loose(text: str) -> str:
    """Letters and digits alone, without accents. A Hangul syllable is its letters: one half typed begins a whole one."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text.casefold()))) or text.casefold().strip()


def _visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK
