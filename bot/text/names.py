"""Names that people type: checked, compared in any spelling, and suggested by autocomplete."""

from __future__ import annotations

import heapq
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bot.errors import PersonError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_NAME = 100

SHORTEST_SLIP = 3
"""The minimum number of letters for forgiving a typing error. Two letters with one wrong would match any name."""

NEAR = 75.0
"""The minimum similarity of a typed text and a matching spelling, of 100 (rapidfuzz's partial ratio): `tzuyo` matches Tzuyu."""

MAX_REMEMBERED = 90_000
"""Spellings whose forms are remembered: all that autocomplete compares in the largest server.

A server at its quotas has 2,000 members and 200 groups, each with a name and 25 aliases: 57,200 spellings. A shared roster of
10,000 members with two aliases each has 30,000 more. With fewer places than spellings each keystroke would compute all anew.
"""

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
    others: list[tuple[Spelling, str]] = []
    for spelling in spellings:
        forms = _forms(spelling.spelling)
        distance = _distance(wanted, spelling.spelling, forms)
        if distance is None:
            others.append((spelling, forms.loose))
        else:
            _keep_nearer(found, spelling, distance)
    # A typing error is further away than any other match, and it takes the longest to find.
    if len(found) < most and len(wanted) >= SHORTEST_SLIP:
        for spelling, distance in _with_slips(wanted, others):
            _keep_nearer(found, spelling, distance)
    nearest = heapq.nsmallest(
        most, found.values(), key=lambda ranked: (ranked[0], _forms(ranked[1].name).key, ranked[1].id)
    )
    return [spelling for _, spelling in nearest]


def _keep_nearer(
    found: dict[int, tuple[tuple[float, ...], Spelling]], spelling: Spelling, distance: tuple[float, float]
) -> None:
    """Keep a spelling unless a nearer one of the same group or member is kept already."""
    # Of two spellings that fit equally well, the name itself is shown.
    rank = (*distance, float(spelling.spelling != spelling.name))
    if spelling.id not in found or rank < found[spelling.id][0]:
        found[spelling.id] = rank, spelling


def _distance(wanted: str, spelling: str, forms: _Forms) -> tuple[float, float] | None:
    """(kind of match, distance within that kind), smaller is better; None without a match, or with a typing error."""
    if wanted and not any(map(str.isalnum, wanted)):
        folded = spelling.casefold()
        return (0.0, 1.0) if folded.startswith(wanted) else (2.0, 0.0) if wanted in folded else None
    # Most spellings end here. What a word begins with is in the whole too.
    if wanted not in forms.loose:
        return None
    if forms.loose.startswith(wanted):
        return 0.0, 0.0 if forms.loose == wanted else 1.0
    if any(word.startswith(wanted) for word in forms.words):
        return 1.0, 0.0
    return 2.0, 0.0


def _with_slips(wanted: str, spellings: Sequence[tuple[Spelling, str]]) -> list[tuple[Spelling, tuple[float, float]]]:
    """The spellings that match with a typing error, and the distance of each, as of `_distance`.

    `spellings`: each with its loose form.
    """
    from rapidfuzz import fuzz, process

    long = [(spelling, loose) for spelling, loose in spellings if len(loose) >= SHORTEST_SLIP]
    near = process.extract(
        wanted,
        [loose for _, loose in long],
        scorer=fuzz.partial_ratio,
        processor=None,
        score_cutoff=NEAR,
        limit=None,
    )
    return [(long[at][0], (3.0, 100.0 - score)) for _, score, at in near]


class _Forms(NamedTuple):
    """The forms of a spelling that suggestions compare. `words`: each word's loose form. `key`: its search key."""

    loose: str
    words: tuple[str, ...]
    key: str


@lru_cache(MAX_REMEMBERED)
def _forms(spelling: str) -> _Forms:
    # Each keystroke compares all spellings of a server anew.
    return _Forms(_loose(spelling), tuple(_loose(word) for word in spelling.split()), search_key(spelling))


def _loose(text: str) -> str:
    """Only letters and digits, without accents. Hangul syllables become letters, so that a half typed one matches."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text.casefold()))) or text.casefold().strip()


def _visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK
