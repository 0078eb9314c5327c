"""The texts that are drawn into a picture, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from PIL import ImageDraw

if TYPE_CHECKING:
    import pytest

LARGE = 1000
"""Pixels of width of what is a picture: whether the font has a glyph is tried on little ones."""

Rectangle = tuple[float, float, float, float]


@dataclass
class Written:
    """The texts of a picture with their boxes (left, top, right, bottom), in pixels."""

    texts: list[tuple[str, Rectangle]] = field(default_factory=list)

    @classmethod
    def watch(cls, monkeypatch: pytest.MonkeyPatch) -> Written:
        """Sees every text from now on."""
        seen = cls()
        text = ImageDraw.ImageDraw.text

        def spy(draw: Any, xy: Any, words: Any, fill: Any = None, font: Any = None, anchor: Any = None) -> None:
            if draw.im.size[0] >= LARGE:
                seen.texts.append((words, draw.textbbox(xy, words, font=font, anchor=anchor)))
            text(draw, xy, words, fill, font, anchor)

        monkeypatch.setattr(ImageDraw.ImageDraw, "text", spy)
        return seen

    def boxes(self, words: str) -> list[Rectangle]:
        """Where this text is."""
        return [box for text, box in self.texts if text == words]

    def check(self, shape: tuple[int, ...], margin: int = 16) -> None:
        """All of them lie within a picture (h, w, ...), off its edges, and none overlap."""
        for words, (left, top, right, bottom) in self.texts:
            assert margin <= left < right <= shape[1] - margin, words
            assert margin <= top < bottom <= shape[0] - margin, words
        for (one, a), (other, b) in combinations(self.texts, 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one, other)
