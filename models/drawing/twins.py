"""Pictures of look-alikes: a pair, a group's distances as a heat map, and a member with the nearest others."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from models.drawing.fonts import drawable, font, shorten
from models.drawing.theme import (
    BACKGROUND_COLOUR,
    BLUE,
    DIM,
    EMPTY,
    GAP,
    LIGHT,
    PAGE_WIDTH,
    SMALL_TEXT_SIZE,
    TEXT_SIZE,
    content_top,
    draw_vertical_text,
    heat_colour,
    page,
    paste_face,
    text_colour_on,
    to_png,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from models.faces import Picture

MAX_MATRIX_MEMBERS: Final = 40

_LARGE: Final = 40
_BAR: Final = 14
_RADIUS: Final = 28
_STEP: Final = 198
_MIN_WIDTH: Final = 800
_ASKED: Final = 320
_NEAR: Final = 176
_NAME: Final = 24
_LABEL: Final = 170
_CELL: Final = 96
_READABLE: Final = 32
"""The smallest cell with a number, in pixels."""

_LEGEND: Final = 240


@dataclass(frozen=True, slots=True, eq=False)
class MemberPortrait:
    """A member in a picture: a square face ((h, w, 3) uint8), or the initial where it is None."""

    name: str
    group: str
    face: Picture | None


@dataclass(frozen=True, slots=True, eq=False)
class LookAlikePortrait:
    """A look-alike: the portrait, the distance in [0, 1], and its meaning in words."""

    portrait: MemberPortrait
    distance: float
    words: str


def pair_picture(title: str, subtitle: str, asked: MemberPortrait, other: LookAlikePortrait) -> bytes:
    """A PNG: two members with their names, and their likeness in words and on a scale."""
    side = (PAGE_WIDTH - 3 * GAP) // 2
    top = content_top(subtitle)
    image, draw = page(PAGE_WIDTH, top + side + 9 * GAP, title, subtitle)
    for portrait, left in ((asked, GAP), (other.portrait, PAGE_WIDTH - GAP - side)):
        _draw_portrait(image, portrait, (left, top), side)
        middle = left + side / 2
        draw.text(
            (middle, top + side + GAP), _fitting(portrait.name, TEXT_SIZE, side), LIGHT, font(TEXT_SIZE), anchor="mm"
        )
        group = _fitting(portrait.group, SMALL_TEXT_SIZE, side)
        draw.text((middle, top + side + 2 * GAP), group, DIM, font(SMALL_TEXT_SIZE), anchor="mm")
    y = top + side + 4 * GAP
    draw.text((PAGE_WIDTH / 2, y), other.words, LIGHT, font(_LARGE), anchor="mm")
    y += 2 * GAP
    wide = PAGE_WIDTH - 2 * GAP
    _draw_scale(draw, (GAP, y, PAGE_WIDTH - GAP, y + _BAR))
    at = GAP + wide * min(max(other.distance, 0.0), 1.0)
    draw.rectangle((at - 4, y - 8, at + 4, y + _BAR + 8), LIGHT, BACKGROUND_COLOUR, 2)
    ends = y + _BAR + GAP
    draw.text((GAP, ends), "the same face", DIM, font(SMALL_TEXT_SIZE), anchor="lm")
    draw.text((PAGE_WIDTH / 2, ends), "any two idols", DIM, font(SMALL_TEXT_SIZE), anchor="mm")
    draw.text((PAGE_WIDTH - GAP, ends), "opposites", DIM, font(SMALL_TEXT_SIZE), anchor="rm")
    return to_png(image)


def nearest_picture(title: str, subtitle: str, asked: MemberPortrait, near: Sequence[LookAlikePortrait]) -> bytes:
    """A PNG: a member on the left, and the look-alikes in a row, the nearest first."""
    top, left = content_top(subtitle), GAP + _ASKED + 3 * GAP // 2
    wide = max(_MIN_WIDTH, left + (len(near) - 1) * _STEP + _NEAR + GAP)
    image, draw = page(wide, top + _ASKED + 7 * GAP // 2, title, subtitle)
    _draw_portrait(image, asked, (GAP, top), _ASKED)
    middle = GAP + _ASKED / 2
    draw.text(
        (middle, top + _ASKED + GAP), _fitting(asked.name, TEXT_SIZE, _ASKED), LIGHT, font(TEXT_SIZE), anchor="mm"
    )
    group = _fitting(asked.group, SMALL_TEXT_SIZE, _ASKED)
    draw.text((middle, top + _ASKED + 2 * GAP), group, DIM, font(SMALL_TEXT_SIZE), anchor="mm")
    for number, look_alike in enumerate(near):
        x = left + number * _STEP
        _draw_portrait(image, look_alike.portrait, (x, top), _NEAR)
        y = top + _NEAR + GAP // 2
        draw.rectangle((x, y, x + _NEAR - 1, y + _BAR), EMPTY)
        draw.rectangle((x, y, x + (_NEAR - 1) * (1 - look_alike.distance), y + _BAR), BLUE)
        lines = (
            (look_alike.portrait.name, _NAME, LIGHT),
            (look_alike.portrait.group, SMALL_TEXT_SIZE, DIM),
            (look_alike.words, SMALL_TEXT_SIZE, LIGHT),
        )
        y += _BAR + GAP
        for words, letters, ink in lines:
            draw.text((x + _NEAR / 2, y), _fitting(words, letters, _NEAR), ink, font(letters), anchor="mm")
            y += GAP
    return to_png(image)


def matrix_picture(
    title: str,
    subtitle: str,
    names: Sequence[str],
    normalised: NDArray[np.float64],
    euclidean: NDArray[np.float64],
) -> bytes:
    """A PNG of two distance matrices (m, m): the normalised one below the diagonal, the Euclidean one above.

    Yellow is near. The nearest pair of each has a frame. `names`: (m,), `MAX_MATRIX_MEMBERS` at most.
    """
    count = len(names)
    room = PAGE_WIDTH - 2 * GAP - _LABEL
    cell = min(_CELL, room // max(count, 1))
    letters = min(SMALL_TEXT_SIZE, max(12, round(cell * 0.5)))
    fits = [shorten(drawable(name), letters, _LABEL - 16) for name in names]
    label = round(max((font(letters).getlength(name) for name in fits), default=0.0)) + 16
    top = content_top(subtitle) + label
    left = (PAGE_WIDTH - label - count * cell) // 2 + label
    image, draw = page(PAGE_WIDTH, top + count * cell + 4 * GAP + SMALL_TEXT_SIZE, title, subtitle)
    for place, name in enumerate(fits):
        draw_vertical_text(image, (left + place * cell, top - label), (cell, label - 12), name, letters)
        draw.text((left - 12, top + (place + 0.5) * cell), name, LIGHT, font(letters), anchor="rm")
        draw.rectangle(_cell(left, top, cell, place, place), EMPTY)
    legend = top + count * cell + GAP
    for apart, lower, x, words in (
        (normalised, True, GAP, "below the diagonal: distance as I tell faces apart"),
        (euclidean, False, PAGE_WIDTH // 2 + GAP // 2, "above: plain distance of encodings"),
    ):
        found = [(float(apart[row, column]), row, column) for row in range(count) for column in range(row)]
        if not found:
            continue
        (near, *_), (far, *_) = min(found), max(found)
        for distance, row, column in found:
            box = _cell(left, top, cell, *((row, column) if lower else (column, row)))
            colour = heat_colour(1 - (distance - near) / (far - near) if far > near else 1.0)
            draw.rectangle(box, colour)
            if distance == near:
                draw.rectangle(box, None, LIGHT, max(2, cell // 24))
            if cell >= _READABLE:
                middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
                number = f"{distance:.2f}".removeprefix("0") if cell < 48 else f"{distance:.2f}"
                draw.text(middle, number, text_colour_on(colour), font(max(12, round(letters * 0.8))), anchor="mm")
        draw.text((x, legend), words, DIM, font(SMALL_TEXT_SIZE))
        y = legend + SMALL_TEXT_SIZE + GAP // 2
        scale = f"{near:.2f}", f"{far:.2f}"
        wide = font(SMALL_TEXT_SIZE).getlength(scale[0]) + 12
        draw.text((x, y + _BAR / 2), scale[0], LIGHT, font(SMALL_TEXT_SIZE), anchor="lm")
        _draw_scale(draw, (x + wide, y, x + wide + _LEGEND, y + _BAR))
        draw.text((x + wide + _LEGEND + 12, y + _BAR / 2), scale[1], LIGHT, font(SMALL_TEXT_SIZE), anchor="lm")
    return to_png(image)


def stacked(pictures: Sequence[bytes]) -> bytes:
    """A PNG of dark pictures, one below the other. Raises ValueError without pictures."""
    opened = [Image.open(BytesIO(picture)) for picture in pictures]
    image = Image.new(
        "RGB", (max(picture.width for picture in opened), sum(picture.height for picture in opened)), BACKGROUND_COLOUR
    )
    y = 0
    for picture in opened:
        image.paste(picture, (0, y))
        y += picture.height
    return to_png(image)


def _draw_portrait(image: Image.Image, portrait: MemberPortrait, corner: tuple[int, int], side: int) -> None:
    x, y = corner
    if portrait.face is not None:
        paste_face(image, portrait.face, corner, side, _RADIUS)
        return
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((x, y, x + side - 1, y + side - 1), _RADIUS, EMPTY)
    initial = drawable(portrait.name)[:1]
    draw.text((x + side / 2, y + side / 2), initial, DIM, font(side // 2), anchor="mm")


def _draw_scale(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float]) -> None:
    """Draw a bar from yellow (near) to dark blue."""
    left, top, right, bottom = box
    for x in range(round(left), round(right) + 1):
        draw.line((x, top, x, bottom), heat_colour((right - x) / (right - left)))


def _cell(left: int, top: int, cell: int, row: int, column: int) -> tuple[int, int, int, int]:
    x, y = left + column * cell, top + row * cell
    return x, y, x + cell - 3, y + cell - 3


def _fitting(text: str, letters: int, width: float) -> str:
    return shorten(drawable(text), letters, width)
