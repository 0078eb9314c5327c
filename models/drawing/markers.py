"""The markers of a tagged picture: outline, stem, badge and label plate, with their colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from models.drawing.fonts import font
from models.faces import Box, ConfidenceBand

Colour = tuple[int, int, int]
_Strokes = list[tuple[int, int]]

COLOURS: Final[dict[ConfidenceBand, Colour]] = {
    ConfidenceBand.SURE: (61, 220, 151),
    ConfidenceBand.UNSURE: (255, 107, 87),
    ConfidenceBand.UNKNOWN: (190, 196, 206),
}
"""Colours by band, distinct for colour-blind eyes: a bluish green, an orange red, and the green is lighter. The line (whole,
dashed, corners alone) and the badge (disc, ring, square) show the band without colour."""

SPACE: Final = 0.42
"""The space between the parts of a label, in letter sizes."""

_PLATE: Final = (24, 25, 30)
_TEXT: Final = (255, 255, 255)
_PLATE_OPACITY: Final = 225
_FINE: Final = 4


@dataclass(frozen=True, slots=True)
class MeasuredLabel:
    """A label before its placement: its texts, letter size, badge and plate (width, height), in pixels."""

    text: str
    detail: str
    letters: int
    badge: tuple[int, int]
    size: tuple[int, int]


def digit_size(letters: int) -> int:
    """The size of a badge's digits for letters of size `letters`, in pixels."""
    return max(9, round(letters * 0.82))


def _rounded(size: tuple[int, int], radius: float) -> Image.Image:
    """A smooth mask of a rounded rectangle, drawn four times as large and reduced."""
    fine = Image.new("L", (size[0] * _FINE, size[1] * _FINE))
    box = (0, 0, fine.width - 1, fine.height - 1)
    ImageDraw.Draw(fine).rounded_rectangle(box, radius * _FINE, fill=255)
    return fine.reduce(_FINE)


