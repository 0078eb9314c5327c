"""The tagged picture with a box, a number, a name and a confidence on each face; and the face crops of a roster."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from itertools import product
from math import ceil, sqrt
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from models.drawing.fonts import drawable, font, shorten
from models.drawing.layout import is_beside, place_labels
from models.drawing.markers import SPACE, MeasuredLabel, digit_size, paint_badge, paint_label, paint_outline, paint_stem
from models.faces import Box, ConfidenceBand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.faces import Picture

_SMALL_SIDE: Final = 800
_ENLARGED_SIDE: Final = 1200
_MAX_ENLARGEMENT: Final = 4.0
_MIN_TEXT_SIZE: Final = 12
# Shares of the side of a square with the picture's area. Discord shows a wide photo 550 px wide; there letters of the first
# share are about 12 px high, those of the last 7 px, which is still readable.
_TEXT_SHARES: Final = (0.029, 0.026, 0.0235, 0.021, 0.019)
# A picture with a larger share of labels without room is a crowd.
_CROWD: Final = 0.25
_QUALITIES: Final = (90, 82, 72, 60)
_MIN_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class FaceTag:
    """The texts on one face.

    `number`: as on the card. `box`: in pixels of the picture. `text`: the name, shortened with an ellipsis where it is too
    long. `detail`: the confidence, after the name in the band's colour, never shortened.
    """

    number: int
    box: Box
    text: str
    band: ConfidenceBand
    detail: str = ""


def tagged_jpeg(
    picture: Picture, tags: Sequence[FaceTag], *, max_side: int = 2048, max_bytes: int = 8 * 2**20
) -> bytes:
    """The tagged picture as a JPEG of `max_bytes` at most. `draw_tags` tells its size in pixels.

    Raises:
        ValueError: `picture` isn't (h, w, 3) uint8, or `max_bytes` is below 16 KiB.
    """
    return encode_jpeg(draw_tags(picture, tags, max_side=max_side), max_bytes=max_bytes)


def draw_tags(picture: Picture, tags: Sequence[FaceTag], *, max_side: int = 2048) -> Picture:
    """The tagged picture as pixels, (h', w', 3) uint8.

    The longest side has `max_side` pixels at most. A picture below 800 px is enlarged, four times at most, for readable names.

    Raises:
        ValueError: `picture` isn't (h, w, 3) uint8.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
        raise ValueError(f"a picture is (h, w, 3) uint8, not {picture.shape} {picture.dtype}")
    image, scale = _resized(Image.fromarray(picture), max_side)
    boxes = [_fitted(tag.box, scale, image.size) for tag in tags]
    widest = max(2, ceil(max(image.size) / 480))
    lines = [min(widest, max(2, round(min(box.width, box.height) / 22))) for box in boxes]
    labels, places = _arrange(image.size, tags, boxes)
    for tag, box, line in zip(tags, boxes, lines, strict=True):
        paint_outline(image, box, tag.band, line)
    for tag, box, spot, line in zip(tags, boxes, places, lines, strict=True):
        if spot is not None:
            paint_stem(image, box, spot, tag.band, line)
    taken = [spot for spot in places if spot is not None]
    for tag, box, label, spot in zip(tags, boxes, labels, places, strict=True):
        if spot is not None:
            paint_label(image, spot, label, tag.number, tag.band)
        else:
            corner = _corner(image.size, box, label.badge, taken)
            paint_badge(image, corner, label, tag.number, tag.band)
            taken.append(corner)
    return np.asarray(image)


