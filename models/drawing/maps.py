"""A map of a group as a picture: round faces where the map has them, names where there is room, outliers in dashed rings."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from models.drawing.fonts import drawable, font, shorten
from models.drawing.theme import (
    BACKGROUND_COLOUR,
    DIM,
    EMPTY,
    GAP,
    HUES,
    LIGHT,
    TEXT_SIZE,
    blend,
    content_top,
    member_colour,
    page,
    paste_face,
    to_png,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.drawing.theme import Colour
    from models.faces import Picture
    from models.similarity.maps import FaceMap

    Points = NDArray[np.float64]
    """(n, 2) float64, pixels to the right and down."""

    Area = tuple[float, float, float, float]
    """(left, top, right, bottom), pixels."""

_ACROSS: Final = 1440
_DOWN: Final = 1240
"""Pixels of the picture's width, and of the height of the map in it."""

_LARGEST: Final = 150
_FULL: Final = 0.33
"""The share of the map that thumbnails fill, where they aren't at their largest."""

_BETWEEN: Final = 4
"""Pixels between two thumbnails at least."""

_PUSHES: Final = 400
"""Rounds in which thumbnails push each other apart; three hundred at one place take nearly all of them."""

_SHOWN: Final = 0.8
"""Of the side of a crop, which has much around the face."""

_LABEL: Final = 22
_LONGEST: Final = 300
_ROW: Final = 46
_SWATCH: Final = 28
_FINE: Final = 4
_DASHES: Final = 9
_OUTLIER: Final = "dashed: looks unlike the other photos of that name"
_GOLDEN: Final = pi * (3 - sqrt(5))


@dataclass(frozen=True, slots=True)
class _Text:
    """A text to be written: the box that it takes, its size and its colour."""

    text: str
    box: Area
    letters: int
    ink: Colour
    plate: bool = False


def map_chart(title: str, found: FaceMap, faces: Sequence[Picture | None], *, of: int | None = None) -> bytes:
    """A PNG, 1440 pixels wide: the photos of a map as thumbnails, apart where they would overlap, and a legend.

    `faces`: a square crop ((h, w, 3) uint8) for each point of the map, None where the crop is lost. `of`: the number of all
    photos where the map has only a part of them. A member's colour is `theme.member_colour`. Members from the thirteenth on
    have double rings, from the twenty-fifth on triple rings. Raises ValueError unless there is one face a point.
    """
    if len(faces) != len(found.points):
        raise ValueError(f"{len(faces)} faces for {len(found.points)} points")
    names = [shorten(drawable(place.member.name), TEXT_SIZE, _LONGEST) for place in found.places]
    subtitle = _subtitle(found, of)
    top = content_top(subtitle)
    legend, rows = _legend(names, outliers=bool(found.outliers))
    image, draw = page(_ACROSS, top + _DOWN + rows * _ROW + 2 * GAP, title, subtitle)
    centres, side = arrange(found.points, (_ACROSS - 2 * GAP, _DOWN))
    centres = centres + np.array([GAP, top])
    outliers = {outlier.photo for outlier in found.outliers}
    for number, (face, member, (x, y)) in enumerate(zip(faces, found.members.tolist(), centres.tolist(), strict=True)):
        _draw_thumbnail(image, face, (round(x - side / 2), round(y - side / 2)), side, member, number in outliers)
    frame = (GAP, top, _ACROSS - GAP, top + _DOWN)
    for text in _written(found, names, outliers, centres, side, frame):
        if text.plate:
            draw.rounded_rectangle(text.box, 6, BACKGROUND_COLOUR)
        draw.text(_middle(text.box), text.text, text.ink, font(text.letters), anchor="mm")
    for member, (x, y, words) in enumerate(legend):
        middle = top + _DOWN + GAP + y + _ROW / 2
        corner = (x, round(middle - _SWATCH / 2))
        if member < len(names):
            _draw_ring(image, corner, _SWATCH, member, dashed=False)
        draw.text(
            (x + (_SWATCH + 10) * (member < len(names)), middle),
            words,
            LIGHT if member < len(names) else DIM,
            font(TEXT_SIZE),
            anchor="lm",
        )
    return to_png(image)


