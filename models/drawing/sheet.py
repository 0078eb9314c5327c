"""A contact sheet: faces in rows with their names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

from models.drawing.annotate import encode_jpeg
from models.drawing.fonts import drawable, font, shorten
from models.drawing.theme import BACKGROUND_COLOUR, LIGHT, paste_face

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.faces import Picture

_TILE: Final = 160
_GAP: Final = 12
_LETTERS: Final = 20
_LINE: Final = 30
_RADIUS: Final = 12


def contact_sheet(faces: Sequence[tuple[str, Picture | None]]) -> bytes:
    """A JPEG of square faces ((h, w, 3) uint8 each) with their names below, in rows of a sheet about 3 : 2. None leaves
    a place empty.

    Raises:
        ValueError: there are no faces.
    """
    if not faces:
        raise ValueError("a sheet of no faces")
    columns = math.ceil(math.sqrt(len(faces) * 1.5))
    rows = math.ceil(len(faces) / columns)
    size = (columns * (_TILE + _GAP) + _GAP, rows * (_TILE + _LINE + _GAP) + _GAP)
    image = Image.new("RGB", size, BACKGROUND_COLOUR)
    draw = ImageDraw.Draw(image)
    for number, (name, face) in enumerate(faces):
        left = _GAP + number % columns * (_TILE + _GAP)
        top = _GAP + number // columns * (_TILE + _LINE + _GAP)
        if face is not None:
            paste_face(image, face, (left, top), _TILE, _RADIUS)
        text = shorten(drawable(name), _LETTERS, _TILE)
        middle = (left + _TILE / 2, top + _TILE + _LINE / 2)
        draw.text(middle, text, LIGHT, font(_LETTERS), anchor="mm")
    return encode_jpeg(np.asarray(image))
