"""The chart of screen time: its bars lie at the spans of each person."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from models.drawing.charts import ScreenTime, axis_ticks, screen_time_chart

BLUE, GREY = (86, 160, 255), (150, 156, 168)


def drawn(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def columns(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """The columns of the picture with this colour."""
    return np.flatnonzero((pixels == colour).all(axis=2).any(axis=0))


@pytest.mark.parametrize("seed", range(6))
def test_bars_are_as_long_as_their_spans(seed: int) -> None:
    """The second chart's bar lies at its span within the first chart's, which is of the whole clip."""
    chance = np.random.default_rng(seed)
    length = float(chance.uniform(2, 600))
    start, end = sorted(chance.uniform(0, length, size=2).tolist())
    whole, part = (
        columns(drawn(screen_time_chart("t", length, [ScreenTime("Sana", (span,), "1:39", known=True)], str)), BLUE)
        for span in ((0.0, length), (start, end))
    )
    wide = whole[-1] - whole[0]
    assert wide > 600
    assert abs((part[0] - whole[0]) / wide - start / length) < 0.01
    assert abs((part[-1] - whole[0]) / wide - end / length) < 0.01


@pytest.mark.parametrize(("people", "lines"), [(0, 1), (1, 1), (14, 14), (15, 14), (60, 14)])
def test_it_grows_by_a_row_for_each_of_fourteen_people(people: int, lines: int) -> None:
    everybody = [ScreenTime(f"M{n}", ((0.0, 1.0),), "1.0 s", known=True) for n in range(people)]
    picture = Image.open(BytesIO(screen_time_chart("t", 60.0, everybody, str)))
    more = Image.open(BytesIO(screen_time_chart("t", 60.0, everybody[:14], str)))
    assert picture.width == 1100
    assert more.height == 52 * lines + 152
    assert (picture.height > more.height) == (people > 14)


def test_strangers_are_grey_and_short_spans_are_visible() -> None:
    pixels = drawn(screen_time_chart("t", 600.0, [ScreenTime("?", ((300.0, 300.02),), "0.0 s", known=False)], str))
    assert len(columns(pixels, BLUE)) == 0
    assert len(columns(pixels, GREY)) >= 3


@pytest.mark.parametrize("name", ["쯔위", "Tzuyu " * 40, "a\nb", "\u202eevil", ""])
def test_any_name_and_any_length_make_a_picture_of_one_width(name: str) -> None:
    for length in (0.0, 0.04, 3600.0):
        chart = screen_time_chart(name, length, [ScreenTime(name, ((0.0, 9e9),), "9e9 s", known=True)], str)
        pixels = drawn(chart)
        assert pixels.shape[1] == 1100
        assert len(columns(pixels, BLUE)) > 0


@pytest.mark.parametrize("length", [0.5, 1, 2.2, 7.9, 60, 61, 599, 600, 3599, 36000])
def test_an_axis_has_a_few_marks(length: float) -> None:
    marks = list(axis_ticks(length))
    assert marks[0] == 0
    assert marks[-1] <= length
    assert len(marks) <= 11
    assert len(marks) >= min(3, int(length) + 1)
