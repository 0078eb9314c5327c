"""Records each text drawn and its final position, also when it is rotated or pasted."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image, ImageDraw

Rectangle = tuple[float, float, float, float]

SLACK = 1.0
"""Pixels by which boxes may touch: they are rounded."""


@dataclass(frozen=True)
class DrawnText:
    """A text that was drawn, and the box of its ink (left, top, right, bottom). `whole`: nothing of it was cut off."""

    text: str
    box: Rectangle
    whole: bool


@dataclass
class Drawing:
    """A picture that was saved: its size and all texts in it."""

    size: tuple[int, int]
    texts: list[DrawnText] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return [text.text for text in self.texts]

    def check(self, *, margin: int = 8) -> None:
        """Every text lies whole within the picture, `margin` pixels from its edge, and none on another."""
        width, height = self.size
        cut = [one for one in self.texts if not one.whole or not _within(one.box, self.size, margin)]
        assert not cut, f"cut off in {width}×{height}: {cut}"
        overlaps = [
            (one.text, other.text)
            for place, one in enumerate(self.texts)
            for other in self.texts[place + 1 :]
            if _overlap(one.box, other.box)
        ]
        assert not overlaps, overlaps


@contextmanager
def drawings() -> Generator[list[Drawing]]:
    """The pictures with texts that are saved while this lasts."""
    saved: list[Drawing] = []
    # Pictures can't be hashed; they are kept so that no other gets the same id.
    seen: dict[int, tuple[Image.Image, list[DrawnText]]] = {}
    text, rotate, paste, save = ImageDraw.ImageDraw.text, Image.Image.rotate, Image.Image.paste, Image.Image.save

    def of(image: Image.Image) -> list[DrawnText]:
        return seen.setdefault(id(image), (image, []))[1]

    def see_text(draw: Any, xy: tuple[float, float], words: str, *parts: Any, **named: Any) -> None:
        text(draw, xy, words, *parts, **named)
        style = {"font": parts[1] if len(parts) > 1 else named.get("font"), "anchor": named.get("anchor")}
        box = draw.textbbox(xy, words, **style)
        if words.strip():
            of(draw._image).append(DrawnText(words, box, _within(box, draw._image.size, 0)))

    def see_rotate(image: Image.Image, angle: float, *parts: Any, **named: Any) -> Image.Image:
        turned = rotate(image, angle, *parts, **named)
        for one in of(image):
            assert angle == 90, "texts are turned to run upward"
            left, top, right, bottom = one.box
            of(turned).append(DrawnText(one.text, (top, image.width - right, bottom, image.width - left), one.whole))
        return turned

    def see_paste(image: Image.Image, other: Any, box: Any = None, *parts: Any, **named: Any) -> None:
        paste(image, other, box, *parts, **named)
        if isinstance(other, Image.Image):
            x, y = (box or (0, 0))[:2]
            for one in of(other):
                left, top, right, bottom = one.box
                of(image).append(DrawnText(one.text, (left + x, top + y, right + x, bottom + y), one.whole))

    def see_save(image: Image.Image, *parts: Any, **named: Any) -> None:
        save(image, *parts, **named)
        if texts := of(image):
            saved.append(Drawing(image.size, list(texts)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageDraw.ImageDraw, "text", see_text)
        patch.setattr(Image.Image, "rotate", see_rotate)
        patch.setattr(Image.Image, "paste", see_paste)
        patch.setattr(Image.Image, "save", see_save)
        yield saved


def _within(box: Rectangle, size: tuple[int, int], margin: int) -> bool:
    left, top, right, bottom = box
    return (
        left >= margin - SLACK
        and top >= margin - SLACK
        and right <= size[0] - margin + SLACK
        and bottom <= size[1] - margin + SLACK
    )


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > SLACK and down > SLACK
