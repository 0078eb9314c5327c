"""The labels beside faces: a name with its confidence, and a list of all members, as drawing commands of ASS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import floor, sqrt
from typing import TYPE_CHECKING, Final

from bot.domain.enums import CaptionStyle
from bot.media.clips.ass_paths import rounded
from bot.text.faces import name_and_confidence
from bot.text.formatting import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.media.clips.label_placement import Rows
    from models.faces import ConfidenceBand, Guess

_EM: Final = 1.48
"""The ascent and descent of the font together, in em: the unit of a font size in libass."""

_DROP: Final = 0.054
"""The distance in em from the middle of a line down to the middle of a capital letter."""

# Shares of the side of a square as large as the frame: 28 pixels at 720p and 18 at 480p, which are easy to read.
_LETTERS, _MIN_LETTERS, _LIST_LETTERS = 0.029, 0.021, 0.0185
_TALL, _PADDING, _SPACE = 1.5, 0.5, 0.36
_QUIET: Final = (196, 200, 208)


class CaptionLayer(IntEnum):
    """The layers of captions, the lowest first."""

    BOXES = 0
    PLATES = 1
    TEXTS = 2


@dataclass(frozen=True, slots=True)
class LabelPart:
    """A part of a label: its left and top in the label, in pixels, its layer and style, and its text in ASS."""

    left: float
    top: float
    layer: CaptionLayer
    style: str
    text: str


@dataclass(frozen=True, slots=True)
class CaptionLabel:
    """A label beside a face: its size, (width, height) in pixels, and its parts."""

    size: tuple[float, float]
    parts: tuple[LabelPart, ...]


def frame_side(size: tuple[int, int]) -> float:
    """The side of a square with as many pixels as the frame."""
    return sqrt(size[0] * size[1])


def name_letters(size: tuple[int, int], boxes: Rows) -> int:
    """The size of a name's letters in pixels, by the frame, and smaller for small faces.

    `boxes`: the face in each frame, (n, 4).
    """
    import numpy as np

    side = frame_side(size)
    most = max(0.5 * float(np.median(boxes[:, 3] - boxes[:, 1])), _MIN_LETTERS * side)
    return max(11, round(min(_LETTERS * side, most)))


def name_label(
    guess: Guess, number: int, style: CaptionStyle, letters: int, size: tuple[int, int]
) -> CaptionLabel | None:
    """Name and confidence on a plate, or the number; None for an unknown face without a number.

    `letters`: the size of the letters in pixels. `size`: (width, height) of the frame.
    """
    from models.drawing.fonts import drawable, font, shorten

    if style is CaptionStyle.BOXES:
        text, detail = "", str(number)
    else:
        text, detail = name_and_confidence(guess)
    face = font(letters)
    room = max(4.0 * letters, min(0.45 * size[0], 16.0 * letters) - face.getlength(detail))
    text = shorten(drawable(text), letters, room)
    if not text and not detail:
        return None
    height = round(_TALL * letters)
    parts: list[LabelPart] = []
    left = _PADDING * letters
    for part, colour in ((text, "text"), (detail, guess.band.value)):
        if part:
            drawn = f"{{\\an4\\fs{_EM * letters:.1f}}}{_plain(part)}"
            parts.append(LabelPart(left, height / 2 - _DROP * letters, CaptionLayer.TEXTS, colour, drawn))
            left += face.getlength(part) + _SPACE * letters
    width = round(max(left + (_PADDING - _SPACE) * letters, height))
    plate = f"{{\\an7\\p1}}{rounded(width, height, height / 2)}"
    return CaptionLabel((width, height), (LabelPart(0, 0, CaptionLayer.PLATES, "plate", plate), *parts))


def list_label(guess: Guess, lines: int, size: tuple[int, int]) -> CaptionLabel | None:
    """The likeliest members with their confidences, the named one in colour; None for a guess without candidates.

    `lines`: the most members. `size`: (width, height) of the frame.
    """
    from models.drawing.fonts import drawable, font, shorten

    letters = max(9, round(_LIST_LETTERS * frame_side(size)))
    lines = min(lines, floor(0.9 * size[1] / (_EM * letters)) - 1)
    listed = list(guess.candidates[: max(lines, 1)])
    if not listed:
        return None
    chosen = next((candidate for candidate in guess.candidates if candidate.member == guess.member), None)
    if chosen is not None and chosen not in listed:
        listed[-1] = chosen
    face = font(letters)
    names = [shorten(drawable(candidate.name), letters, 9.0 * letters) for candidate in listed]
    confidences = [percent(candidate.confidence) for candidate in listed]
    wide = max(map(face.getlength, names)) + _SPACE * 2 * letters + max(map(face.getlength, confidences))
    width, height = round(wide + 2 * _PADDING * letters), round((_EM * len(listed) + 0.5) * letters)
    start = f"\\fs{_EM * letters:.1f}"
    lit = [candidate is chosen for candidate in listed]
    top = 0.25 * letters
    return CaptionLabel(
        (width, height),
        (
            LabelPart(0, 0, CaptionLayer.PLATES, "plate", f"{{\\an7\\p1}}{rounded(width, height, 0.5 * letters)}"),
            LabelPart(
                _PADDING * letters,
                top,
                CaptionLayer.TEXTS,
                "text",
                f"{{\\an7{start}}}{_column(names, lit, guess.band)}",
            ),
            LabelPart(
                width - _PADDING * letters,
                top,
                CaptionLayer.TEXTS,
                "text",
                f"{{\\an9{start}}}{_column(confidences, lit, guess.band)}",
            ),
        ),
    )


def _column(texts: Sequence[str], lit: Sequence[bool], band: ConfidenceBand) -> str:
    from models.drawing.markers import COLOURS

    colours = (_hex(COLOURS[band] if on else _QUIET) for on in lit)
    return r"\N".join(f"{{\\1c{colour}}}{_plain(text)}" for text, colour in zip(texts, colours, strict=True))


def _hex(colour: tuple[int, int, int]) -> str:
    red, green, blue = colour
    return f"&H{blue:02X}{green:02X}{red:02X}&"


def _plain(text: str) -> str:
    """The text without commands: braces begin a command, and a backslash a line break."""
    return text.replace("\\", "＼").replace("{", r"\{").replace("}", r"\}")
