"""Names that people type: checked, compared in any spelling, and suggested by autocomplete."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_NAME = 100

SHORTEST_SLIP = 3
"""The minimum number of letters for forgiving a typing error. Two letters with one wrong would match any name."""

NEAR = 75.0
"""The minimum similarity of a typed text and a matching spelling, of 100 (rapidfuzz's partial ratio): `tzuyo` matches Tzuyu."""

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Invisible characters of the categories of letters and symbols: the Hangul fillers and the empty Braille cell."""


class Spelling(NamedTuple):
    """One spelling of a group or a member. `id`, `name`: of the group or member. `group`: the name of a member's group."""

    id: int
    name: str
    spelling: str
    group: str = ""


def checked_name(text: str) -> str:
    """`text` as a name for the roster: with single spaces, and composed (NFC), since macOS separates letters and accents.

    Raises PersonError for a name that is too long, invisible, or holds control characters.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > LONGEST_NAME or not name.isprintable() or not any(_visible(character) for character in name):
        raise PersonError("A name has 1 to {most} printable characters.", most=LONGEST_NAME)
    return name


def search_key(name: str) -> str:
    """The form of `name` that searches compare: compatibility forms, case and outer space make no difference."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def suggestions(typed: str, spellings: Iterable[Spelling], most: int) -> list[Spelling]:
    """At most `most` suggestions for a typed text, the likeliest first: each id once, in the spelling that fits best.

    The order: spellings that begin with the text, those with a word that does, those that contain it, those with a typing
    error.
    """
    wanted = _loose(typed)
    found: dict[int, tuple[tuple[float, ...], Spelling]] = {}
    for spelling in spellings:
        distance = _distance(wanted, spelling.spelling)
        if distance is None:
            continue
        # Of two spellings that fit equally well, the name itself is shown.
        rank = (*distance, float(spelling.spelling != spelling.name))
        if spelling.id not in found or rank < found[spelling.id][0]:
            found[spelling.id] = rank, spelling
    nearest = sorted(found.values(), key=lambda ranked: (ranked[0], search_key(ranked[1].name), ranked[1].id))
    return [spelling for _, spelling in nearest[:most]]


def _distance(wanted: str, spelling: str) -> tuple[float, float] | None:
    """(kind of match, distance within that kind), smaller is better; None without a match."""
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
    """Only letters and digits, without accents. Hangul syllables become letters, so that a half typed one matches."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text.casefold()))) or text.casefold().strip()


def _visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK
