"""The chart of a player's knowledge: all names, and no overlaps."""

from __future__ import annotations

import itertools
from io import BytesIO

import pytest
from PIL import Image

from models.drawing.fonts import drawable
from models.drawing.quiz_stats import ROWS, ConfusedPair, MemberKnowledge, quiz_stats_chart
from models.drawing.theme import BACKGROUND_COLOUR, BLUE, EMPTY, ORANGE, PAGE_WIDTH
from tests.support.drawn import drawings

LONG = "A stage name that is much too long for its column"
NAMES = ("Sana", "쯔위", "さな", "周子瑜", "Rm", LONG, LONG, "Jeongyeon", "Mina")
STABILITIES = (0.02, 0.5, 2.3, 8.0, 31.0, 120.0, 364.0, 4000.0, None)


def known(name: str, stability: float | None) -> MemberKnowledge:
    seen = 0 if stability is None else 123
    return MemberKnowledge(
        name, stability, seen, seen, "not asked yet" if stability is None else "11 months", "in 11 months"
    )


def members(count: int = len(NAMES)) -> list[MemberKnowledge]:
    return [known(NAMES[place % len(NAMES)], STABILITIES[place % len(NAMES)]) for place in range(count)]


@pytest.mark.parametrize("count", [0, 1, len(NAMES), ROWS + 7])
@pytest.mark.parametrize("mixed_up", [[], [ConfusedPair("Sana", "쯔위", 9), ConfusedPair(LONG, LONG, 1000)]])
def test_every_name_is_there_and_nothing_overlaps(count: int, mixed_up: list[ConfusedPair]) -> None:
    with drawings() as drawn:
        quiz_stats_chart(f"{LONG}: whom you know, {LONG}", members(count), mixed_up)
    (picture,) = drawn
    picture.check()
    assert picture.size[0] == PAGE_WIDTH
    for member in members(count)[:ROWS]:
        name = drawable(member.name)
        assert any(words == name or (words.endswith("...") and name.startswith(words[:-3])) for words in picture.words)
    assert ("and 7 more" in picture.words) == (count > ROWS)
    assert ("Sana ↔ 쯔위" in picture.words) == bool(mixed_up)


def test_bars_grow_with_stability() -> None:
    png = quiz_stats_chart("TWICE", members(), [ConfusedPair("Sana", "Mina", 2)])
    with Image.open(BytesIO(png)) as picture:
        pixels = picture.convert("RGB").load()
        assert pixels is not None
        rows = [[pixels[x, y] for x in range(picture.width)] for y in range(picture.height)]
    blue: list[int] = []
    for above, row in itertools.pairwise(rows):
        # The first row of pixels of each bar's rectangle.
        if (BLUE in row or EMPTY in row) and BLUE not in above and EMPTY not in above:
            blue.append(row.count(BLUE))
    assert len(blue) == len(STABILITIES)
    assert blue[:-2] == sorted(set(blue[:-2]))
    assert blue[-2] == max(blue)
    assert blue[-1] == 0
    assert any(ORANGE in row for row in rows)
    assert rows[0][0] == BACKGROUND_COLOUR
