"""Names: what is taken, and how it is shown."""

from __future__ import annotations

import pytest

from bot.errors import PersonError, UnknownGroupError
from bot.names import LONGEST_NAME, checked_name
from bot.wording import plain


@pytest.mark.parametrize("name", ["Tzuyu", "쯔위", "ツウィ", "(G)I-DLE", "i❤️you", "fromis_9", "é", "x" * LONGEST_NAME])
def test_a_name_is_taken(name: str) -> None:
    assert checked_name(f"  {name}\n") == name


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


def test_errors_show_names_as_they_are() -> None:
    assert r"“\<\@1\>”. I know: fromis\_9." in str(UnknownGroupError("<@1>", ["fromis_9"]))