def square_crop(picture: Picture, box: Box, *, max_side: int = 320) -> bytes:
    """The face crop for a roster, as a JPEG: a square with a margin of 40% of the box's longer side.

    `max_side`: pixels of its side at most. A crop beyond the border moves into the picture. Where the picture is smaller than
    the crop, its border is repeated.

    Raises:
        ValueError: the box has no pixels in the picture.
    """
    height, width = picture.shape[:2]
    if min(box.right, width) <= max(box.left, 0) or min(box.bottom, height) <= max(box.top, 0):
        raise ValueError(f"{box} lies outside the picture of {width}×{height}")
    side = max(1, round(1.8 * max(box.width, box.height)))
    left = _start((box.left + box.right) / 2, side, width)
    top = _start((box.top + box.bottom) / 2, side, height)
    inside = picture[max(top, 0) : top + side, max(left, 0) : left + side]
    missing = [(max(-start, 0), max(start + side - length, 0)) for start, length in ((top, height), (left, width))]
    square = Image.fromarray(np.pad(inside, (*missing, (0, 0)), "edge"))
    if side > max_side:
        square = square.resize((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=1.0)
    return _jpeg(square, 92)


def encode_jpeg(picture: Picture, *, max_bytes: int = 8 * 2**20) -> bytes:
    """`picture` ((h, w, 3) uint8) as a JPEG of `max_bytes` at most, by lower quality first, then by fewer pixels.

    Raises:
        ValueError: `max_bytes` is below 16 KiB.
    """
    if max_bytes < _MIN_BYTES:
        raise ValueError(f"no picture is worth sending in {max_bytes} bytes; allow {_MIN_BYTES}")
    image = Image.fromarray(picture)
    while True:
        for quality in _QUALITIES:
            data = _jpeg(image, quality)
            if len(data) <= max_bytes:
                return data
        smaller = tuple(max(1, round(length * 0.75)) for length in image.size)
        image = image.resize((smaller[0], smaller[1]), Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    # Chroma subsampling would blur thin coloured lines and small letters.
    image.save(out, "JPEG", quality=quality, subsampling="4:4:4")
    return out.getvalue()


def _start(middle: float, side: int, length: int) -> int:
    """The start of `side` pixels around `middle`, moved into range(length), or around all of it where it is shorter."""
    start = round(middle - side / 2)
    return min(max(start, 0), length - side) if side <= length else (length - side) // 2


def _resized(image: Image.Image, max_side: int) -> tuple[Image.Image, float]:
    longest = max(image.size)
    wanted = min(_ENLARGED_SIDE, longest * _MAX_ENLARGEMENT) if longest < _SMALL_SIDE else longest
    scale = min(wanted, max_side) / longest
    if scale == 1:
        return image, 1.0
    width, height = (max(1, round(length * scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=1.0), scale


def _fitted(box: Box, scale: float, frame: tuple[int, int]) -> Box:
    """The box scaled to the drawn picture and clipped to it, a pixel wide and high at least."""
    left = min(max(round(box.left * scale), 0), frame[0] - 1)
    top = min(max(round(box.top * scale), 0), frame[1] - 1)
    right = min(max(round(box.right * scale), left + 1), frame[0])
    bottom = min(max(round(box.bottom * scale), top + 1), frame[1])
    return Box(left, top, right, bottom)


def _corner(frame: tuple[int, int], box: Box, size: tuple[int, int], taken: Sequence[Box]) -> Box:
    """The box of a badge: centred on the first free corner or edge of a face's box, else inside it."""
    spots: list[Box] = []
    inside = (box.top + size[1], box.bottom - size[1])
    for y, x in product((box.top, box.bottom, *inside), (box.left, box.right, (box.left + box.right) // 2)):
        left = min(max(x - size[0] // 2, 0), max(0, frame[0] - size[0]))
        top = min(max(y - size[1] // 2, 0), max(0, frame[1] - size[1]))
        spots.append(Box(left, top, left + size[0], top + size[1]))
    return next((spot for spot in spots if not any(_touch(spot, other) for other in taken)), spots[0])


def _touch(box: Box, other: Box) -> bool:
    return min(box.right, other.right) > max(box.left, other.left) and min(box.bottom, other.bottom) > max(
        box.top, other.top
    )


def _gap(letters: int) -> int:
    return max(3, round(letters * 0.35))


def _arrange(
    frame: tuple[int, int], tags: Sequence[FaceTag], boxes: Sequence[Box]
) -> tuple[list[MeasuredLabel], list[Box | None]]:
    """Labels and their places, with the letter size that puts most labels beside their face and on no other.

    A crowd, where many labels find no room, gets no labels at all: numbers alone are calmer than a mixture.
    """
    if not tags:
        return [], []
    side = sqrt(frame[0] * frame[1])
    # Letters are never much larger than faces.
    most = max(0.5 * median(box.height for box in boxes), _TEXT_SHARES[-1] * side)
    sizes = {max(_MIN_TEXT_SIZE, round(min(share * side, most))) for share in _TEXT_SHARES}
    best: tuple[list[MeasuredLabel], list[Box | None]] = [], []
    best_placed = -1
    for letters in sorted(sizes, reverse=True):
        labels = [_measure(tag, letters, frame) for tag in tags]
        gap = _gap(letters)
        places = place_labels(frame, boxes, [label.size for label in labels], gap=gap)
        placed = sum(
            spot is not None and is_beside(spot, box, gap) and not any(_touch(spot, other) for other in boxes)
            for spot, box in zip(places, boxes, strict=True)
        )
        if placed > best_placed:
            best, best_placed = (labels, places), placed
        if placed == len(tags):
            break
    if best[1].count(None) > _CROWD * len(tags):
        return best[0], [None] * len(tags)
    return best


def _measure(tag: FaceTag, letters: int, frame: tuple[int, int]) -> MeasuredLabel:
    face = font(letters)
    height = round(letters * 1.7)
    inset = round(letters * 0.25)
    disc = height - 2 * inset
    badge = (max(disc, round(font(digit_size(letters)).getlength(str(tag.number)) + letters * 0.6)), disc)
    detail = drawable(tag.detail)
    after = face.getlength(detail) + letters * SPACE if detail else 0.0
    room = min(frame[0] * 0.45, letters * 16) - badge[0] - after
    text = shorten(drawable(tag.text), letters, max(letters * 3, room))
    written = face.getlength(text) + after if text else max(0.0, after - letters * SPACE)
    width = inset + badge[0] + (round(letters * (SPACE + 0.6) + written) if written else inset)
    return MeasuredLabel(text, detail, letters, badge, (width, height))
