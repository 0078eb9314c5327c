"""Names: what is taken, and how it is shown."""

from __future__ import annotations

import itertools
import random
import time
import unicodedata

import pytest
from rapidfuzz import fuzz

from bot.domain.quotas import Quota
from bot.errors import PersonError, UnknownGroupError
from bot.settings import Settings
from bot.text import names
from bot.text.names import LONGEST_NAME, Spelling, checked_name, suggestions
from bot.usecases.roster.members import MAX_ALIASES
from cogs.common.markup import plain, render_for_discord


@pytest.mark.parametrize("name", ["Tzuyu", "쯔위", "ツウィ", "(G)I-DLE", "i❤️you", "fromis_9", "é", "x" * LONGEST_NAME])
def test_a_name_is_taken(name: str) -> None:
    assert checked_name(f"  {name}\n") == name


def test_a_name_that_macos_takes_apart_is_put_together() -> None:
    assert checked_name(unicodedata.normalize("NFD", "사나 é")) == "사나 é"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        pytest.param("\u200b", id="a space of no width"),
        pytest.param("\u3164", id="the Hangul filler"),
        pytest.param("\u2800", id="the empty Braille cell"),
        pytest.param("\u0301\ufe0f", id="marks without a letter"),
        pytest.param("Sana\u202egnp.exe", id="written backwards"),
        pytest.param("Sa\x00na", id="a control character"),
        pytest.param("x" * (LONGEST_NAME + 1), id="too long"),
    ],
)
def test_a_name_is_refused(name: str) -> None:
    with pytest.raises(PersonError, match="printable"):
        checked_name(name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Tzuyu", "Tzuyu"),
        ("Lee Chae-ryeong (ITZY)", "Lee Chae-ryeong (ITZY)"),
        ("fromis_9", r"fromis\_9"),
        ("**Sana**", r"\*\*Sana\*\*"),
        ("<@1> @everyone", r"\<\@1\> \@everyone"),
        ("https://a.example", r"https\://a.example"),
        ("[Sana](https://a.example)", r"\[Sana](https\://a.example)"),
        ("# Sana", r"\# Sana"),
        ("- Sana", r"\- Sana"),
        ("\\", r"\\"),
    ],
)
def test_a_name_is_shown_as_it_is(name: str, shown: str) -> None:
    assert plain(name) == shown


@pytest.mark.parametrize("typed", ["(", "(g", "(G)", "(g)i", "g)i", "gi", "g i", ")", "-", "(g)i-dle", "dle"])
def test_a_name_with_signs_is_offered_however_it_is_typed(typed: str) -> None:
    offered = [Spelling(1, "(G)I-DLE", "(G)I-DLE"), Spelling(2, "TWICE", "TWICE")]
    assert [spelling.id for spelling in suggestions(typed, offered, 5)] == [1]


def test_of_two_thousand_names_some_are_offered_at_once() -> None:
    chance = random.Random(3)
    names = ["".join(chance.choices("abcdefghijklmnoprstuyz", k=8)) for _ in range(2000)]
    spellings = [
        Spelling(number, name, name + more) for number, name in enumerate(names) for more in ("", "쯔위", " Park")
    ]
    began = time.process_time()
    for typed in ("", "tz", "tzuyo", names[1234][:6], "쯔"):
        found = suggestions(typed, spellings, 25)
        assert len(found) == len({one.id for one in found}) <= 25
    assert suggestions(names[1234][:7] + "q", spellings, 25)[0].name == names[1234]
    assert time.process_time() - began < 3, "Discord waits three seconds for one"


def test_typing_errors_are_looked_for_only_where_too_little_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    partial_ratio = fuzz.partial_ratio

    def counted(wanted: str, loose: str, *, score_cutoff: float) -> float:
        compared.append(loose)
        return partial_ratio(wanted, loose, score_cutoff=score_cutoff)

    monkeypatch.setattr(fuzz, "partial_ratio", counted)
    spellings = [Spelling(number, f"tzu{number}", f"tzu{number}") for number in range(30)]
    spellings.append(Spelling(99, "tsuyu", "tsuyu"))
    assert len(suggestions("tzu", spellings, 25)) == 25
    assert compared == []
    assert "tsuyu" in {one.name for one in suggestions("tzuyu", spellings, 31)}
    assert len(compared) == 31


def test_errors_show_names_as_they_are() -> None:
    assert r"“\<\@1\>”. I know: fromis\_9." in render_for_discord(UnknownGroupError("<@1>", ["fromis_9"]).message)


def test_a_keystroke_in_the_largest_server_computes_no_form_anew() -> None:
    quotas = Settings().quotas
    named = [
        *(quotas[Quota.MEMBERS] + quotas[Quota.GROUPS]) * [1 + MAX_ALIASES],
        *10_000 * [3],  # of a shared roster
    ]
    number = itertools.count()
    spellings = [
        Spelling(one, f"Name {one}", f"이름 {next(number)}") for one, count in enumerate(named) for _ in range(count)
    ]
    assert len(spellings) == 87_200
    forms = names._forms  # pyright: ignore[reportPrivateUsage]
    try:
        assert suggestions("q", spellings, 25) == []
        computed = forms.cache_info().misses
        assert suggestions("qu", spellings, 25) == []
        assert forms.cache_info().misses == computed
    finally:
        forms.cache_clear()