def paint_label(image: Image.Image, spot: Box, label: MeasuredLabel, number: int, band: ConfidenceBand) -> None:
    """Paint the plate with badge, name and confidence into `spot`."""
    letters, (width, height) = label.letters, label.size
    mask = _rounded((width, height), height / 2)
    blur = max(2, round(letters * 0.22))
    shadow = Image.new("L", (width + 6 * blur, height + 6 * blur))
    shadow.paste(mask.point(lambda level: level * 0.45), (3 * blur, 3 * blur))
    shadow = shadow.filter(ImageFilter.GaussianBlur(blur))
    image.paste((0, 0, 0), (spot.left - 3 * blur, spot.top - 3 * blur + max(1, blur // 2)), shadow)
    image.paste(_PLATE, (spot.left, spot.top), mask.point(lambda level: level * _PLATE_OPACITY / 255))
    inset = (height - label.badge[1]) // 2
    _paint_badge(image, (spot.left + inset, spot.top + inset), label, number, band)
    pen = ImageDraw.Draw(image)
    baseline = spot.top + height / 2 + _cap_height(letters) / 2
    x = spot.left + inset + label.badge[0] + letters * SPACE
    face = font(letters)
    if label.text:
        pen.text((x, baseline), label.text, _TEXT, face, "ls", stroke_width=letters * 0.012)
        x += face.getlength(label.text) + letters * SPACE
    if label.detail:
        pen.text((x, baseline), label.detail, COLOURS[band], face, "ls")


def paint_badge(image: Image.Image, spot: Box, label: MeasuredLabel, number: int, band: ConfidenceBand) -> None:
    """Paint the number alone into `spot`, for a label without room."""
    rim = (spot.width + 4, spot.height + 4)
    image.paste(_PLATE, (spot.left - 2, spot.top - 2), _rounded(rim, rim[1] / 2))
    _paint_badge(image, (spot.left, spot.top), label, number, band)


def _paint_badge(
    image: Image.Image, corner: tuple[int, int], label: MeasuredLabel, number: int, band: ConfidenceBand
) -> None:
    """Paint a disc, ring or square by band, with the number in it."""
    width, height = label.badge
    colour = COLOURS[band]
    image.paste(colour, corner, _rounded((width, height), height * (0.28 if band is ConfidenceBand.UNKNOWN else 0.5)))
    if band is ConfidenceBand.UNSURE:
        rim = max(2, round(height * 0.1))
        inner = (width - 2 * rim, height - 2 * rim)
        image.paste(_PLATE, (corner[0] + rim, corner[1] + rim), _rounded(inner, inner[1] / 2))
    digits = digit_size(label.letters)
    ImageDraw.Draw(image).text(
        (corner[0] + width / 2, corner[1] + height / 2 + _cap_height(digits) / 2),
        str(number),
        colour if band is ConfidenceBand.UNSURE else _PLATE,
        font(digits),
        "ms",
        stroke_width=digits * 0.025,
    )


def _cap_height(letters: int) -> float:
    return letters * 0.733


def paint_outline(image: Image.Image, box: Box, band: ConfidenceBand, line: int) -> None:
    """Paint a rounded box, whole, dashed or as corners by band, over a faint dark rim for bright backgrounds."""
    radius = max(line + 1, min(round(min(box.width, box.height) * 0.14), 7 * line))
    if min(box.width, box.height) < 2 * radius + 2:
        ImageDraw.Draw(image).rectangle((box.left, box.top, box.right - 1, box.bottom - 1), outline=COLOURS[band])
        return
    drawn = (
        edge_strokes(radius, box.width - radius, line, band),
        edge_strokes(radius, box.height - radius, line, band),
    )
    rim = _outline((box.width, box.height), line, radius, drawn, grown=1)
    image.paste((0, 0, 0), (box.left - 1, box.top - 1), rim.point(lambda level: level * 0.45))
    image.paste(COLOURS[band], (box.left, box.top), _outline((box.width, box.height), line, radius, drawn, grown=0))


def _outline(
    size: tuple[int, int], line: int, radius: int, strokes: tuple[_Strokes, _Strokes], *, grown: int
) -> Image.Image:
    """The mask of a box's line, `grown` pixels wider on all sides.

    `strokes`: along the horizontal and the vertical edges, on whole pixels. Only the corners are smooth.
    """
    width, height = size[0] + 2 * grown, size[1] + 2 * grown
    line += 2 * grown
    radius += grown
    mask = Image.new("L", (width, height))
    ring = Image.new("L", (2 * radius * _FINE, 2 * radius * _FINE))
    ImageDraw.Draw(ring).ellipse((0, 0, ring.width - 1, ring.height - 1), outline=255, width=line * _FINE)
    ring = ring.reduce(_FINE)
    for x, left in ((0, 0), (radius, width - radius)):
        for y, top in ((0, 0), (radius, height - radius)):
            mask.paste(ring.crop((x, y, x + radius, y + radius)), (left, top))
    pen = ImageDraw.Draw(mask)
    for start, end in strokes[0]:
        for top in (0, height - line):
            pen.rectangle((start, top, end + 2 * grown - 1, top + line - 1), fill=255)
    for start, end in strokes[1]:
        for left in (0, width - line):
            pen.rectangle((left, start, left + line - 1, end + 2 * grown - 1), fill=255)
    return mask


def edge_strokes(start: int, end: int, line: int, band: ConfidenceBand) -> _Strokes:
    """The strokes of a straight edge from `start` to `end`, in pixels, symmetrical."""
    span = end - start
    if band is ConfidenceBand.SURE:
        return [(start, end)]
    if band is ConfidenceBand.UNKNOWN:
        stub = round(span * 0.16)
        return [(start, start + stub), (end - stub, end)] if stub else []
    pieces = 2 * max(1, round(span / (line * 7))) + 1
    edges = np.round(np.linspace(start, end, pieces + 1)).astype(int)
    return [(int(edges[i]), int(edges[i + 1])) for i in range(1, pieces, 2)]


def paint_stem(image: Image.Image, box: Box, spot: Box, band: ConfidenceBand, line: int) -> None:
    """Paint a line from a label to its face."""
    x = _between((box.left, box.right), (spot.left, spot.right))
    y = _between((box.top, box.bottom), (spot.top, spot.bottom))
    left, top = min(x) - line, min(y) - line
    fine = Image.new("L", ((max(x) - left + line + 1) * _FINE, (max(y) - top + line + 1) * _FINE))
    path = [((column - left) * _FINE, (row - top) * _FINE) for column, row in zip(x, y, strict=True)]
    ImageDraw.Draw(fine).line(path, fill=255, width=line * _FINE)
    image.paste(COLOURS[band], (left, top), fine.reduce(_FINE))


def _between(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """The ends of a line between two spans: the middle of their common part, else their nearest ends."""
    low, high = max(one[0], other[0]), min(one[1], other[1])
    if low <= high:
        return (low + high) // 2, (low + high) // 2
    return (one[1], other[0]) if one[1] < other[0] else (one[0], other[1])