def arrange(points: Points, size: tuple[int, int]) -> tuple[Points, int]:
    """Where thumbnails stand in a room of `size` (width, height) pixels, and how wide they are: centres (n, 2) and pixels.

    `points`: (n, 2), y upward. They are scaled to the room; then thumbnails that would overlap push each other apart, and where
    they leave the room by that, all of it shrinks, thumbnails too. None overlap, and all lie within.
    """
    side = min(_LARGEST, int(sqrt(_FULL * size[0] * size[1] / len(points))))
    room = np.array(size) - (side + 2)
    centres = _scaled(points * (1, -1), room, most=np.inf)
    centres = _pushed_apart(centres, side + _BETWEEN)
    centres = _scaled(centres, room, most=1.0)
    distances: NDArray[np.float64] = np.linalg.norm(centres[:, None] - centres, axis=2)
    np.fill_diagonal(distances, np.inf)
    # Rounded to whole pixels, each may come nearer by one.
    return centres + np.array(size) / 2, max(4, min(side, int(distances.min()) - 2))


def _scaled(points: Points, room: NDArray[np.int64], *, most: float) -> Points:
    """Points around the origin, as large as `room` (width, height) takes them, but enlarged `most` times at most."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(float((room / np.maximum(high - low, 1e-9)).min()), most)
    return (points - (low + high) / 2) * scale


def _pushed_apart(centres: Points, wanted: float) -> Points:
    """Centres that have pushed each other until any two are `wanted` pixels apart, or nearly, where they are many."""
    # Two at one place part when each also goes a little in a direction of its own.
    turn = _GOLDEN * np.arange(len(centres))
    aside = 0.1 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for _ in range(_PUSHES):
        away = centres[:, None] - centres
        distances: NDArray[np.float64] = np.linalg.norm(away, axis=2)
        np.fill_diagonal(distances, np.inf)
        too_near = np.maximum(wanted - distances, 0)
        if too_near.max() < 1:
            break
        step = 0.45 * (away * (too_near / np.maximum(distances, 1e-6))[:, :, None]).sum(axis=1)
        # A thumbnail in a crowd has many neighbours, which would together throw it far out.
        lengths: NDArray[np.float64] = np.linalg.norm(step, axis=1, keepdims=True)
        step *= np.minimum(1, wanted / 3 / np.maximum(lengths, 1e-6))
        centres = centres + step + aside * (too_near.max(axis=1, keepdims=True) > 0)
    return centres


def _subtitle(found: FaceMap, of: int | None) -> str:
    photos = f"{len(found.points)} photo{'' if len(found.points) == 1 else 's'}"
    if of is not None:
        photos = f"{len(found.points)} of {of} photos, of each member the first ones"
    kept = (
        f" (shows {100 * found.explained_variance:.0f}% of what differs)"
        if found.explained_variance is not None
        else ""
    )
    return f"{photos} · {found.projection.label}{kept} · what lies near is alike"


def _legend(names: list[str], *, outliers: bool) -> tuple[list[tuple[int, int, str]], int]:
    """(x, y, words) of each entry below the map, and how many rows they take."""
    texts = [*names, *([_OUTLIER] if outliers else [])]
    wide = [
        round(font(TEXT_SIZE).getlength(text)) + (_SWATCH + 10) * (place < len(names))
        for place, text in enumerate(texts)
    ]
    rows = _wrapped(wide, len(wide))
    # The rows about as full as each other, rather than a single name in the last.
    rows = _wrapped(wide, -(-len(wide) // len(rows)))
    entries: list[tuple[int, int, str]] = []
    for row, places in enumerate(rows):
        x = GAP
        for place in places:
            entries.append((x, row * _ROW, texts[place]))
            x += wide[place] + GAP
    return entries, len(rows)


def _wrapped(wide: list[int], most: int) -> list[list[int]]:
    """The places of entries so many pixels wide in rows of `most` at most, none wider than the picture."""
    rows: list[list[int]] = [[]]
    x = 0
    for place, width in enumerate(wide):
        if rows[-1] and (x + width > _ACROSS - 2 * GAP or len(rows[-1]) == most):
            rows.append([])
            x = 0
        rows[-1].append(place)
        x += width + GAP
    return rows


def _written(
    found: FaceMap,
    names: list[str],
    outliers: set[int],
    centres: Points,
    side: int,
    frame: Area,
) -> list[_Text]:
    """The texts on the map: beside each outlier its name, and each member's name by the middle of the others' photos."""
    written: list[_Text] = []
    for photo in sorted(outliers):
        member = int(found.members[photo])
        name = shorten(names[member], _LABEL, 2.5 * side)
        size = _size(name, _LABEL)
        around = _around(centres[photo], side / 2 + size[1] / 2 + 2, size)
        free = [box for box in around if _fits(box, frame, written)]
        clear = [box for box in free if _clear(box, centres, side)]
        if free:
            # Rather over the outlier's own chin than over a neighbour's face.
            written.append(_Text(name, (clear or free[-1:])[0], _LABEL, _ink(member), plate=True))
    for member, name in enumerate(names):
        mine = found.members == member
        inner = mine & ~np.isin(np.arange(len(mine)), list(outliers))
        middle = centres[inner if inner.any() else mine].mean(axis=0)
        reach = float(np.linalg.norm(centres[mine] - middle, axis=1).max()) + 2 * side
        size = _size(name, TEXT_SIZE)
        for box in _near(middle, reach, size):
            nearest = int(_distances(box, centres).argmin())
            if mine[nearest] and _fits(box, frame, written) and _clear(box, centres, side):
                written.append(_Text(name, box, TEXT_SIZE, _ink(member)))
                break
    return written


def _size(text: str, letters: int) -> tuple[float, float]:
    return font(letters).getlength(text) + 10, 1.3 * letters


def _around(centre: NDArray[np.float64], away: float, size: tuple[float, float]) -> list[Area]:
    """Boxes of `size` below, above and beside a thumbnail, the last on its lower edge."""
    wide = away - size[1] / 2 + size[0] / 2
    corners = [(0, away), (0, -away), (wide, 0), (-wide, 0)]
    corners += [(x * wide * 0.8, y * away * 0.8) for y in (1, -1) for x in (1, -1)]
    corners += [(0, away - 0.7 * size[1])]
    return [_box(centre[0] + x, centre[1] + y, size) for x, y in corners]


def _near(middle: NDArray[np.float64], reach: float, size: tuple[float, float]) -> list[Area]:
    """Boxes of `size` on circles around a point, the nearest first."""
    spots = [(0.0, 0.0)]
    for radius in range(14, int(reach), 14):
        steps = max(8, radius // 6)
        turns = (-pi / 2 + 2 * pi * step / steps for step in range(steps))
        spots += [(radius * cos(turn), radius * sin(turn)) for turn in turns]
    return [_box(middle[0] + x, middle[1] + y, size) for x, y in spots]


def _box(x: float, y: float, size: tuple[float, float]) -> Area:
    return x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2


def _middle(box: Area) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _fits(box: Area, frame: Area, written: Sequence[_Text]) -> bool:
    """Whether a box lies within the frame and off every text."""
    left, top, right, bottom = box
    if left < frame[0] or top < frame[1] or right > frame[2] or bottom > frame[3]:
        return False
    return all(
        right <= text.box[0] or text.box[2] <= left or bottom <= text.box[1] or text.box[3] <= top for text in written
    )


def _distances(box: Area, centres: Points) -> NDArray[np.float64]:
    """How far each centre is from a box, in pixels: (n,)."""
    nearest = np.clip(centres, box[:2], box[2:])
    return np.asarray(np.linalg.norm(centres - nearest, axis=1))


def _clear(box: Area, centres: Points, side: int) -> bool:
    """Whether a box hides nothing of any thumbnail."""
    return bool(_distances(box, centres).min() > side / 2 + 1)


def _ink(member: int) -> Colour:
    """The member's colour, light enough for text."""
    return blend(member_colour(member), LIGHT, 0.35)


