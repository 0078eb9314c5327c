"""The picture of a group's map: round thumbnails, names, a legend, and dashed rings around outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from models.drawing.fonts import drawable, font, shorten
from models.drawing.map_layout import arrange_thumbnails, place_texts
from models.drawing.theme import (
    BACKGROUND_COLOUR,
    DIM,
    EMPTY,
    GAP,
    HUES,
    LIGHT,
    TEXT_SIZE,
    content_top,
    member_colour,
    page,
    paste_face,
    to_png,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.faces import Picture
    from models.similarity.maps import FaceMap


_ACROSS: Final = 1440
_DOWN: Final = 1240
"""Width of the picture and height of its map, in pixels."""

_SHOWN: Final = 0.8
"""The visible share of a crop's side, because crops have a wide margin around the face."""

_LONGEST: Final = 300
_ROW: Final = 46
_SWATCH: Final = 28
_FINE: Final = 4
_DASHES: Final = 9
_OUTLIER: Final = "dashed: looks unlike the other photos of that name"


def map_chart(
    title: str, face_map: FaceMap, faces: Sequence[Picture | None], *, total_photos: int | None = None
) -> bytes:
    """A PNG, 1440 pixels wide: the photos of a map as thumbnails, apart where they would overlap, and a legend.

    `faces`: a square crop ((h, w, 3) uint8) for each point of the map, None where the crop is lost. `total_photos`: the number
    of all photos where the map has only a part of them. A member's colour is `theme.member_colour`. Members from the thirteenth
    on have double rings, from the twenty-fifth on triple rings. Raises ValueError unless there is one face a point.
    """
    if len(faces) != len(face_map.points):
        raise ValueError(f"{len(faces)} faces for {len(face_map.points)} points")
    names = [shorten(drawable(place.member.name), TEXT_SIZE, _LONGEST) for place in face_map.places]
    subtitle = _subtitle(face_map, total_photos)
    top = content_top(subtitle)
    legend, rows = _legend(names, outliers=bool(face_map.outliers))
    image, draw = page(_ACROSS, top + _DOWN + rows * _ROW + 2 * GAP, title, subtitle)
    centres, side = arrange_thumbnails(face_map.points, (_ACROSS - 2 * GAP, _DOWN))
    centres = centres + np.array([GAP, top])
    outliers = {outlier.photo for outlier in face_map.outliers}
    for number, (face, member, (x, y)) in enumerate(
        zip(faces, face_map.members.tolist(), centres.tolist(), strict=True)
    ):
        _draw_thumbnail(image, face, (round(x - side / 2), round(y - side / 2)), side, member, number in outliers)
    frame = (GAP, top, _ACROSS - GAP, top + _DOWN)
    for text in place_texts(face_map, names, outliers, centres, side, frame):
        if text.plate:
            draw.rounded_rectangle(text.box, 6, BACKGROUND_COLOUR)
        draw.text(text.middle, text.text, text.ink, font(text.letters), anchor="mm")
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
    """(x, y, text) of each entry below the map, and the number of rows."""
    texts = [*names, *([_OUTLIER] if outliers else [])]
    wide = [
        round(font(TEXT_SIZE).getlength(text)) + (_SWATCH + 10) * (place < len(names))
        for place, text in enumerate(texts)
    ]
    rows = _wrapped(wide, len(wide))
    # Rows of about equal length, so that the last one has more than a single name.
    rows = _wrapped(wide, -(-len(wide) // len(rows)))
    entries: list[tuple[int, int, str]] = []
    for row, places in enumerate(rows):
        x = GAP
        for place in places:
            entries.append((x, row * _ROW, texts[place]))
            x += wide[place] + GAP
    return entries, len(rows)


def _wrapped(wide: list[int], most: int) -> list[list[int]]:
    """Indices of entries (`wide` pixels each) in rows of `most` entries at most, none wider than the picture."""
    rows: list[list[int]] = [[]]
    x = 0
    for place, width in enumerate(wide):
        if rows[-1] and (x + width > _ACROSS - 2 * GAP or len(rows[-1]) == most):
            rows.append([])
            x = 0
        rows[-1].append(place)
        x += width + GAP
    return rows


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
    """The ring around a thumbnail in the member's colour: single for the first twelve members, double for the next twelve."""
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
    # The background shows between dashes, not the face.
    image.paste(BACKGROUND_COLOUR, corner, dark.reduce(_FINE))
    image.paste(member_colour(member), corner, fine.reduce(_FINE))