def _draw_thumbnail(
    image: Image.Image, face: Picture | None, corner: tuple[int, int], side: int, member: int, outlier: bool
) -> None:
    if face is None:
        ImageDraw.Draw(image).ellipse((*corner, corner[0] + side - 1, corner[1] + side - 1), EMPTY)
    else:
        height, width = face.shape[:2]
        across, down = round(width * (1 - _SHOWN) / 2), round(height * (1 - _SHOWN) / 2)
        paste_face(image, face[down : height - down, across : width - across], corner, side)
    _draw_ring(image, corner, side, member, dashed=outlier)


def _draw_ring(image: Image.Image, corner: tuple[int, int], side: int, member: int, *, dashed: bool) -> None:
    """The ring around a thumbnail: in the member's colour, one for the first dozen of members, two for the next."""
    wide = max(3, round(side / 14))
    fine = Image.new("L", (side * _FINE, side * _FINE))
    draw = ImageDraw.Draw(fine)
    dark = Image.new("L", fine.size)
    ImageDraw.Draw(dark).ellipse((0, 0, fine.width - 1, fine.height - 1), outline=255, width=wide * _FINE)
    for ring in range(1 + member // len(HUES) % 3):
        inset = 2 * ring * wide * _FINE * 0.8
        box = (inset, inset, fine.width - 1 - inset, fine.height - 1 - inset)
        for dash in range(_DASHES if dashed else 1):
            start = 360 / _DASHES * dash
            draw.arc(box, start, start + (220 / _DASHES if dashed else 360), 255, width=wide * _FINE)
    # Between dashes one sees the ground, not the face.
    image.paste(BACKGROUND_COLOUR, corner, dark.reduce(_FINE))
    image.paste(member_colour(member), corner, fine.reduce(_FINE))
